"""What a method to compare is: which input it reads, how it is trained, and where it comes from.

Tested in tests/training_aullm/peers/test_methods.py.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from modeling_aullm import AullmConfig
from processing_aullm.prompt_aullm import TEMPLATES
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.recipes import Recipe


@dataclass(frozen=True)
class Setup:
    """What a fit is given besides its clips.

    Attributes:
        seed: of weights, order and augmentation.
        language_model: Hub id, folder or "bundled".
        scratch: folder for checkpoints, and for what several folds share.
        others: clips of other people, for methods that learn from them first.
        start: a finished model, for methods that go on from one: `release`, a folder or a Hub id.
    """

    seed: int = 0
    language_model: str = "bundled"
    scratch: Path = Path("scratch")
    others: ClipSet | None = None
    start: str = "release"


@dataclass(frozen=True)
class Method:
    """One row of a comparison.

    Attributes:
        clips: which input it reads: "motion", "frames", "apex-flow", "clip-flow", "apex-flow-28", "apex-flow-64",
            "amplified-flow" or "labels".
        run: fits on the first clips, gives probabilities (N, K) for each of the other sets.
        recipe: hyper-parameters; None where there are none.
        source: the paper, for tables and docs.
        transfers: whose clips it wants as `Setup.others`: of "macro" expressions, or those that the checkpoint has
            learned from which comes along, but for its windows of films ("release").
        starts: whether it goes on from `Setup.start`.
        calibration: what a finished model itself says of its answers, for units in order, where nothing is learned from
            these clips; None: it is learned on the training clips.
        others: other ways to run a method without a recipe, tried where settings are chosen.
        run_at_once: as `run`, for several training sets in lockstep, each with other sets of its own; None where there
            is no such way.
    """

    clips: str
    run: Callable[[Recipe | None, ClipSet, list[ClipSet], Setup], list[np.ndarray]]
    recipe: Recipe | None = None
    source: str = "ours"
    transfers: Literal["macro", "release"] | None = None
    starts: bool = False
    calibration: Callable[[Setup, Sequence[str]], dict[str, list[float]] | None] | None = None
    others: tuple[Callable, ...] = ()
    run_at_once: (
        Callable[[Recipe, Sequence[ClipSet], Sequence[list[ClipSet]], Setup], Iterator[list[np.ndarray]]] | None
    ) = None

    def but(self, **changes) -> "Method":
        """The method with fields of its recipe changed."""
        return replace(self, recipe=self.recipe.but(**changes))

    def with_epochs(self, epochs: float | None) -> "Method":
        """The method with another number of epochs; None (or nothing to train by epochs) leaves it as it is."""
        return self if epochs is None or self.recipe is None else self.but(epochs=epochs)

    @property
    def shown_setting(self) -> str:
        """What is varied where settings are chosen, for people to read."""
        if self.recipe is None:
            return self._run_name
        return f"{self.recipe.epochs:g} epochs, rate {self.recipe.learning_rate:g}"

    def settings(self) -> dict:
        """Everything that decides the result besides data, seed and code, for the record beside the predictions."""
        settings = {"clips": self.clips, "run": self._run_name}
        if self.calibration is not None:
            settings["calibration"] = self.calibration.__name__
        if self.recipe is None:
            return settings
        config = AullmConfig.preset(self.recipe.preset, language_model=None, **self.recipe.model)
        own = AullmConfig.__annotations__.keys() & AullmConfig.__dataclass_fields__.keys()  # not those of transformers
        model = {name: getattr(config, name) for name in sorted(own - {"text_config"})}
        return settings | {
            "recipe": asdict(self.recipe),
            "model": model,
            "template": TEMPLATES[self.recipe.template],
        }

    @property
    def _run_name(self) -> str:
        """A function by its name; an object by what it says of itself."""
        return getattr(self.run, "__name__", str(self.run))
