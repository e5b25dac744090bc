"""Importing a package must not download, print, log, or change how torch behaves for the user's own code."""

import json
import os
import subprocess
import sys

import pytest

from tests.contract.tree import PACKAGES, ROOT

PROBE = """
import json, logging, random, socket, sys
import numpy, torch
import sklearn.metrics  # draws a random number at import: what other packages do is not ours to answer for

def refuse(*args, **kwargs):
    raise AssertionError(f"importing opened a connection: {args}")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse

def state():
    return {
        "dtype": str(torch.get_default_dtype()),
        "device": str(torch.get_default_device()),
        "grad": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
        "matmul": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "seed": torch.initial_seed(),
        "random": hash(random.getstate()),
        "numpy": str(numpy.random.get_state()[1][:4]),
        "handlers": len(logging.getLogger().handlers),
        "level": logging.getLogger().level,
    }

states = {"nothing": state()}
for name in sys.argv[2:]:
    __import__(name)
    states[name] = state()
with open(sys.argv[1], "w") as file:
    json.dump(states, file)
"""
MODULES = [*PACKAGES, "training_aullm.cli", "training_aullm.learn.fitting", "training_aullm.from_scratch.demo"]


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What a fresh process printed, where it wrote, and the state of its libraries after each import."""
    folder = tmp_path_factory.mktemp("fresh")
    homes = {"HF_HOME": str(folder / "hf"), "AULLM_CACHE": str(folder / "cache")}
    environment = {**os.environ, **homes, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", PROBE, str(folder / "states.json"), *MODULES]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done, folder


@pytest.mark.parametrize("module", MODULES)
def test_importing_changes_nothing(imported, module):
    states = json.loads((imported[1] / "states.json").read_text())
    assert states[module] == states["nothing"]


def test_importing_prints_and_writes_nothing(imported):
    done, folder = imported
    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(path.name for path in folder.iterdir()) == ["states.json"]


def test_the_commands_help_needs_no_heavy_package():
    code = "import sys, training_aullm.cli; print(sorted({'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
