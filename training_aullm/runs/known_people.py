"""Nobody who was trained on is scored as unseen: what a model, or the run around it, knows of its people.

Tested in tests/commands/test_people.py.
"""

from collections.abc import Iterable
from pathlib import Path

import datasets

from dataset_scripts.registry import person
from training_aullm.learn.people import people_seen, refuse_people
from training_aullm.runs.settings import RunSettings

ADVICE = "pass another --domain or --data, or score people never seen with --protocol folds"


def people_in(table: datasets.Dataset) -> list[str]:
    """Everybody in a table of clips or of takes.

    Args:
        table: with columns `data_set` and `subject`.

    Returns:
        Names as `person` gives them, sorted.
    """
    return sorted({person(*names) for names in zip(table["data_set"], table["subject"], strict=True)})


def refuse_known(config, run: Path, people: Iterable[str]) -> bool:
    """Stop before somebody is tested who was trained on.

    Args:
        config: an `AullmConfig`.
        run: folder that the model came from, asked where the model itself does not say.
        people: to be tested.

    Returns:
        Whether anybody knows whom the model was trained on.

    Raises:
        ValueError: somebody was trained on; names some.
    """
    seen = people_seen(config, people)
    if config.trained_on is None and RunSettings.are_in(run):  # trained by a version whose models did not say it
        seen = sorted({*people} & {*people_in(RunSettings.load(run).source.load())})
    refuse_people(seen or (), ADVICE)
    return seen is not None
