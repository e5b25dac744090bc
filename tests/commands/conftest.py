"""A tiny language model with a tokenizer in a folder, and the command `aullm` run as a user runs it."""

import os
import subprocess
import sys

import pytest

from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import ROOT


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
