"""What `aullm evaluate` was asked for: which model, which clips, which protocol, and where results go.

| named | clips given | protocol left out | what happens |
|---|---|---|---|
| a run | no | folds | its own clips, new models per fold with its settings |
| a run, or a finished model | yes | cross | the finished model on these clips |
| nothing, or a new folder | yes | folds | a run is begun there, new models per fold |

Nothing with `cross` is the checkpoint that comes along. A name like owner/name that is no folder is a finished model
on the Hub, unless models are to be trained by fold. A run of `aullm release` counts as a finished model: it has no
clips of its own to be divided.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training_aullm.files import differences
from training_aullm.loading import MODEL_FOLDER, RELEASE, RUNS, holds_model, may_be_hub_id
from training_aullm.prepare.sources import Source
from training_aullm.runs.scoring import Result, score_cross, score_folds
from training_aullm.runs.settings import SETTINGS_FILE, RunSettings, short_name
from training_aullm.score.protocols import CROSS, FOLDS


@dataclass(frozen=True)
class Evaluation:
    """One evaluation, decided.

    Attributes:
        protocol: "folds", "loso", "split" or "cross".
        out: folder of the results.
        settings: of the run; None for a finished model that came without.
        model: the finished model, with "cross".
        source: the clips tested, with "cross".
        folds: how many, with "folds".
    """

    protocol: str
    out: Path
    settings: RunSettings | None
    model: str | None = None
    source: Source | None = None
    folds: int | None = None

    @property
    def tested(self) -> Source:
        """The clips that are scored."""
        return self.source or self.settings.source

    @property
    def action_units(self) -> tuple[str, ...] | None:
        """Those that models are trained for; None for a finished model, which brings its own."""
        return None if self.protocol == CROSS else self.settings.action_units

    def refuse_other_settings(self, asked: Mapping[str, object]) -> None:
        """Refuse settings that would change nothing, since those of the run count.

        Args:
            asked: fields of `RunSettings` that were given as options, with their values.

        Raises:
            ValueError: the run was begun with others; names the options, with both values.
        """
        options = {name: "--from" if name == "start" else f"--{name.replace('_', '-')}" for name in asked}
        held = {option: getattr(self.settings, name) for name, option in options.items()}
        if told := differences(held, {options[name]: value for name, value in asked.items()}):
            raise ValueError(
                f"{self.out} is a run with settings of its own ({told}): leave these options out, or name another "
                "folder and the clips to begin a run with them"
            )

    def score(self, prevalence: Mapping[str, float] | None = None, at_once: int = 1) -> Result:
        """Train what must be trained, predict, score.

        Args:
            prevalence: share of clips that show a unit, where it is known.
            at_once: folds that are trained in lockstep.

        Raises:
            ValueError: several folds at once of a finished model, or as for `score_folds` and `score_cross`.
        """
        if at_once > 1 and self.protocol == CROSS:
            raise ValueError("--folds-at-once says how folds are trained, and --protocol cross trains none")
        if self.protocol == CROSS:
            seed = 0 if self.settings is None else self.settings.seed
            return score_cross(self.out, self.model, self.source, seed, prevalence)
        return score_folds(self.out, self.settings, self.protocol, self.folds, None, prevalence, at_once)


def model_to_test(named: str | None, protocol: str | None) -> str | None:
    """The finished model that is tested, where names tell it without the clips; None: a run or a new one decides.

    Args:
        named, protocol: as for `plan_evaluation`.
    """
    if named is None:
        return RELEASE if protocol == CROSS else None
    if RunSettings.are_in(Path(named)):
        return named if protocol == CROSS else None
    return named if _is_model(named, protocol) else None


def plan_evaluation(
    named: str | None,
    source: Source | None,
    protocol: str | None,
    folds: int,
    begin: Callable[[Source], RunSettings],
) -> Evaluation:
    """Decide what is evaluated.

    Args:
        named: a run's folder, a finished model's folder or Hub id, a folder for a new run, or None: with "cross" the
            checkpoint that comes along, else a new run.
        source: clips that were asked for, or None.
        protocol: "folds", "loso", "split", "cross", or None.
        folds: how many, with "folds".
        begin: settings of a run on these clips, as the command's options say.

    Returns:
        The evaluation.

    Raises:
        ValueError: the three do not go together; the message says what does.
        FileNotFoundError: the folder is no run, and no clips are given to begin one.
        FileExistsError: the folder holds a run with other settings.
    """
    if named is None and protocol == CROSS:
        named = RELEASE
    run = None if named is None else Path(named)
    if run is not None and RunSettings.are_in(run):
        return _of_run(run, source, protocol, folds, begin)
    if run is not None and _is_model(named, protocol):
        return _of_model(named, source, protocol)
    if source is None:
        raise FileNotFoundError(
            f"{run / SETTINGS_FILE if run else 'no run'}: name a run of `aullm train`, or say which clips to train and "
            "test on (--data, --domain, or --dataset with --data-dir)"
        )
    settings = begin(source)
    out = run or RUNS / settings.name
    settings.save(out)
    return Evaluation(protocol or FOLDS, out, settings, folds=folds)


def _of_run(
    run: Path, source: Source | None, protocol: str | None, folds: int, begin: Callable[[Source], RunSettings]
) -> Evaluation:
    """A folder with settings: its own clips by fold, or its model on others."""
    settings = RunSettings.load(run)
    if source is None or source == settings.source:
        if protocol == CROSS:
            raise ValueError(f"{run} was trained on {settings.source.label}: pass other clips to --protocol cross")
        if source is not None and not (run / MODEL_FOLDER).exists():
            begin(source).save(run)  # a run that was begun here before: refused where the options differ
        return Evaluation(protocol or FOLDS, run, settings, folds=folds)
    if protocol not in (None, CROSS):
        raise ValueError(
            f"{run} is a run on {settings.source.label}. To test its model on {source.label}: --protocol cross. To "
            f"train and test new models on {source.label}: name another folder"
        )
    return Evaluation(CROSS, run, settings, str(run), source)


def _of_model(named: str, source: Source | None, protocol: str | None) -> Evaluation:
    """A finished model without a run around it: results go beside, not into it."""
    if source is None or protocol not in (None, CROSS):
        raise ValueError(
            f"{named} is a finished model: test it on clips with --data, --domain, or --dataset and --data-dir; "
            f"training by fold begins in a folder of its own (--from {named} starts each fold from it)"
        )
    return Evaluation(CROSS, RUNS / f"{short_name(named)}-on-{source.label}", None, named, source)


def _is_model(named: str, protocol: str | None) -> bool:
    """Whether a finished model is named: a folder with one, `release`, or what can be one on the Hub.

    A name that may be either is a new run's folder where models are to be trained by fold.
    """
    on_the_hub = not Path(named).exists() and protocol is None and may_be_hub_id(named)
    return holds_model(Path(named)) or named == RELEASE or on_the_hub or protocol == CROSS
