"""A run to the Hub's stand-in: what arrives, what its pages say, and what stops it before anything is sent."""

import json
import re
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from huggingface_hub import HfApi, constants
from safetensors import safe_open
from typer.testing import CliRunner

from tests.commands.published import write_run
from tests.hub.app import TOKEN
from tests.hub.server import running
from tests.hub.store import Store
from training_aullm.cli.publish import publish as command
from training_aullm.publishing import staging
from training_aullm.publishing.checks import NotForSendingError, refuse_leaks
from training_aullm.publishing.project_files import project_file
from training_aullm.publishing.repo_folders import RepoFolder, repositories
from training_aullm.publishing.secret_patterns import SecretPatterns
from training_aullm.publishing.sending import prepare, send_all
from training_aullm.publishing.staging import NOT_YET

SPACE_CARD = '---\ntitle: What moved?\nsdk: gradio\nsdk_version: 6.31.0\npython_version: "3.12"\n---\n\n# What moved?\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hub")) as server:
        yield server


@pytest.fixture(autouse=True, scope="module")
def page(tmp_path_factory):
    """A page for the Space, and no Xet, which the stand-in does not speak."""
    space = tmp_path_factory.mktemp("page")
    (space / "__pycache__").mkdir()
    (space / "__pycache__" / "app.pyc").write_bytes(b"x")
    (space / "README.md").write_text(SPACE_CARD)
    (space / "app.py").write_text('"""The page."""\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "project_file", lambda name: space if name == "space_app" else project_file(name))
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield space


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny_language_model):
    return write_run(tmp_path_factory.mktemp("runs") / "tiny", tiny_language_model)


def publish(run, api, private=False, roles=("model", "metric", "clips", "space")):
    names = {role: name for role, name in repositories("me/tiny").items() if role in roles}
    folders = prepare(run, names, private=private, api=api)
    return folders, send_all(folders, api, private)


@pytest.fixture(scope="module")
def published(server, run, tmp_path_factory):
    """The run published once, and again: what the Hub holds then, and what the second time sent."""
    folder = tmp_path_factory.mktemp("published")
    server.reset(folder)
    api = HfApi(endpoint=server.url, token=TOKEN)
    folders, commits = publish(run, api)
    server.faults.received.clear()
    _, again = publish(run, api)
    return SimpleNamespace(
        store=Store(folder), folders=folders, commits=commits, again=again, resent=server.faults.received
    )


@pytest.fixture
def hub(server, tmp_path):
    """The stand-in with nothing in it."""
    server.reset(tmp_path / "hub")
    return server


@pytest.fixture
def api(hub):
    return HfApi(endpoint=hub.url, token=TOKEN)


def arrived(published, kind, name, path):
    repo = published.store.repo(kind, name)
    return repo.store.read(repo.files("main")[path].sha256)


def front_matter(card):
    return yaml.safe_load(card.decode().split("---\n")[1])


def test_four_repositories_arrive_whole(published):
    models, data, spaces = ["me/tiny"], ["me/tiny-clips"], ["me/au_f1", "me/tiny"]
    expected = [("datasets", name) for name in data] + [("models", name) for name in models]
    assert published.store.repos() == expected + [("spaces", name) for name in spaces]
    for role, folder in published.folders.items():
        repo = published.store.repo(f"{folder.repo_type}s", folder.repo_id)
        assert repo.head == published.commits[role]
        assert set(repo.files("main")) == {*folder.names(), ".gitattributes"}
        assert {"README.md", "LICENSE", "NOTICE"} <= set(folder.names())


def test_nothing_that_was_received_tells_a_secret_or_a_place(published, run, tmp_path):
    """What the stand-in holds is written out and looked through, not what was meant to be sent."""
    for role, folder in published.folders.items():
        repo = published.store.repo(f"{folder.repo_type}s", folder.repo_id)
        for name, blob in repo.files("main").items():
            if name != ".gitattributes":
                (tmp_path / role / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / role / name).write_bytes(repo.store.read(blob.sha256))
        refuse_leaks(
            [RepoFolder(role, folder.repo_id, tmp_path / role)], SecretPatterns.of_this_machine(allowed=("me",))
        )
    everything = b"".join(path.read_bytes() for path in (published.store.folder / "blobs").iterdir())
    assert str(run.parent).encode() not in everything and TOKEN.encode() not in everything


def test_publishing_again_changes_and_sends_nothing(published):
    assert published.again == published.commits and not published.resent


def test_the_model_is_merged_complete_and_brings_its_pipeline(published):
    config = json.loads(arrived(published, "models", "me/tiny", "config.json"))
    assert config["language_weights"] == "included" and "/" not in config["language_model"]
    assert config["custom_pipelines"]["action-unit-detection"]["impl"] == "pipeline_aullm.AullmPipeline"
    files = published.store.repo("models", "me/tiny").files("main")
    assert {"face_networks.safetensors", "pipeline_aullm.py", "processing_aullm.py", "LICENSE", "NOTICE"} <= set(files)
    with safe_open(published.store.folder / "blobs" / files["model.safetensors"].sha256, "pt") as weights:
        names = list(weights.keys())
    assert any("embed_tokens" in name for name in names) and not any("lora_" in name for name in names)


