"""A folder for the Hub, and the fresh process that must be able to use it and must not have our packages."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from modeling_aullm import AullmConfig
from processing_aullm import AullmImageProcessor, AullmProcessor
from tests.contract.tokenizers import byte_tokenizer
from tests.contract.tree import PACKAGES, ROOT
from training_aullm.loading import load_model
from training_aullm.publishing.fresh_process import read_in_fresh_process
from training_aullm.publishing.saving import largest_difference, save_for_hub

FRESH_PROCESS = str(ROOT / "training_aullm" / "publishing" / "fresh_process.py")


def test_a_fresh_process_cannot_import_our_packages():
    code = f"""
import importlib, runpy, sys
sys.path.insert(0, {str(ROOT)!r})
runpy.run_path({FRESH_PROCESS!r})["hide_our_packages"]()
for name in {PACKAGES!r}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert error.name == name
    else:
        print(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == ""


def test_a_folder_that_does_not_stand_alone_is_told_so(tmp_path):
    with pytest.raises(RuntimeError, match="does not stand alone"):
        read_in_fresh_process(tmp_path, tmp_path / "video.mp4", 0, 1)


def test_model_and_processor_must_name_the_same_action_units(tmp_path):
    model = SimpleNamespace(config=AullmConfig.preset("base", language_model=None, action_units=["AU4"]))
    processor = AullmProcessor(AullmImageProcessor(), byte_tokenizer(), action_units=["AU12"])
    with pytest.raises(ValueError, match="AU12"):
        save_for_hub(model, processor, tmp_path)


def test_the_largest_difference_looks_at_every_class():
    answer = {"logits": {"AutoModel": [1.0, 2.0], "AutoModelForVideoClassification": [1.0, 2.5]}}
    assert largest_difference([1.0, 2.0], answer) == 0.5


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        load_model(tmp_path)
