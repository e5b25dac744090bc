"""A checkpoint that is not what was saved: through every door it answers as before, or is refused by name.

    python -m pytest -m slow -s tests/campaign/test_damaged_checkpoints.py

prints a table of counts for each kind of damage. Weights and deciding settings are damaged in both forms, trained
weights only and merged, and are met by AutoModel and by one more door in turn; the rest by one door after the other.
"""

import importlib
import itertools
import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoModel, pipeline

from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AullmProcessor
from tests.campaign import damages
from tests.campaign.calling import call, limited
from tests.campaign.conftest import World
from tests.campaign.counting import Tally
from tests.campaign.damages import Damage
from tests.contract.tree import ROOT

FORMS = ("trained", "merged")
ALIKE = 1e-4  # a probability


class Refused(Exception):
    """A command ended with an error; what it said."""


class Doors:
    """The ways to an answer of a model in a folder. Each gives names and probabilities, to be compared."""

    def __init__(self, world: World, capfd):
        self.world, self.capfd = world, capfd
        sys.path.insert(0, str(ROOT / "space_app"))

    def automodel(self, folder: Path) -> list:
        """AutoModel on motion, without a processor."""
        model = AutoModel.from_pretrained(folder, trust_remote_code=True).eval()
        motion = torch.randn(2, 2, 5, 28, 28, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            return [[*model.config.id2label.values()], model(motion_values=motion).logits.sigmoid().tolist()]

    def pipeline(self, folder: Path) -> list:
        """A pipeline, as the model card has it."""
        pipe = pipeline("action-unit-detection", model=str(folder), trust_remote_code=True)
        return _of_reading(pipe(str(self.world.folder / "face.mp4")))

    def space(self, folder: Path) -> list:
        """The page's reader."""
        settings = importlib.import_module("settings").Settings(str(folder))
        reader = importlib.import_module("inference").Reader(settings)
        return _of_reading(reader.read(str(self.world.folder / "face.mp4")))

    def predict(self, folder: Path) -> list:
        """`aullm predict`."""
        out = folder.parent / "read"
        self._call("predict", self.world.folder / "face.mp4", "--model", folder, "--out", out, "--formats", "json")
        return _of_reading(json.loads((out / "face.json").read_text("utf-8")))

    def evaluate(self, folder: Path) -> list:
        """`aullm evaluate` of a finished model."""
        self._call("evaluate", folder, "--protocol", "cross", "--data", self.world.folder / "clips.parquet")
        (table,) = Path("runs").rglob("predictions/*.parquet")
        numbers = pd.read_parquet(table).select_dtypes("number")
        return [list(numbers), numbers.to_numpy().tolist()]

    def _call(self, *words: object) -> None:
        called = call([*words], self.capfd)
        if called.raised:
            raise RuntimeError(called.raised)
        if called.status:
            raise Refused(called.said if called.is_short else "")


def _of_reading(reading: dict) -> list:
    windows = [window["probabilities"] for face in reading["faces"] for window in face["windows"]]
    return [reading["action_units"], [each for each in windows if each is not None]]


@pytest.fixture
def doors(world, capfd) -> Doors:
    """All of them."""
    return Doors(world, capfd)


@pytest.fixture(scope="module")
def checkpoints(world, tmp_path_factory) -> dict[str, Path]:
    """The run's model in both forms."""
    folder = tmp_path_factory.mktemp("forms")
    trained = shutil.copytree(world.folder / "run" / "model", folder / "trained")
    AullmForActionUnitDetection.from_pretrained(trained).save_pretrained(folder / "merged", full=True)
    AullmProcessor.from_pretrained(trained).save_pretrained(folder / "merged")
    return {form: folder / form for form in FORMS}


def outcome(door: Callable[[Path], list], folder: Path, damage: Damage, expected: list) -> tuple[str, str]:
    """Ask for an answer, and judge what comes."""
    try:
        with limited():
            answer = door(folder)
    except TimeoutError:
        return "hang", ""
    except (Refused, ValueError, OSError, StrictDataclassError) as error:  # the last: of a config's field, by name
        said = str(error)
        return (
            "clear" if any(name in said for name in damage.named) else "unclear"
        ), f"{type(error).__name__} {said[:200]}"
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {str(error)[:200]}"
    return ("right" if alike(answer, expected) else "silently wrong"), ""


def alike(answer: list, expected: list) -> bool:
    """The same names, and equal probabilities."""
    one, other = torch.tensor(answer[1]), torch.tensor(expected[1])
    return answer[0] == expected[0] and one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=ALIKE)


KINDS = {  # kind of damage: forms, and doors beside AutoModel that meet it in turn
    "weights": (damages.to_weights, FORMS, True, ("predict", "pipeline", "evaluate", "space")),
    "deciding settings": (damages.to_deciding_settings, FORMS, True, ("predict", "pipeline", "evaluate", "space")),
    "every setting": (damages.to_every_setting, FORMS[:1], True, ()),
    "processor": (damages.to_processor, FORMS[1:], False, ("predict", "pipeline", "space")),
    "files": (damages.to_files, FORMS[:1], False, ("predict", "pipeline", "evaluate", "space")),
}


@pytest.mark.slow
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_checkpoint_answers_rightly_or_is_refused_by_name(
    world, doors, checkpoints, tmp_path, monkeypatch, capfd, kind
):
    monkeypatch.setenv("AULLM_CACHE", str(world.folder / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    make, forms, always, others = KINDS[kind]
    tally, numbers, turns = Tally(f"checkpoints: {kind}"), itertools.count(), itertools.cycle(others)
    for form in forms:

        def ask(door: str, damage: Damage, expected: list, form: str = form) -> tuple[str, str]:
            place = tmp_path / str(next(numbers))
            folder = shutil.copytree(checkpoints[form], place / "checkpoint")
            monkeypatch.chdir(place)
            damage.do(folder)
            result = outcome(getattr(doors, door), folder, damage, expected)
            shutil.rmtree(folder)
            return result

        expected = {}
        for door in (*(["automodel"] if always else []), *others):
            monkeypatch.chdir(checkpoints[form].parent)
            expected[door] = getattr(doors, door)(checkpoints[form])
            shutil.rmtree(checkpoints[form].parent / "runs", ignore_errors=True)
        for damage in make(checkpoints[form], random.Random(kind)):
            for door in (*(["automodel"] if always else []), *([next(turns)] if others else [])):
                tally.add(f"{form}, {door}: {damage.name}", *ask(door, damage, expected[door]))
    with capfd.disabled():
        print("\n" + tally.table())
    wrong = [each for each in tally.bad() if each[1] in ("hang", "silently wrong")]
    assert not wrong
    assert not [each for each in tally.bad() if damages.OF_TRANSFORMERS not in each[0]]