def test_the_card_says_what_the_run_recorded_and_the_hub_can_read_it(published):
    card = arrived(published, "models", "me/tiny", "README.md")
    header = front_matter(card)
    (result,) = header["model-index"][0]["results"]
    f1 = next(each for each in result["metrics"] if each["type"] == "f1")
    assert f1["value"] == pytest.approx((2 / 3 + 4 / 5) / 2, abs=1e-4)
    assert result["dataset"]["type"] == "me/tiny-clips" and result["dataset"]["split"] == "test"
    assert header["datasets"] == ["me/tiny-clips"] and header["license"] == "other" and "base_model" not in header


def test_the_space_loads_the_commit_that_was_just_pushed(published):
    pinned = json.loads(arrived(published, "spaces", "me/tiny", "model.json"))
    assert pinned == {"model": "me/tiny", "revision": published.commits["model"]}
    assert re.fullmatch(r"[0-9a-f]{40}", pinned["revision"]) and pinned["revision"] != NOT_YET
    card = arrived(published, "spaces", "me/tiny", "README.md")
    assert front_matter(card)["models"] == ["me/tiny"] and front_matter(card)["python_version"] == "3.12"
    assert card.endswith(b"# What moved?\n")


def test_the_clips_keep_tested_people_apart(published):
    files = published.store.repo("datasets", "me/tiny-clips").files("main")
    assert {"data/train-00000.parquet", "data/test-00000.parquet"} <= set(files)
    header = front_matter(arrived(published, "datasets", "me/tiny-clips", "README.md"))
    assert [each["split"] for each in header["configs"][0]["data_files"]] == ["train", "test"]


def test_the_metric_stands_alone(published):
    module = arrived(published, "spaces", "me/au_f1", "au_f1.py").decode()
    assert (
        "training_aullm" not in module
        and "from .metrics import score" in module
        and 'evaluate.load("me/au_f1")' in module
    )
    assert b"def score(" in arrived(published, "spaces", "me/au_f1", "metrics.py")


def test_a_dry_run_shows_files_and_sends_nothing(hub, run):
    app = typer.Typer()
    app.command()(command)
    options = ["--repo", "me/tiny", "--dry-run", "--private", "--no-dataset", "--no-metric"]
    done = CliRunner().invoke(app, [str(run), *options])
    assert done.exit_code == 0, done.output
    assert "model.safetensors" in done.output and "spaces/me/tiny (private space)" in done.output
    assert "2 repositories" in done.output and "nothing was sent" in done.output
    assert not hub.faults.requests


def test_a_planted_secret_stops_everything_before_the_first_byte(hub, api, run, page):
    planted = page / "secrets.py"
    planted.write_text('"""Ours."""\n\nKEY = "hf_' + "a1B2" * 8 + '"\n')
    try:
        with pytest.raises(NotForSendingError, match=r"space: secrets\.py, line 3: a Hugging Face token"):
            publish(run, api, roles=("model", "space"))
    finally:
        planted.unlink()
    assert not hub.store.repos() and not any(each.startswith("PUT") for each in hub.faults.requests)


def test_a_model_of_licensed_faces_is_not_published(hub, api, run, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    settings = json.loads((run / "settings.json").read_text())
    settings["source"]["data"] = str(tmp_path / "mine.parquet")
    pq.write_table(pa.table({"data_set": ["casme2-like", "casme2"]}), tmp_path / "mine.parquet")
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(PermissionError, match="trained on casme2, faces"):
        publish(tmp_path, api)
    assert not hub.store.repos()


def test_nobody_is_logged_in_or_somebody_else_is(hub, run):
    for token, reason in (("hf_wrong", "hf auth login"), (TOKEN, "cannot write to you")):
        with pytest.raises(PermissionError, match=reason):
            prepare(run, repositories("you/tiny"), api=HfApi(endpoint=hub.url, token=token))
    with pytest.raises(ConnectionError, match="--dry-run needs no network"):
        prepare(run, repositories("me/tiny"), api=HfApi(endpoint="http://127.0.0.1:9", token=TOKEN))


def test_a_public_repository_that_is_there_stops_a_private_push(hub, api, run):
    api.create_repo("me/au_f1", repo_type="space", space_sdk="static", private=False)
    with pytest.raises(PermissionError, match="spaces/me/au_f1 is there already and is public; nothing was sent"):
        publish(run, api, private=True, roles=("model", "metric"))
    assert hub.store.repos() == [("spaces", "me/au_f1")] and not hub.faults.received


def test_what_is_no_finished_run_is_said(tmp_path, run):
    with pytest.raises(FileNotFoundError, match=r"settings\.json .*aullm release"):
        prepare(tmp_path, repositories("me/tiny"))
    (tmp_path / "settings.json").write_text((run / "settings.json").read_text())
    with pytest.raises(FileNotFoundError, match="holds no model"):
        prepare(tmp_path, repositories("me/tiny"))
