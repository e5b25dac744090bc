"""Tiny language models on disk, short takes, few clips, and programs that run here."""

import inspect
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
import typer

from benchmarks import real_faces
from benchmarks.blendshapes import ANGLES, SUFFIX, write
from dataset_scripts.synthetic import load_synthetic, load_takes
from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import ROOT

EXAMPLES = ROOT / "space_app/examples"


@pytest.fixture(scope="session")
def language_model(tmp_path_factory) -> str:
    """Folder of a random two-layer Llama with few words."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"), vocabulary=64)


@pytest.fixture(scope="session")
def language_model_with_tokenizer(tmp_path_factory) -> str:
    """The same with a byte tokenizer."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"))


@pytest.fixture(scope="session")
def short_takes(tmp_path_factory) -> Callable:
    """`load_takes` for two seconds of small pictures with a blink, whatever else is asked for; filmed once."""
    short = {"seconds": 2, "size": 160, "events": {"blink": 1, "micro": 1}, "num_proc": 1, "progress": False}
    short["cache_dir"] = tmp_path_factory.mktemp("takes")
    return lambda *settings, **named: load_takes(*settings, **named | short)


@pytest.fixture(scope="session")
def few_clips(tmp_path_factory) -> Callable:
    """`load_synthetic` for two people of two clips each, however many are asked for; rendered once."""
    few = {"subjects": 2, "clips": 4, "num_proc": 1, "progress": False, "cache_dir": tmp_path_factory.mktemp("clips")}
    return lambda domain, *numbers, **named: load_synthetic(domain, **named | few)


@pytest.fixture(scope="session")
def watched(tmp_path_factory) -> Path:
    """A folder with a smile of a third of a second, smile.mp4, and blendshapes that rise with it beside."""
    folder, seconds = tmp_path_factory.mktemp("watched"), np.arange(90) / 30
    shutil.copy(EXAMPLES / "short-smile.mp4", folder / "smile.mp4")
    still = dict.fromkeys((*ANGLES, *real_faces.SHAPES, *real_faces.MOUTH, real_faces.LIDS), 0.0)
    smile = 0.8 * np.clip(np.minimum((seconds - 1.4) / 0.13, (1.8 - seconds) / 0.17), 0, 1)
    rows = [{"frame": k, "time_s": k / 30, **still, "mouthSmile": float(smile[k])} for k in range(len(smile))]
    write(folder / f"smile{SUFFIX}", rows)
    return folder


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Programs that measure take one thread: the tests that follow get theirs back."""
    of_torch, of_opencv = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(of_torch)
    cv2.setNumThreads(of_opencv)


@pytest.fixture
def run_program(monkeypatch, capsys) -> Callable[..., dict]:
    """Runs a benchmark's `main` with arguments of the command line; gives what its last line says."""

    def run(program: ModuleType, *arguments) -> dict:
        monkeypatch.setattr(sys, "argv", [program.__name__, *map(str, arguments)])
        main = partial(typer.run, program.main) if inspect.signature(program.main).parameters else program.main
        try:
            main()
        except SystemExit as end:
            assert not end.code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run
