"""A stand-in Hub, and what talks to it."""

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

from tests.hub.app import TOKEN
from tests.hub.server import running


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A running stand-in."""
    with running(tmp_path_factory.mktemp("hub")) as server:
        yield server


@pytest.fixture
def hub(server, tmp_path, monkeypatch):
    """The stand-in with nothing in it."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    server.reset(tmp_path / "hub")
    disable_progress_bars()
    yield server
    enable_progress_bars()


@pytest.fixture
def api(hub):
    """The Hub's own client, logged in at the stand-in."""
    return HfApi(endpoint=hub.url, token=TOKEN)
