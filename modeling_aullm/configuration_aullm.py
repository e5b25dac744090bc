"""AullmConfig: every choice of the model, typed and checked where it enters.

from modeling_aullm import AullmConfig
config = AullmConfig.preset("base", language_model="bundled", action_units=["AU1", "AU2", "AU4"])
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Literal

import torch
from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig

from .agreement_aullm import check_labels_of
from .presets_aullm import PRESETS
from .prior_aullm import MACRO_SOURCE, macro_prior
from .prompt_layout_aullm import check_positions

Number = float | int
NEARLY = 0.85  # likeness of two names (difflib) of which one is a slip of the other
DEFAULT_ACTION_UNITS = ("AU1", "AU2", "AU4", "AU7", "AU12", "AU14", "AU15", "AU17")


@strict
class AullmConfig(PreTrainedConfig):
    """Configuration of AULLM++. The defaults are the preset `base`.

    Args:
        action_units: the K action unit names the model answers with; they become `id2label`.
        prior: (K, K) structural prior between them (None = the leak-free default), `prior_source` says where from.
        front_end: `"led"` (published: learnable filter over raw frames) or `"displacement"` (measured motion).
        num_frames, image_size: T frames of S x S pixels. motion_grid: cells a side of the displacement field.
        led_start: start values of LED's alpha, r1, r2; led_epsilon: floor of its normaliser, in input units.
        encoder_layout: `"published"` (no padding, max-pooling) or `"grid"` (padded, for displacement grids).
        norm: `"batch"` (published) or `"group"` (no batch statistics, so any split of a batch gives the same result).
        encoder_channels, encoder_dropout, mid_channels, mid_shape, high_width, projector_dropout: evidence path.
        graph_width, num_graph_layers, maps_per_unit, pooling_heads, graph_dropout: relation path; region_strength: how
            firmly (log scale) AU maps start at the FACS region of their unit, 0 = anywhere.
        language_model, language_revision, language_sha256: the frozen base; filled in by `from_language_model`.
        language_weights: `"base"` (checkpoints leave the frozen body out) or `"included"` (merged, complete).
        language_dtype: dtype of the frozen body. language_attention: on a CPU `"eager"` is several times faster than
            `"sdpa"` in training, because few queries meet many shared keys.
        num_language_layers: keep the first N layers (None = all).
        embedding_rms: root mean square of the base's token embeddings, the size soft tokens start at.
        lora_rank (0 = no adapters), lora_alpha, lora_dropout, lora_targets: adapters.
        prompt_ids, au_positions, content_token_id, instruction_token_id: the prompt used when none is passed.
        readout: `"last"` position or `"au"` (each logit at its own AU name; `"mlp"`: a learned vector for each AU).
            head_dropout: before every head.
        evidence_skip: add the logits of a small head on the two tokens and each node's own evidence for its unit.
        share_prefix: compute the static prompt before the soft tokens once a batch.
        reader: `"language"` or `"mlp"` (ablation, equal trained size; mlp_width None = derived).
        use_content_token, use_instruction_token: ablations. use_prior, use_moe, use_laplacian, use_squeeze_excitation:
            parts of the published figure that `base` leaves out (docs/results.md, "What each part is worth").
        gamma_negative, gamma_positive, probability_clip: asymmetric loss.
        node_loss_weight, prototype_loss_weight: auxiliary losses on the graph's nodes; the second teaches what a node
            is set to when its unit is flipped, so without it there are no counterfactuals. evidence_loss_weight: on the
            skip's logits alone, so that the language model's share stays a correction.
        trained_on: whom the weights have seen: "data_sets" (name -> how many people), "label_releases", "people"
            (hashes, no names), and whether that is "complete". A new model has seen nobody; what is seen stays when it
            is fine-tuned. None: nobody recorded it.
        calibration: per action unit "slope" and "offset", so that slope * logit + offset is the log likelihood ratio of
            "present", and "prevalence", the share of the training clips that show it.
        checkpoint_sha256: digests of the weights and of this config, written by `save_pretrained`, checked at loading.
    """

    model_type = "aullm"
    sub_configs: ClassVar[dict] = {"text_config": AutoConfig}
    keys_to_ignore_at_inference: ClassVar[list[str]] = [
        "flipped_logits",
        "counterfactual_logits",
        "content_token",
        "instruction_token",
        "au_attentions",
        "graph_strengths",
        "expert_weights",
        "node_logits",
        "loss_parts",
    ]

    auto_map: dict[str, str] | None = None
    checkpoint_sha256: dict[str, str] | None = None

    # --- what is asked ---
    action_units: list[str] | tuple[str, ...] = DEFAULT_ACTION_UNITS
    prior: list[list[Number]] | None = None
    prior_source: str | None = None

    # --- what training left behind; neither is read by `forward` ---
    trained_on: dict[str, Any] | None = None
    calibration: dict[str, list[Number]] | None = None

    # --- motion and evidence ---
    front_end: Literal["led", "displacement"] = "displacement"
    num_frames: int = 6
    image_size: int = 224
    motion_grid: int = 28
    led_start: list[Number] | tuple[Number, ...] = (10.0, 0.4, 0.05)
    led_epsilon: Number = 1.0
    encoder_layout: Literal["published", "grid"] = "grid"
    norm: Literal["batch", "group"] = "group"
    encoder_channels: list[int] | tuple[int, ...] = (24, 48)
    encoder_dropout: Number = 0.2
    mid_channels: int = 32
    mid_shape: list[int] | tuple[int, ...] = (1, 7, 7)
    high_width: int = 256
    projector_dropout: Number = 0.2

    # --- relation graph ---
    graph_width: int = 128
    num_graph_layers: int = 2
    maps_per_unit: int = 4
    region_strength: Number = 3.0
    pooling_heads: int = 4
    graph_dropout: Number = 0.1

    # --- language model ---
    text_config: dict | PreTrainedConfig | None = None
    language_model: str | None = None
    language_revision: str | None = None
    language_sha256: str | None = None
    language_weights: Literal["base", "included"] = "base"
    language_dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32"
    language_attention: Literal["eager", "sdpa"] = "eager"
    num_language_layers: int | None = None
    embedding_rms: Number | None = None
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: Number = 0.0
    lora_targets: list[str] | tuple[str, ...] = ("q_proj", "v_proj")

    # --- prompt and read-out ---
    prompt_ids: list[int] | None = None
    au_positions: list[int] | None = None
    content_token_id: int | None = None
    instruction_token_id: int | None = None
    readout: Literal["last", "au"] = "last"
    head_dropout: Number = 0.1
    evidence_skip: bool = True
    share_prefix: bool = True

    # --- ablations ---
    reader: Literal["language", "mlp"] = "language"
    mlp_width: int | None = None
    use_content_token: bool = True
    use_instruction_token: bool = True
    use_prior: bool = False
    use_moe: bool = False
    use_laplacian: bool = False
    use_squeeze_excitation: bool = False

    # --- losses ---
    gamma_negative: Number = 2.0
    gamma_positive: Number = 0.0
    probability_clip: Number = 0.05
    evidence_loss_weight: Number = 1.0
    node_loss_weight: Number = 1.0
    prototype_loss_weight: Number = 0.0

    def __post_init__(self, **kwargs):
        for name in kwargs.keys() - self.__dataclass_fields__.keys():  # transformers keeps what it does not know
            if meant := get_close_matches(name, self.__dataclass_fields__, n=1, cutoff=NEARLY):
                raise ValueError(f"AullmConfig has no field {name}: is {meant[0]} meant?")
        self.action_units = list(self.action_units)
        if self.readout == "au" and self.reader == "language":
            check_positions(self.au_positions or [], ", ".join(self.action_units))
        _check_dtype("dtype", self.dtype)
        if isinstance(self.text_config, dict):
            _check_dtype("text_config.dtype", self.text_config.get("dtype"))
            model_type = self.text_config.get("model_type", "llama")
            self.text_config = AutoConfig.for_model(**{**self.text_config, "model_type": model_type})
        if self.text_config is not None and self.num_language_layers is not None:
            self.text_config = keep_first_layers(self.text_config, self.num_language_layers)
        if self.prior is None:
            self.prior, self.prior_source = macro_prior(self.action_units), MACRO_SOURCE
        count = kwargs.pop("num_labels", None)
        if count not in (None, len(self.action_units)):
            raise ValueError(
                f"num_labels={count}, but action_units names {len(self.action_units)}: leave num_labels out, it "
                "follows from action_units; to have others of a trained model fine-tune model.for_processor(processor)"
            )
        if self.id2label is not None:
            self.id2label = {int(index): name for index, name in self.id2label.items()}  # JSON's are texts
            check_labels_of(self)
        self.id2label = dict(enumerate(self.action_units))
        self.label2id = {name: index for index, name in enumerate(self.action_units)}
        self.problem_type = "multi_label_classification"
        super().__post_init__(**kwargs)

    @classmethod
    def preset(
        cls,
        name: str = "base",
        language_model: str | None = "bundled",
        action_units: Sequence[str] = DEFAULT_ACTION_UNITS,
        **overrides: Any,
    ) -> "AullmConfig":
        """A named setting with single choices replaced.

        Args:
            name: `"base"`, `"whole"` or `"paper"`.
            language_model: Hub id, folder or `"bundled"`; its weights are read by `from_language_model`.
            action_units: AU names in the order of the logits.
            **overrides: any field of this class.

        Raises:
            ValueError: for a name that is no preset or a field that does not exist.
        """
        if name not in PRESETS:
            raise ValueError(f"preset={name!r} does not exist; choose one of {sorted(PRESETS)}")
        unknown = sorted(set(overrides) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"AullmConfig has no field {unknown}; see the docstring of AullmConfig")
        fields = {**PRESETS[name], "language_model": language_model, "action_units": list(action_units), **overrides}
        return cls(**fields)

    def validate_action_units(self):
        """Part of `@strict` validation: names are AU names, once each, and the prior fits them."""
        count = len(self.action_units)
        for name in self.action_units:
            if not (name[2:].isdecimal() and name == f"AU{int(name[2:])}"):  # parts of the model look names up
                raise ValueError(f"action_units holds {name!r}; write AU names as 'AU4'")
        if count == 0 or len(set(self.action_units)) != count:
            raise ValueError(f"action_units must name each unit once, got {self.action_units}")
        if len(self.prior) != count or any(len(row) != count for row in self.prior):
            raise ValueError(f"prior must be {count} x {count}, one row for each of {self.action_units}")
        for i in range(count):
            for j in range(i + 1):
                if self.prior[i][j] != self.prior[j][i] or not -1 <= self.prior[i][j] <= 1:
                    raise ValueError(f"prior[{i}][{j}] must be symmetric and in [-1, 1], got {self.prior[i][j]}")
        if self.prior_source is None:
            raise ValueError("prior is set without prior_source: say where the prior came from")

    def validate_trained_on(self):
        """Part of `@strict` validation: the record has its four fields."""
        fields = ["complete", "data_sets", "label_releases", "people"]
        if self.trained_on is not None and sorted(self.trained_on) != fields:
            raise ValueError(f"trained_on holds {sorted(self.trained_on)}, not {fields}")

    def validate_calibration(self):
        """Part of `@strict` validation: three numbers for each action unit."""
        lists = {} if self.calibration is None else self.calibration
        if lists and sorted(lists) != ["offset", "prevalence", "slope"]:
            raise ValueError(f"calibration holds {sorted(lists)}, not offset, prevalence and slope")
        if any(len(values) != len(self.action_units) for values in lists.values()):
            raise ValueError(f"calibration must hold {len(self.action_units)} numbers each, one per action unit")

    def validate_ranges(self):
        """Part of `@strict` validation: numbers are in range, and choices go together."""
        positive = "num_frames image_size motion_grid mid_channels high_width graph_width maps_per_unit pooling_heads"
        for name in positive.split():
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        rates = "encoder_dropout projector_dropout graph_dropout lora_dropout head_dropout probability_clip"
        for name in rates.split():
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        if self.num_frames < 4:
            raise ValueError(f"num_frames must be at least 4 for the 3-D encoder, got {self.num_frames}")
        if self.num_language_layers is not None and self.num_language_layers < 1:
            raise ValueError(f"num_language_layers must be None or at least 1, got {self.num_language_layers}")
        if self.graph_width % self.pooling_heads:
            raise ValueError(f"graph_width={self.graph_width} must be a multiple of pooling_heads={self.pooling_heads}")
        if not (self.use_content_token or self.use_instruction_token):
            raise ValueError("use_content_token and use_instruction_token are both False: nothing is left to read")

    @property
    def has_counterfactuals(self) -> bool:
        """Whether flipped nodes mean something: there is a graph, and prototypes of its units are learned."""
        return self.use_instruction_token and self.prototype_loss_weight > 0

    @property
    def graph_prior(self) -> list[list[Number]]:
        """(K, K) strengths that the graph starts with: the prior, or 1 between every two units without it."""
        units = range(len(self.action_units))
        return self.prior if self.use_prior else [[float(i != j) for j in units] for i in units]

    @property
    def is_complete(self) -> bool:
        """Whether a checkpoint of this config holds every weight it needs."""
        return self.reader == "mlp" or self.language_weights == "included"


def _check_dtype(field: str, value: str | torch.dtype | None) -> None:
    """Refuse a name that torch does not know, before transformers looks it up there."""
    if isinstance(value, str) and not isinstance(getattr(torch, value, None), torch.dtype):
        raise ValueError(f"{field} is {value!r}, which is no dtype of torch")


def keep_first_layers(text_config: PreTrainedConfig, count: int) -> PreTrainedConfig:
    """A text config cut to its first `count` layers.

    Raises:
        ValueError: when the language model has fewer layers.
    """
    available = text_config.num_hidden_layers
    if count > available:
        raise ValueError(f"num_language_layers={count} but the language model has {available} layers")
    fields = text_config.to_dict()
    fields["num_hidden_layers"] = count
    if fields.get("layer_types") is not None:
        fields["layer_types"] = fields["layer_types"][:count]
    return type(text_config).from_dict(fields)
