"""Training arguments of AULLM++: those of transformers plus CCR, learning rates per kind of weight, augmentation."""

from dataclasses import dataclass, field, fields

from transformers import TrainingArguments

from training_aullm.learn.augmentation import AugmentationSettings

PREFIX = "augment_"
DEFAULTS = AugmentationSettings()


def _augmentation(name: str, help_text: str) -> float:
    return field(default=getattr(DEFAULTS, name), metadata={"help": help_text})


@dataclass
class AullmTrainingArguments(TrainingArguments):
    """`TrainingArguments` plus what AULLM++ adds. `learning_rate` is that of the new modules (neither LED nor LoRA).

    Attributes:
        ccr_invariance_weight: weight of CCR's invariance part. With both weights at 0, as for `base`, no counterfactual
            pass is run; above 0 they need a model with learned prototypes (presets `whole` and `paper`).
        ccr_intervention_weight: weight of CCR's intervention part.
        led_learning_rate: of LED's three scalars.
        lora_learning_rate: of the LoRA matrices.
        flip_seed: seed of the flipped action units. None: `seed`.
        augment: vary the training clips. The `augment_*` fields are those of `AugmentationSettings`.

    Source:
        Our choice. That LED's scalars need a much larger rate than the rest is the published LED script's (0.1 against
        1e-4).
    """

    ccr_invariance_weight: float = field(default=0.0, metadata={"help": "Weight of the invariance part of CCR."})
    ccr_intervention_weight: float = field(default=0.0, metadata={"help": "Weight of the intervention part of CCR."})
    led_learning_rate: float = field(default=0.01, metadata={"help": "Learning rate of LED's three scalars."})
    lora_learning_rate: float = field(default=5e-4, metadata={"help": "Learning rate of the LoRA matrices."})
    flip_seed: int | None = field(default=None, metadata={"help": "Seed of the flipped action units; default: seed."})
    augment: bool = field(default=True, metadata={"help": "Vary the training clips (see the augment_* fields)."})
    augment_mirror: float = _augmentation("mirror", "Probability of a left-right mirror.")
    augment_shift: float = _augmentation("shift", "Largest shift, as a fraction of the crop's side.")
    augment_scale: float = _augmentation("scale", "Largest relative change of size.")
    augment_rotation: float = _augmentation("rotation", "Largest rotation in degrees.")
    augment_amplitude: float = _augmentation("amplitude", "Motion is multiplied by exp of a number in +- this.")
    augment_noise: float = _augmentation("noise", "Smooth noise, pixels at 224.")
    augment_noise_cells: int = _augmentation("noise_cells", "Cells per side of the smooth noise.")
    augment_drift: float = _augmentation("drift", "Whole-face shift left by registration, pixels at 224.")
    augment_drift_turn: float = _augmentation("drift_turn", "Whole-face rotation or change of size, radians.")
    augment_mix: float = _augmentation("mix", "Probability of adding a second clip's motion.")
    augment_gain: float = _augmentation("gain", "Largest relative change of brightness (pixel inputs).")
    remove_unused_columns: bool = field(default=False, metadata={"help": "Clips carry what the model takes: keep all."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Clips lie in memory already: off."})

    def __post_init__(self):
        super().__post_init__()
        for name in ("ccr_invariance_weight", "ccr_intervention_weight", "led_learning_rate", "lora_learning_rate"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}={getattr(self, name)} must not be negative")
        self.flip_seed = self.seed if self.flip_seed is None else self.flip_seed
        self.label_names = ["labels"] if self.label_names is None else self.label_names
        self.augmentation()  # an impossible strength is refused here, not in the first batch

    @property
    def n_gpu(self) -> int:
        """Graphics cards of this process: one at most. With more in sight the Trainer would multiply the batch by their
        number and copy the model to each (DataParallel); several cards are for several processes."""
        return min(super().n_gpu, 1)

    @property
    def uses_counterfactuals(self) -> bool:
        """Whether a counterfactual pass is needed."""
        return self.ccr_invariance_weight > 0 or self.ccr_intervention_weight > 0

    def augmentation(self) -> AugmentationSettings | None:
        """The `augment_*` fields as settings; None when `augment` is off.

        Raises:
            ValueError: an impossible strength.
        """
        if not self.augment:
            return None
        return AugmentationSettings(
            **{each.name: getattr(self, PREFIX + each.name) for each in fields(AugmentationSettings)}
        )
