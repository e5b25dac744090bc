"""Model and processor share data, not code: what both hold must be equal; so must what is said in several files."""

import re
import tomllib

import pytest

from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS, AU_SETS
from modeling_aullm import AullmConfig
from processing_aullm import AullmImageProcessor
from processing_aullm.processing_aullm import ACTION_UNIT_MEANINGS, AullmProcessor
from processing_aullm.processing_aullm import PRESETS as PROCESSOR_PRESETS
from tests.contract.tokenizers import byte_tokenizer
from tests.contract.tree import ROOT


def test_names_and_meanings_of_action_units_are_the_same_everywhere():
    assert set(ACTION_UNITS) == set(ACTION_UNIT_MEANINGS)
    assert {name: AU_MEANINGS[name] for name in ACTION_UNITS} == ACTION_UNIT_MEANINGS


def test_default_action_units_are_those_of_casme2():
    processor = AullmProcessor(AullmImageProcessor(), byte_tokenizer())
    assert list(AullmConfig(language_model=None).action_units) == processor.action_units == list(AU_SETS["casme2"])


@pytest.mark.parametrize("preset", ["base", "whole", "paper"])
def test_presets_ask_for_the_same_frames(preset):
    config = AullmConfig.preset(preset, language_model=None)
    fields, _ = PROCESSOR_PRESETS[preset]
    assert (config.num_frames, config.image_size) == (fields["num_frames"], fields["size"])


def test_every_place_says_the_same_lowest_transformers():
    """The trainer sets what transformers reads since 5.19 only; before, accumulated gradients came out too small."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lowest = next(each for each in project["dependencies"] if each.startswith("transformers"))
    assert lowest == "transformers>=5.19"
    assert lowest in (ROOT / "space_app/requirements.txt").read_text("utf-8").splitlines()
    for card in ("model_card.md", "training_aullm/released/README.md"):
        said = re.findall(r"`transformers` (\S+) or newer", (ROOT / card).read_text("utf-8"))
        assert said == ["5.19"], card
