"""What is uploaded is what was saved; the Hub is a stand-in that keeps files."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from transformers.utils import hub

from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.pipeline_aullm import AullmPipeline


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """A folder that holds what was uploaded; `commits` is how often, `options` what was asked of the Hub."""
    arrived = SimpleNamespace(folder=tmp_path / "repository", commits=0, options={})

    class Api:
        def create_repo(self, repo_id, **options):
            arrived.options |= options
            return SimpleNamespace(repo_id=repo_id)

        def create_commit(self, repo_id, operations, **options):
            arrived.commits += 1
            arrived.options |= {"repo_id": repo_id, **options}
            for operation in operations:
                target = arrived.folder / operation.path_in_repo
                target.parent.mkdir(parents=True, exist_ok=True)
                with operation.as_file() as file:
                    target.write_bytes(file.read())

    card = SimpleNamespace(save=lambda path: None)
    monkeypatch.setattr(hub, "hf_api", Api)
    monkeypatch.setattr(hub, "create_and_tag_model_card", lambda *_, **__: card)
    return arrived


def config_of(folder) -> dict:
    return json.loads((folder / "config.json").read_text())


@pytest.mark.parametrize("by_saving", [True, False])
def test_a_complete_model_is_uploaded_complete(build, motion, tmp_path, repository, base_folder, by_saving):
    model = build().eval()
    if by_saving:
        options = {"repo_id": "me/x", "token": "hf_x", "private": True, "max_shard_size": "30KB"}
        model.save_pretrained(tmp_path / "saved", full=True, push_to_hub=True, **options)
        assert repository.options["private"] and repository.options["token"] == "hf_x"
        assert len(list(repository.folder.glob("model-*.safetensors"))) > 1
        assert config_of(tmp_path / "saved") == config_of(repository.folder)
    else:
        model.push_to_hub("me/x", full=True)
    assert repository.commits == 1 and repository.options["repo_id"] == "me/x"
    assert repository.options["commit_message"] == "Upload model"
    loaded = AullmForActionUnitDetection.from_pretrained(repository.folder)
    torch.testing.assert_close(loaded(motion_values=motion).logits, model(motion_values=motion).logits)
    config = config_of(repository.folder)
    assert (config["language_weights"], config["lora_rank"]) == ("included", 0)
    assert base_folder not in json.dumps(config)


def test_a_variant_is_uploaded(build, tmp_path, repository):
    model = build()
    model.save_pretrained(tmp_path / "saved", full=True, push_to_hub=True, variant="ema")
    assert repository.options["repo_id"] == "saved"
    saved, arrived = (load_file(folder / "model.ema.safetensors") for folder in (tmp_path / "saved", repository.folder))
    assert saved.keys() == arrived.keys() and all(torch.equal(saved[name], arrived[name]) for name in saved)


def test_a_base_that_nobody_else_has_is_refused(build, tmp_path, repository):
    model = build()
    for upload in (
        lambda: model.push_to_hub("me/x"),
        lambda: model.save_pretrained(tmp_path / "saved", push_to_hub=True),
    ):
        with pytest.raises(ValueError, match="full=True"):
            upload()
    assert repository.commits == 0 and not (tmp_path / "saved").exists()
    model.config.language_model = "somebody/language-model"
    model.push_to_hub("me/x")
    assert config_of(repository.folder)["language_weights"] == "base"


def test_only_one_process_uploads(build, tmp_path, repository):
    build().save_pretrained(tmp_path / "saved", full=True, push_to_hub=True, is_main_process=False)
    assert repository.commits == 0


def test_a_pipeline_is_uploaded_with_its_processor(build, tmp_path, repository):
    model = build()
    processor = SimpleNamespace(save_pretrained=lambda to: (Path(to) / "processor_config.json").write_text("{}"))
    pipe = AullmPipeline.__new__(AullmPipeline)
    pipe.model, pipe.processor = model, processor
    pipe.save_pretrained(tmp_path / "saved", push_to_hub=True, repo_id="me/x")
    names = {path.name for path in repository.folder.iterdir()}
    assert repository.commits == 1 and {"processor_config.json", "model.safetensors", "pipeline_aullm.py"} <= names
    assert names - {"README.md"} == {path.name for path in (tmp_path / "saved").iterdir()}
    assert config_of(repository.folder)["language_weights"] == "included"
