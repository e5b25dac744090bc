"""AullmTrainer: the transformers Trainer with CCR, a rate per kind of weight, losses no split of a batch changes.

    args = recipe_base().training_arguments("runs/x")
    trainer = AullmTrainer(model=model, args=args, train_dataset=train, eval_dataset=test)
    trainer.train()

total = the model's own loss (asymmetric loss and its auxiliary parts) + ccr_invariance_weight * invariance +
ccr_intervention_weight * intervention. Every part is logged, in training and in evaluation.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerState
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import EvalPrediction
from transformers.utils import SAFE_WEIGHTS_NAME

from modeling_aullm import AullmConfig
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.arguments import AullmTrainingArguments
from training_aullm.learn.batches import ClipCollator, EpochBatches, EpochLoader, TrainingBatches, as_is
from training_aullm.learn.checkpoints import refuse_changed
from training_aullm.learn.clip_checks import check_answers, check_training
from training_aullm.learn.counterfactual import intervention, invariance
from training_aullm.learn.people import remember_people
from training_aullm.score.metrics import score

LED_CLASS = "EulerianFilter"  # compared by name: a model loaded from a folder has classes of its own
LORA_MARK = "lora_"


class PartMeter:
    """Weighted means of named loss parts since the last reading, over all processes."""

    def __init__(self):
        self.sums: dict[str, torch.Tensor] = {}
        self.samples = 0

    def add(self, parts: dict[str, torch.Tensor], samples: int) -> None:
        """Count the means `parts` over `samples` samples."""
        for name, value in parts.items():
            self.sums[name] = self.sums.get(name, 0.0) + _in_double(value.detach()) * samples
        self.samples += samples

    def read(self, accelerator) -> dict[str, float]:
        """The means over all processes; starts anew."""
        if not self.samples:
            return {}
        names = sorted(self.sums)
        totals = torch.stack([self.sums[name] for name in names] + [torch.tensor(self.samples).to(self.sums[names[0]])])
        totals = accelerator.reduce(totals, reduction="sum").tolist()
        self.sums, self.samples = {}, 0
        return {f"loss_{name}": total / totals[-1] for name, total in zip(names, totals, strict=False)}


class AullmTrainer(Trainer):
    """Trains AULLM++ on a `ClipSet`.

    Source: the counterfactual loss is the paper's, its two parts, the parameter groups and the batching are our choice.
    """

    args: AullmTrainingArguments

    def __init__(self, model: nn.Module, args: AullmTrainingArguments, **kwargs):
        """
        Args:
            model: an AullmForActionUnitDetection.
            args: training arguments.
            **kwargs: as for `Trainer`; `train_dataset` is a ClipSet, `eval_dataset` one or several by name. By
                default evaluation scores with `training_aullm.score.metrics`.

        Raises:
            TypeError: arguments of the plain Trainer, or clips that are no `ClipSet`.
            ValueError: CCR is asked for, and the model has no prototypes that flipped nodes could become; or the clips
                are not for this model.
        """
        if not isinstance(args, AullmTrainingArguments):
            raise TypeError(
                f"args is a {type(args).__name__}: give AullmTrainingArguments(...) of training_aullm.learn.arguments, "
                "or recipe_base().training_arguments(folder)"
            )
        if kwargs.get("train_dataset") is not None:
            check_training(model.config, kwargs["train_dataset"])
        scored = kwargs.get("eval_dataset")
        for clips in scored.values() if isinstance(scored, dict) else [] if scored is None else [scored]:
            check_answers(model.config, clips)
        if args.uses_counterfactuals and not model.config.has_counterfactuals:
            raise ValueError(
                "ccr_invariance_weight or ccr_intervention_weight is above 0, but this model learns no prototypes to "
                'flip to: build it with preset="whole" (or prototype_loss_weight=0.1), or set both weights to 0'
            )
        kwargs.setdefault("data_collator", ClipCollator(args.flip_seed if args.uses_counterfactuals else None))
        kwargs.setdefault("compute_metrics", self._score)
        super().__init__(model=model, args=args, **kwargs)
        # compute_loss divides by the samples of the whole step itself: the Trainer must not divide once more.
        self.loss_is_scaled_for_ga = True
        self.meters = {"train": PartMeter(), "eval": PartMeter()}
        self.loss_before_resume, self.steps_before_resume = 0.0, 0  # summed over the steps that a checkpoint's log has

    def train(self, *args, **kwargs):
        """As `Trainer.train`; the model's config then says whom it was trained on, and every checkpoint with it. A
        calibration goes: it was measured on the weights of before.
        """
        self._remember_people()
        self._config.calibration = None
        self.loss_before_resume, self.steps_before_resume = 0.0, 0
        return super().train(*args, **kwargs)

    def init_hf_repo(self, *args, **kwargs) -> None:
        """As of `Trainer`, which asks for a repository before it trains for one, and before any other upload.

        Raises:
            ValueError: the base language model is a folder of this machine, which a Trainer's checkpoint would need.
        """
        self.model.check_base_for_others()
        super().init_hf_repo(*args, **kwargs)

    def get_train_dataloader(self) -> EpochLoader:
        """Augmented batches, shared among the processes so that together they make the batch that one process would
        see.

        Raises:
            ValueError: no training clips.
        """
        if self.train_dataset is None:
            raise ValueError("training needs clips: pass train_dataset=ClipSet")
        self.meters["train"] = PartMeter()  # a batch that did not fit into memory was counted, and is not trained on
        sampler = EpochBatches(
            size=len(self.train_dataset),
            # Not that of the arguments: `auto_find_batch_size` lowers this one.
            global_batch=self._train_batch_size * self.args.world_size,
            seed=self.args.seed if self.args.data_seed is None else self.args.data_seed,
            rank=self.args.process_index,
            processes=self.args.world_size,
        )
        return EpochLoader(
            TrainingBatches(self.train_dataset, self.args),
            batch_sampler=sampler,
            collate_fn=as_is,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def get_eval_dataloader(self, eval_dataset: str | ClipSet | None = None) -> DataLoader:
        """As of `Trainer`; other clips than the trainer was made with are checked as those were."""
        if isinstance(eval_dataset, str):
            eval_dataset = self.eval_dataset[eval_dataset]
        if eval_dataset is not None:
            check_answers(self._config, eval_dataset)
        return super().get_eval_dataloader(eval_dataset)

    def get_test_dataloader(self, test_dataset: ClipSet) -> DataLoader:
        """As of `Trainer`; the clips are checked."""
        check_answers(self._config, test_dataset)
        return super().get_test_dataloader(test_dataset)

    def compute_loss(self, model, inputs, return_outputs: bool = False, num_items_in_batch=None):
        """The total loss, divided by the number of samples in the *global* batch.

        Args:
            model: the (wrapped) model.
            inputs: a batch of `TrainingBatches` or `ClipCollator`.
            return_outputs: also return {"loss", "logits"}.
            num_items_in_batch: samples over all processes and accumulation steps; None: those of this batch.

        Returns:
            The loss, scaled so that the mean of gradients over processes is the gradient of the global mean.
        """
        outputs = model(**inputs)
        (loss, parts), samples = self.loss_of(outputs, inputs), len(inputs["labels"])
        self.meters["train" if model.training else "eval"].add(parts, samples)
        if num_items_in_batch is not None:
            # The loss is a mean over this process's samples, and gradients are averaged over processes. Weighing by the
            # share of samples makes that the mean over the whole step, also where shares differ by one.
            loss = loss * (samples * self.accelerator.num_processes / num_items_in_batch)
        return (loss, {"loss": loss, "logits": outputs.logits}) if return_outputs else loss

    def loss_of(self, outputs, inputs) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The total loss of a batch, a mean over its samples, and its parts before weighting.

        Args:
            outputs: of the model.
            inputs: the batch that they answer.

        Returns:
            The loss, and name -> part.
        """
        counterfactual, loss = self._counterfactual_parts(outputs, inputs), outputs.loss
        if counterfactual:
            loss = loss + self.args.ccr_invariance_weight * counterfactual["invariance"]
            loss = loss + self.args.ccr_intervention_weight * counterfactual["intervention"]
        return loss, outputs.loss_parts | counterfactual

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The optimizer of `args.optim` over the groups LED, LoRA and new modules."""
        if self.optimizer is None:
            model = self.model if model is None else model
            optimizer_class, options = self.get_optimizer_cls_and_kwargs(self.args, model)
            groups = parameter_groups(model, self.args, set(self.get_decay_parameter_names(model)))
            self.optimizer = optimizer_class(groups, **options)
        return self.optimizer

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the parts of the training loss to the log line of the total. At the end the mean loss over all steps, but
        those between the checkpoint that was resumed from and its last log line, whose losses nobody wrote down.
        """
        if "loss" in logs:
            logs = logs | self.meters["train"].read(self.accelerator)
        if "train_loss" in logs and self.steps_before_resume:  # the Trainer's mean is over the steps after the resume
            steps = self.state.global_step - self._initial_global_step
            summed = self.loss_before_resume + logs["train_loss"] * steps
            logs = logs | {"train_loss": summed / (self.steps_before_resume + steps)}
        super().log(logs, start_time)

    def evaluation_loop(self, *args, metric_key_prefix: str = "eval", **kwargs):
        """Evaluate, and add the parts of the loss to the metrics. Training goes on as if nobody had looked."""
        self.meters["eval"] = PartMeter()
        with torch.random.fork_rng(devices=()):  # a DataLoader takes a number from the stream of dropout, on the CPU
            output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
        parts = self.meters["eval"].read(self.accelerator)
        output.metrics.update({f"{metric_key_prefix}_{name}": value for name, value in parts.items()})
        return output

    def _counterfactual_parts(self, outputs, inputs) -> dict[str, torch.Tensor]:
        """The two parts of CCR before weighting, means over the batch; none without a flip."""
        if "flip_index" not in inputs:
            return {}
        labels, flip_index, flip_state = inputs["labels"], inputs["flip_index"], inputs["flip_state"]
        logits, flipped = outputs.logits.float(), outputs.flipped_logits.float()
        neighbours = self.accelerator.unwrap_model(self.model).graph_neighbours
        return {
            "invariance": invariance(logits, flipped, labels, flip_index, neighbours).mean(),
            "intervention": intervention(flipped, labels, flip_index, flip_state).mean(),
        }

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> torch.Tensor:
        """Samples of one optimizer step over all processes and accumulation steps."""
        count = torch.tensor(sum(len(batch["labels"]) for batch in batch_samples), device=device)
        return self.accelerator.gather(count).sum() if self.args.world_size > 1 else count

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        """Load the trained weights of a checkpoint over the base language model that is already in the model.

        Raises:
            CheckpointError: it is not what was saved.
            ValueError: a trained weight is missing in the checkpoint, or it holds weights that the model does not have.
        """
        refuse_changed(resume_from_checkpoint)
        model = self.model if model is None else model
        weights = load_file(Path(resume_from_checkpoint) / SAFE_WEIGHTS_NAME)
        trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
        missing, extra = sorted(trained - set(weights)), sorted(set(weights) - set(model.state_dict()))
        if missing or extra:
            raise ValueError(
                f"{resume_from_checkpoint} is of another model: {len(missing)} trained weights missing {missing[:2]}, "
                f"{len(extra)} unknown {extra[:2]}. Build the model with the checkpoint's own config."
            )
        state = TrainerState.load_from_json(str(Path(resume_from_checkpoint) / TRAINER_STATE_NAME))
        self.loss_before_resume, self.steps_before_resume = summed_loss(state.log_history)
        # Not strict: the frozen body is in the model already and in no checkpoint. What is trained was checked above.
        model.load_state_dict(weights, strict=False)
        # These weights have seen whom their checkpoint names, whoever is trained on from here on.
        self._config.trained_on = AullmConfig.from_pretrained(resume_from_checkpoint).trained_on
        self._remember_people()

    @property
    def _config(self) -> AullmConfig:
        """Of the model itself, whatever wraps it."""
        return self.accelerator.unwrap_model(self.model).config

    def _remember_people(self) -> None:
        if isinstance(self.train_dataset, ClipSet):
            remember_people(self._config, self.train_dataset)

    def _score(self, prediction: EvalPrediction) -> dict[str, float]:
        """Means and per-unit F1 at threshold 0.5, for logs. Undefined values are left out."""
        names = self._config.action_units
        probabilities = 1 / (1 + np.exp(-np.asarray(prediction.predictions, dtype=np.float64)))
        scores = score(probabilities, np.asarray(prediction.label_ids), names)
        values = scores.summary() | {f"f1_{name}": value for name, value in zip(names, scores.f1, strict=True)}
        return {name: float(value) for name, value in values.items() if not np.isnan(value)}


