"""What the experiment table compares: AULLM++, parts of it removed, and the baselines.

Tested in tests/benchmarks/test_folds.py.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from modeling_aullm import AullmConfig
from processing_aullm.prompt_aullm import TEMPLATES
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import fit, new_model, predict_probabilities
from training_aullm.learn.recipes import Recipe, recipe_base, recipe_flow_cnn, recipe_led_network, recipe_paper
from training_aullm.peers.baselines import FlowConvNet, FlowLogisticRegression, LedNetwork, fit_network

NO_CCR = {"ccr_invariance_weight": 0.0, "ccr_intervention_weight": 0.0}


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        clips: which input it reads: "motion", "frames", "apex-flow" or "clip-flow".
        run: fits on the first clips with a seed, gives probabilities (N, K) for each of the other sets. Arguments:
            recipe, train, tests, seed, language model, scratch folder.
        recipe: hyper-parameters; None where there are none.
    """

    clips: str
    run: Callable[..., list[np.ndarray]]
    recipe: Recipe | None = None

    def with_epochs(self, epochs: int | None) -> "Variant":
        """The variant with another number of epochs; None (or nothing to train by epochs) leaves it as it is."""
        if epochs is None or self.recipe is None:
            return self
        return replace(self, recipe=self.recipe.but(epochs=epochs))

    def settings(self) -> dict:
        """Everything that decides the result besides data, seed and code, for the record beside the predictions."""
        settings = {"clips": self.clips, "run": self.run.__name__}
        if self.recipe is None:
            return settings
        config = AullmConfig.preset(self.recipe.preset, language_model=None, **self.recipe.model)
        own = AullmConfig.__annotations__.keys() & AullmConfig.__dataclass_fields__.keys()  # not those of transformers
        model = {name: getattr(config, name) for name in sorted(own - {"text_config"})}
        return settings | {
            "recipe": asdict(self.recipe),
            "model": model,
            "template": TEMPLATES[self.recipe.template or self.recipe.preset],
        }


def run_aullm(
    recipe: Recipe, train: ClipSet, tests: list[ClipSet], seed: int, language_model: str, scratch: Path
) -> list[np.ndarray]:
    """Train AULLM++ as the recipe says."""
    model = new_model(recipe, train.action_units, language_model, seed)
    fit(model, recipe, train, scratch, seed, callbacks=[])
    return [predict_probabilities(model, clips) for clips in tests]


def run_led_network(
    recipe: Recipe, train: ClipSet, tests: list[ClipSet], seed: int, language_model: str, scratch: Path
) -> list[np.ndarray]:
    """Train the plain LED network with the loss of the published script."""
    torch.manual_seed(seed)
    network = fit_network(LedNetwork(len(train.action_units)), train, recipe, seed, gamma_negative=4.0, clip=0.05)
    return [predict_probabilities(network, clips) for clips in tests]


def run_flow_cnn(
    recipe: Recipe, train: ClipSet, tests: list[ClipSet], seed: int, language_model: str, scratch: Path
) -> list[np.ndarray]:
    """Train the flow network with an asymmetric loss of gamma 2, without a margin."""
    torch.manual_seed(seed)
    network = fit_network(FlowConvNet(len(train.action_units)), train, recipe, seed, gamma_negative=2.0, clip=0.0)
    return [predict_probabilities(network, clips) for clips in tests]


def run_flow_regression(
    recipe: None, train: ClipSet, tests: list[ClipSet], seed: int, language_model: str, scratch: Path
) -> list[np.ndarray]:
    """Logistic regression on flow to the true apex; has no randomness."""
    fitted = FlowLogisticRegression().fit(train)
    return [fitted.predict(clips) for clips in tests]


def base_with(model: dict[str, object], **changes: float) -> Variant:
    """`base` with some fields of its model and of its recipe changed."""
    return Variant("motion", run_aullm, recipe_base().but(model=model, **changes))


VARIANTS = {
    "base": base_with({}),
    "base-no-ccr": base_with({}, **NO_CCR),
    "base-no-instruction": base_with({"use_instruction_token": False}, **NO_CCR),
    "base-no-content": base_with({"use_content_token": False}),
    "base-mlp": base_with({"reader": "mlp"}),
    "base-no-prior": base_with({"use_prior": False}),
    "base-no-moe": base_with({"use_moe": False}),
    "base-no-laplacian": base_with({"use_laplacian": False}),
    "base-no-squeeze": base_with({"use_squeeze_excitation": False}),
    "base-by-name": base_with({"readout": "au"}),
    "paper": Variant("frames", run_aullm, recipe_paper()),
    "led-network": Variant("frames", run_led_network, recipe_led_network()),
    "flow-lr": Variant("apex-flow", run_flow_regression),
    "flow-cnn": Variant("clip-flow", run_flow_cnn, recipe_flow_cnn()),
}
