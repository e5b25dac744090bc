"""What `aullm release` is made with: how many people, how long, and the seeds that nobody else renders.

Tested in tests/commands/test_release.py.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets

from dataset_scripts.damaged_files import read_json
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.whole_files import write_whole
from training_aullm.files import differences
from training_aullm.learn.recipes import Recipe, recipe_base
from training_aullm.runs.settings import DAMAGED, SETTINGS_FILE

TRAINING_SEED, TEST_SEED = 500, 900
MACRO_SHARE = 3  # one in so many people also shows expressions at full size
VARIETY = {"everybody": True, "neutral": 0.1, "glasses": 0.2, "beard": 0.2, "gaze": 0.2}


def training_tables(domain: str, people: int) -> list[datasets.Dataset]:
    """Clips of rendered people to learn from: micro-expressions of everybody, and the same movements at full size of a
    third of them.
    """
    micro = load_synthetic(domain, people, seed=TRAINING_SEED, **VARIETY)
    few = -(-people // MACRO_SHARE)
    return [micro, load_synthetic(domain, few, seed=TRAINING_SEED, expression="macro", **VARIETY)]


@dataclass(frozen=True)
class ReleaseSettings:
    """How much is rendered, and how long is trained.

    Attributes:
        people: training subjects of each domain.
        tested: test subjects of each domain, other people than those.
        films: people of each domain that long takes are filmed of, one each.
        seconds: that a take lasts.
        epochs: passes over the clips: fewer than the recipe's, since there are many times as many.
        action_units: names that the model answers with.
        language_model: Hub id, folder or "bundled".
        layers: layers of the language model to use; None: the recipe's.
        seed: of weights, order, augmentation and flips.
    """

    people: int = 200
    tested: int = 26
    films: int = 12
    seconds: float = 20.0
    epochs: float = 10
    action_units: tuple[str, ...] = (
        "AU1",
        "AU2",
        "AU4",
        "AU5",
        "AU6",
        "AU7",
        "AU9",
        "AU10",
        "AU12",
        "AU14",
        "AU15",
        "AU17",
    )
    language_model: str = "bundled"
    layers: int | None = None
    seed: int = 0
    domains: tuple[str, ...] = ("casme2-like", "samm-like", "casme3-like")
    preset: str = "base"

    start = None  # no field: a release begins from fresh weights

    @property
    def recipe(self) -> Recipe:
        """The recipe of `base`, for so many epochs and with so many layers."""
        layers = {} if self.layers is None else {"model": {"num_language_layers": self.layers}}
        return recipe_base().but(epochs=self.epochs, **layers)

    def as_record(self) -> dict:
        """The fields as a dictionary, and what kind of run it is."""
        return {"kind": "release"} | asdict(self)

    def save(self, run: Path) -> None:
        """Write RUN/settings.json.

        Raises:
            FileExistsError: the folder holds a run with other settings.
        """
        path = run / SETTINGS_FILE
        if path.exists() and (told := differences(read_json(path, DAMAGED), self.as_record())):
            raise FileExistsError(
                f"{run} holds a run with other settings ({path}; {told}): choose another --out or delete it"
            )
        write_whole(path, json.dumps(self.as_record(), indent=2) + "\n")