def summed_loss(history: list[dict]) -> tuple[float, int]:
    """The training loss summed over steps, and their number, from a history whose entries are means since the entry
    before.
    """
    logged = [(0, 0.0), *((entry["step"], entry["loss"]) for entry in history if "loss" in entry)]
    return sum(loss * (step - before) for (before, _), (step, loss) in pairwise(logged)), logged[-1][0]


def _in_double(value: torch.Tensor) -> torch.Tensor:
    """In float64, on its own device, where processes can reduce it; Apple's has no float64, and no second process."""
    return (value.cpu() if value.device.type == "mps" else value).double()


def kind_of_weights(model: nn.Module) -> dict[str, str]:
    """The kind of every trained weight.

    Args:
        model: any module.

    Returns:
        Weight name to "led", "lora" or "new"; frozen weights are left out.
    """
    led = {
        id(weight) for module in model.modules() if type(module).__name__ == LED_CLASS for weight in module.parameters()
    }
    return {
        name: "led" if id(weight) in led else "lora" if LORA_MARK in name else "new"
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def parameter_groups(model: nn.Module, args: AullmTrainingArguments, decayed: set[str]) -> list[dict]:
    """Optimizer groups: kinds of weight, each with and without weight decay.

    Args:
        model: the model to train.
        args: learning rates and weight decay.
        decayed: names that weight decay may apply to; vectors and scalars never decay.

    Returns:
        Non-empty groups with "name", "params", "lr" and "weight_decay".
    """
    rates = {"new": args.learning_rate, "lora": args.lora_learning_rate, "led": args.led_learning_rate}
    weights, kinds = dict(model.named_parameters()), kind_of_weights(model)
    groups = []
    for kind, rate in rates.items():
        # Decay pulls towards zero. That is no neutral place for LED's scalars (logarithms), norms and biases.
        for decay in (True, False):
            members = [
                weights[name]
                for name, of in kinds.items()
                if of == kind and decay == (name in decayed and kind != "led" and weights[name].ndim > 1)
            ]
            if members:
                groups.append(
                    {
                        "name": f"{kind}{'_decayed' if decay else ''}",
                        "params": members,
                        "lr": rate,
                        "weight_decay": args.weight_decay if decay else 0.0,
                    }
                )
    return groups
