"""A checkpoint that is not what was saved: through every door it answers as before, or is refused by name.

    python -m pytest -m slow -s tests/campaign/test_damaged_checkpoints.py

prints a table of counts for each kind of damage. Weights and deciding settings are damaged in both forms, trained
weights only and merged. Each damage is met by one door, in turn.
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


WITH_PROCESSOR = ("predict", "pipeline", "space")
ALL = ("automodel", "evaluate", *WITH_PROCESSOR)
KINDS = {  # kind of damage -> forms of the checkpoint, and the doors that meet one damage after the other in turn
    "weights": (damages.to_weights, FORMS, ALL),
    "deciding settings": (damages.to_deciding_settings, FORMS, ALL),
    "every setting": (damages.to_every_setting, FORMS[:1], ("automodel",)),
    "processor": (damages.to_processor, FORMS[1:], WITH_PROCESSOR),
    "files": (damages.to_files, FORMS[:1], ALL),
}


@pytest.mark.slow
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_checkpoint_answers_rightly_or_is_refused_by_name(
    world, doors, checkpoints, tmp_path, monkeypatch, capfd, kind
):
    monkeypatch.setenv("AULLM_CACHE", str(world.folder / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    make, forms, names = KINDS[kind]
    tally, turns, expected = Tally(f"checkpoints: {kind}"), itertools.cycle(names), {}
    for form in forms:
        for number, damage in enumerate(make(checkpoints[form], random.Random(kind))):
            name, place = next(turns), tmp_path / f"{form}-{number}"
            door = getattr(doors, name)
            folder = shutil.copytree(checkpoints[form], place / "checkpoint")
            monkeypatch.chdir(place)
            if (form, name) not in expected:
                expected[form, name] = door(shutil.copytree(folder, place / "whole" / "checkpoint"))
                shutil.rmtree(place / "runs", ignore_errors=True)
            damage.do(folder)
            found = outcome(door, folder, damage, expected[form, name])
            tally.add(f"{form}, {name}: {damage.name}", *found)
            with capfd.disabled():
                print(f"{form}, {name}: {damage.name}: {found[0]}", flush=True)
            shutil.rmtree(place)
    with capfd.disabled():
        print("\n" + tally.table())
    assert not [each for each in tally.bad() if each[1] in ("hang", "silently wrong")]
    assert not [each for each in tally.bad() if not any(part in each[0] for part in damages.OF_TRANSFORMERS)]
