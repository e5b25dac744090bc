"""The stand-in behaves as the Hub does where our code depends on it."""

import pytest
from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from tests.hub.app import TOKEN
from tests.hub.server import running
from tests.hub.store import Store

NAME = "me/things"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, running(tmp_path_factory.mktemp("hub")) as hub:
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield hub


@pytest.fixture
def api(hub, tmp_path):
    hub.reset(tmp_path / "hub")
    api = HfApi(endpoint=hub.url, token=TOKEN)
    api.create_repo(NAME)
    return api


def put(api, name, content):
    return api.upload_file(path_or_fileobj=content, path_in_repo=name, repo_id=NAME).oid


def fetch(api, name, tmp_path, revision=None):
    where = {"endpoint": api.endpoint, "cache_dir": tmp_path / "cache", "token": api.token}
    return open(hf_hub_download(NAME, name, revision=revision, **where), "rb").read()


@pytest.mark.parametrize("name", ["small.txt", "large.safetensors", "folder/large.bin"])
def test_every_commit_can_be_read_again(api, tmp_path, name):
    first = put(api, name, b"first")
    second = put(api, name, b"second")
    assert fetch(api, name, tmp_path, first) == b"first"
    assert fetch(api, name, tmp_path, second) == fetch(api, name, tmp_path) == b"second"
    assert api.repo_info(NAME).sha == second != first


def test_a_restart_loses_nothing(api, hub):
    commit = put(api, "large.safetensors", b"kept")
    later = Store(hub.store.folder).repo("models", NAME)
    assert later.head == commit
    assert later.store.read(later.files("main")["large.safetensors"].sha256) == b"kept"


def test_what_is_missing_is_told_apart(api, tmp_path):
    with pytest.raises(EntryNotFoundError):
        fetch(api, "nothing.txt", tmp_path)
    with pytest.raises(RevisionNotFoundError):
        api.repo_info(NAME, revision="f" * 40)
    with pytest.raises(RepositoryNotFoundError):
        api.repo_info("me/nothing")


def test_nobody_writes_or_sees_what_is_not_theirs(api):
    stranger = HfApi(endpoint=api.endpoint, token="hf_other")
    with pytest.raises(HfHubHTTPError):
        put(stranger, "small.txt", b"x")
    with pytest.raises(HfHubHTTPError):
        api.create_repo("you/things")
    api.create_repo("me/hidden", private=True)
    assert api.repo_info("me/hidden").private
    with pytest.raises(RepositoryNotFoundError):
        stranger.repo_info("me/hidden")


def test_a_content_that_is_there_is_not_asked_for_again(api, hub):
    put(api, "one.safetensors", b"same bytes")
    put(api, "two.safetensors", b"same bytes")
    assert len(hub.faults.received) == 1
    files = {entry.path: entry.lfs.sha256 for entry in api.list_repo_tree(NAME) if entry.path.endswith("safetensors")}
    assert files["one.safetensors"] == files["two.safetensors"] == hub.faults.received[0]
