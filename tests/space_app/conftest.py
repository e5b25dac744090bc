"""The Space's files as a Space sees them (flat), and a stand-in for the pipeline with the agreed answers."""

import importlib
import sys

import pytest

from tests.contract.tree import ROOT
from tests.space_app.fake_pipe import FakePipe

sys.path.insert(0, str(ROOT / "space_app"))


@pytest.fixture
def video(tmp_path):
    """A file with a telling name; the stand-in never decodes it."""
    path = tmp_path / "jane_doe_interview.MP4"
    path.write_bytes(b"film")
    return str(path)


@pytest.fixture
def make_reader(tmp_path):
    """make_reader(pipe, **limits): a reader on a stand-in."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    inference, settings = importlib.import_module("inference"), importlib.import_module("settings")

    def make(pipe=None, **limits):
        return inference.Reader(settings.Settings(str(tmp_path / "model"), **limits), pipe or FakePipe())

    return make


@pytest.fixture
def reading(make_reader, video):
    """What the stand-in reads in a video with one face."""
    return make_reader().read(video)
