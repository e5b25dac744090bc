"""Model and processor share data, not code: what both hold must be equal."""

import pytest

from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS, AU_SETS
from modeling_aullm import AullmConfig
from processing_aullm import AullmImageProcessor
from processing_aullm.processing_aullm import ACTION_UNIT_MEANINGS, AullmProcessor
from processing_aullm.processing_aullm import PRESETS as PROCESSOR_PRESETS
from tests.contract.tokenizers import byte_tokenizer


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
