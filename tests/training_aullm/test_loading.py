"""Loading a model and its processor with our own classes."""

import json

import pytest

from modeling_aullm.pipeline_aullm import AullmPipeline
from tests.contract.language_models import save_tiny_language_model
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_base
from training_aullm.loading import load_model, load_pipeline, model_place


@pytest.fixture
def run(tmp_path):
    names, language_model = ["AU4", "AU12"], save_tiny_language_model(tmp_path / "lm")
    new_model(recipe_base().but(model={"num_language_layers": 2}), names, language_model).save_pretrained(
        tmp_path / "run" / "model"
    )
    new_processor("base", names, language_model).save_pretrained(tmp_path / "run" / "model")
    return tmp_path / "run"


def test_a_processor_for_other_units_is_refused(run):
    path = run / "model" / "processor_config.json"
    path.write_text(path.read_text().replace('"AU4",', '"AU0",').replace('"AU12"', '"AU4"').replace("AU0", "AU12"))
    with pytest.raises(ValueError, match=r"model has action_units=\['AU4', 'AU12'\], the processor \['AU12', 'AU4'\]"):
        load_model(run)


def test_a_run_and_its_model_folder_load_the_same(run):
    for place in (run, run / "model"):
        model, processor = load_model(place)
        assert not model.training and processor.action_units == ["AU4", "AU12"]
        assert model_place(place) == str(run / "model")
    assert isinstance(load_pipeline(run), AullmPipeline)
    assert model_place("someone/aullm") == "someone/aullm"


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="pass a run's folder"):
        load_model(tmp_path)


def test_no_code_of_a_folder_is_run(run, tmp_path):
    evil = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    for path in [*(run / "model").glob("*.py"), run / "model" / "evil.py"]:
        path.write_text(evil)
    load_model(run)
    config = json.loads((run / "model" / "tokenizer_config.json").read_text())
    config |= {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}}
    (run / "model" / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="custom code"):
        load_model(run)
    assert not (tmp_path / "ran").exists()
