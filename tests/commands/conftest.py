"""A tiny language model with a tokenizer in a folder, and the command `aullm` run as a user runs it."""

import os
import subprocess
import sys

import pytest

from processing_aullm import sections_aullm
from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import ROOT
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor


@pytest.fixture(scope="session")
def tiny_language_model(tmp_path_factory) -> str:
    """Folder of a random two-layer Llama and a byte tokenizer."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"))


@pytest.fixture(scope="session")
def aullm():
    """A function that runs `aullm` with arguments in a folder and returns the finished process."""

    def run(*arguments, cwd=None, **environment) -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", "from training_aullm.cli import run; run()", *map(str, arguments)]
        settings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "140", **environment}
        return subprocess.run(command, cwd=cwd, env=settings, capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def pieces() -> list[dict]:
    """Pieces of a video of two faces, in three sections; going on with equal pieces is tested beside the reader."""
    first = FakeFace(frames=200, moves=((30, 32, 35, 4.0, "AU4"), (150, 155, 165, 5.0, "AU12")), blinks=((65, 66, 68),))
    other = FakeFace(frames=200, moves=((120, 122, 125, 4.0, "AU12"),), seed=1, box=(70.0, 10.0, 90.0, 30.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sections_aullm, "SECTION_S", 6.0)
        return FakeProcessor().pieces(first, other)
