"""Loading a model and its processor with our own classes."""

import json

import pytest

from dataset_scripts.damaged_files import DamagedFile
from modeling_aullm.pipeline_aullm import AullmPipeline
from tests.contract.language_models import save_tiny_language_model
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_base
from training_aullm.loading import load_config, load_model, load_pipeline, model_place


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


@pytest.mark.parametrize(
    "name", ["runs/demo", "./demo", "/nowhere/demo", "demo", "local/demo", "a/b/c", "C:\\demo", "~/x"]
)
def test_a_folder_that_is_not_there_is_no_hub_id(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "local").mkdir()
    with pytest.raises(FileNotFoundError, match="there is no such model: `release` is the model that comes") as error:
        load_model(name)
    assert name in str(error.value) and "\n" not in str(error.value)


DAMAGE = {
    "weights that are cut off": ("model.safetensors", 0.5, r"model\.safetensors cannot be read"),
    "no weights": ("model.safetensors", 0, r"model\.safetensors cannot be read"),
    "a config that is cut off": ("config.json", 0.5, r"config\.json cannot be read"),
    "a processor that is cut off": ("processor_config.json", 0.5, r"processor_config\.json cannot be read"),
    "a tokenizer that is empty": ("tokenizer.json", 0, r"tokenizer\.json cannot be read"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_file_of_a_model_is_named(run, what):
    name, left, said = DAMAGE[what]
    path = run / "model" / name
    path.write_bytes(path.read_bytes()[: int(left * path.stat().st_size)])
    with pytest.raises(DamagedFile, match=said):
        load_model(run)


@pytest.mark.parametrize("load", [load_config, load_model])
def test_a_name_that_nothing_on_the_hub_has_is_told_in_one_line(load, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match=r"no model can be loaded from me/typo .*--model names") as error:
        load("me/typo")
    assert "\n" not in str(error.value)


def test_a_config_is_that_of_the_model(run):
    found, loaded = (config.to_dict() for config in (load_config(run), load_model(run)[0].config))
    assert found | {"_name_or_path": None} == loaded | {"_name_or_path": None}  # transformers tells it of models only


def test_a_model_of_another_kind_or_without_a_processor_is_told_in_one_line(run):
    config = run / "model" / "config.json"
    whole = config.read_text()
    config.write_text(json.dumps(json.loads(whole) | {"model_type": "bert"}))
    with pytest.raises(ValueError, match="model_type is 'bert', not 'aullm'"):
        load_model(run)
    config.write_text(json.dumps(json.loads(whole) | {"graph_width": "wide"}))
    with pytest.raises(ValueError, match=r"config\.json is not the one saved"):
        load_model(run)
    config.write_text(whole)
    (run / "model" / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="no model can be loaded from") as error:
        load_model(run)
    assert "\n" not in str(error.value)
