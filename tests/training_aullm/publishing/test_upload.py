"""One commit a repository, nothing sent twice, and an upload that is killed goes on."""

import os
import subprocess
import sys
import time

import pytest
from huggingface_hub.errors import HfHubHTTPError

from tests.contract.tree import ROOT
from training_aullm.publishing.repo_folders import Parcel, repositories
from training_aullm.publishing.upload import LARGE, look, send, told_size

SHARDS = [f"model-0000{k}-of-00004.safetensors" for k in range(1, 5)]
UPLOAD = """
import sys
from pathlib import Path
from huggingface_hub import HfApi
from training_aullm.publishing.repo_folders import Parcel
from training_aullm.publishing.upload import look, send
api, parcel = HfApi(), Parcel("model", "me/aullm", Path(sys.argv[1]))
print(send(api, parcel, look(api, parcel), False, print))
"""


@pytest.fixture
def parcel(tmp_path):
    """A model of four large files and two small ones."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in SHARDS:
        (folder / name).write_bytes(os.urandom(LARGE))
    (folder / "config.json").write_text("{}\n")
    (folder / "README.md").write_text("# A model\n")
    return Parcel("model", "me/aullm", folder)


def push(api, parcel, private=False):
    said = []
    return send(api, parcel, look(api, parcel), private, said.append), said


def test_everything_arrives_in_one_commit(hub, api, parcel):
    commit, _ = push(api, parcel)
    repo = hub.store.repo("models", "me/aullm")
    assert repo.head == commit and not repo.private
    assert set(repo.files(commit)) == {".gitattributes", *parcel.names()}
    assert all(
        repo.store.read(blob.sha256) == (parcel.folder / name).read_bytes()
        for name, blob in repo.files(commit).items()
        if name in parcel.names()
    )


def test_a_second_push_sends_nothing(hub, api, parcel):
    commit, _ = push(api, parcel)
    sent = len(hub.faults.received)
    hub.faults.requests.clear()
    again, said = push(api, parcel)
    assert again == commit and len(hub.faults.received) == sent
    assert said == ["me/aullm: everything is there already"]
    assert not any(request.startswith(("PUT", "POST")) for request in hub.faults.requests)


def test_only_what_changed_is_sent_and_what_is_no_longer_ours_goes(hub, api, parcel):
    push(api, parcel)
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="my-notes.txt", repo_id=parcel.repo_id)
    (parcel.folder / SHARDS[0]).unlink()
    (parcel.folder / SHARDS[1]).write_bytes(os.urandom(LARGE))
    hub.faults.received.clear()
    commit, _ = push(api, parcel)
    assert len(hub.faults.received) == 1
    files = set(hub.store.repo("models", "me/aullm").files(commit))
    assert SHARDS[0] not in files and {"my-notes.txt", *parcel.names()} <= files


def test_somebody_elses_commit_in_between_is_not_overwritten(api, parcel):
    push(api, parcel)
    (parcel.folder / "config.json").write_text('{"new": 1}\n')
    seen = look(api, parcel)
    api.upload_file(path_or_fileobj=b"theirs", path_in_repo="README.md", repo_id=parcel.repo_id)
    with pytest.raises(HfHubHTTPError, match="A commit has happened since"):
        send(api, parcel, seen, False, print)


def test_a_killed_upload_goes_on_and_nobody_loads_half_of_it(hub, api, parcel):
    """The uploading process is killed while its third large file is under way; the same command is given again."""
    environment = {**os.environ, **hub.environment(parcel.folder.parent), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", UPLOAD, str(parcel.folder)]
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
    commit, _ = push(api, parcel)
    assert set(repo.files(commit)) == {".gitattributes", *parcel.names()}
    assert len(hub.faults.received) == len(set(hub.faults.received)) == 4, "a file that had arrived was sent again"


def test_a_new_repository_is_as_private_as_asked(hub, api, parcel):
    push(api, parcel, private=True)
    assert look(api, parcel).private is True
    assert hub.store.repo("models", "me/aullm").private


def test_a_new_repository_that_turns_out_public_gets_nothing(hub, api, parcel):
    hub.faults.forces_public = True
    with pytest.raises(PermissionError, match="nothing was sent"):
        push(api, parcel, private=True)
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


def test_sizes_as_people_say_them():
    assert [told_size(size) for size in (12, 1_500, 178_457_604)] == ["12 bytes", "1.5 kB", "178.5 MB"]
