"""One commit a repository, nothing sent twice, and an upload that is killed goes on."""

import os
import subprocess
import sys
import time

import pytest
from huggingface_hub.errors import HfHubHTTPError

from tests.contract.tree import ROOT
from training_aullm.publishing.repo_folders import RepoFolder, repositories
from training_aullm.publishing.sending import send

LARGE = 1_000_000
SHARDS = [f"model-0000{k}-of-00004.safetensors" for k in range(1, 5)]
UPLOAD = """
import sys
from pathlib import Path
from huggingface_hub import HfApi
from training_aullm.publishing.repo_folders import RepoFolder
from training_aullm.publishing.sending import send
api, folder = HfApi(), RepoFolder("model", "me/aullm", Path(sys.argv[1]))
print(send(folder, api))
"""


@pytest.fixture
def repo_folder(tmp_path):
    """A model of four large files and two small ones."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in SHARDS:
        (folder / name).write_bytes(os.urandom(LARGE))
    (folder / "config.json").write_text("{}\n")
    (folder / "README.md").write_text("# A model\n")
    return RepoFolder("model", "me/aullm", folder)


def push(api, repo_folder, private=False):
    said = []
    return send(repo_folder, api, private, said.append), said


def test_everything_arrives_in_one_commit(hub, api, repo_folder):
    commit, _ = push(api, repo_folder)
    repo = hub.store.repo("models", "me/aullm")
    assert repo.head == commit and not repo.private
    assert set(repo.files(commit)) == {".gitattributes", *repo_folder.names()}
    assert all(
        repo.store.read(blob.sha256) == (repo_folder.folder / name).read_bytes()
        for name, blob in repo.files(commit).items()
        if name in repo_folder.names()
    )


def test_a_second_push_sends_nothing(hub, api, repo_folder):
    commit, _ = push(api, repo_folder)
    sent = len(hub.faults.received)
    hub.faults.requests.clear()
    again, said = push(api, repo_folder)
    assert again == commit and len(hub.faults.received) == sent
    assert said == ["me/aullm: everything was there already"]
    assert not any("/commit/" in request or request.startswith("PUT") for request in hub.faults.requests)


def test_only_what_changed_is_sent_and_what_is_no_longer_ours_goes(hub, api, repo_folder):
    push(api, repo_folder)
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="my-notes.txt", repo_id=repo_folder.repo_id)
    (repo_folder.folder / SHARDS[0]).unlink()
    (repo_folder.folder / SHARDS[1]).write_bytes(os.urandom(LARGE))
    hub.faults.received.clear()
    commit, _ = push(api, repo_folder)
    assert len(hub.faults.received) == 1
    files = set(hub.store.repo("models", "me/aullm").files(commit))
    assert SHARDS[0] not in files and {"my-notes.txt", *repo_folder.names()} <= files


def test_somebody_elses_commit_in_between_is_not_overwritten(api, repo_folder, monkeypatch):
    push(api, repo_folder)
    (repo_folder.folder / "config.json").write_text('{"new": 1}\n')
    ours = api.create_commit

    def after_theirs(*arguments, **options):
        monkeypatch.setattr(api, "create_commit", ours)
        api.upload_file(path_or_fileobj=b"theirs", path_in_repo="README.md", repo_id=repo_folder.repo_id)
        return ours(*arguments, **options)

    monkeypatch.setattr(api, "create_commit", after_theirs)
    with pytest.raises(HfHubHTTPError, match="A commit has happened since"):
        push(api, repo_folder)


def test_a_killed_upload_goes_on_and_nobody_loads_half_of_it(hub, api, repo_folder):
    """The uploading process is killed while its third large file is under way; the same command is given again."""
    environment = {**os.environ, **hub.environment(repo_folder.folder.parent), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", UPLOAD, str(repo_folder.folder)]
    hub.faults.hold_after = 2
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    patience = time.monotonic() + 120
    while not hub.faults.holding and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.02)
    process.kill()
    _, errors = process.communicate()
    assert hub.faults.holding, errors
    repo = hub.store.repo("models", "me/aullm")
    before = list(hub.faults.received)
    assert len(before) == 2 and set(repo.files("main")) == {".gitattributes"}

    hub.faults.hold_after = None
    commit, _ = push(api, repo_folder)
    assert set(repo.files(commit)) == {".gitattributes", *repo_folder.names()}
    assert len(hub.faults.received) == len(set(hub.faults.received)) == 4, "a file that had arrived was sent again"


def test_a_new_repository_is_as_private_as_asked(hub, api, repo_folder):
    push(api, repo_folder, private=True)
    assert hub.store.repo("models", "me/aullm").private


def test_a_new_repository_that_turns_out_public_gets_nothing(hub, api, repo_folder):
    hub.faults.forces_public = True
    with pytest.raises(PermissionError, match="nothing was sent"):
        push(api, repo_folder, private=True)
    assert not hub.faults.received and set(hub.store.repo("models", "me/aullm").files("main")) == {".gitattributes"}


def test_names_of_the_repositories():
    assert repositories("me/aullm") == {
        "model": "me/aullm",
        "metric": "me/au_f1",
        "clips": "me/aullm-clips",
        "space": "me/aullm",
    }
    for wrong in ("aullm", "me/a/b", "me/a b", "me/" + "x" * 97):
        with pytest.raises(ValueError):
            repositories(wrong)
