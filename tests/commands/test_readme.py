"""The README's commands and code are run, in the order they stand there, on small data with a tiny language model."""

import os
import re
import shlex
import subprocess
import sys
import traceback

import pytest
from typer.testing import CliRunner

from tests.commands.films import write_films
from tests.contract.tree import ROOT
from training_aullm.cli.main import app

README = (ROOT / "README.md").read_text("utf-8")
OWN_CLIPS = "my-clips"
TARGETS = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Every command line of the README, as words; comments are left out."""
    lines = "\n".join(blocks("bash")).splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture(scope="module")
def smaller(tiny_language_model):
    """Options that make each command small; the last of two equal options counts."""
    tiny = ["--language-model", tiny_language_model, "--layers", "2", "--epochs", "1"]
    return {
        "demo": [*tiny, "--subjects", "5", "--clips", "15"],
        "synth": ["--subjects", "3", "--clips", "9"],
        "prepare": ["--processes", "1"],
        "inspect": [],
        "train": tiny,
        "evaluate": [],
        "predict": ["--hop", "0.5", "--end", "2.5"],
        "explain": [],
        "pair": [],
        "publish": [],
        "--help": [],
    }


@pytest.fixture(scope="module")
def played(smaller, tmp_path_factory):
    """A folder in which every `aullm` command of the README was run, and what each printed.

    They run in this process: a new one for each would spend half of its time on imports.
    """
    folder = tmp_path_factory.mktemp("reader")
    (folder / "space_app").symlink_to(ROOT / "space_app")
    if any(OWN_CLIPS in words for words in commands()):
        write_films(folder / OWN_CLIPS)
    printed = {}
    for words in [["aullm", "demo"], *commands()]:
        if words[0] != "aullm":
            continue
        small = ["--subjects", "2", "--clips", "6"] if "--domain" in words else []
        small += ["--folds", "2"] if "folds" in words else []
        cache = {"AULLM_CACHE": str(folder / "cache")} if "--dataset" in words else {}
        with pytest.MonkeyPatch.context() as place:
            place.chdir(folder)
            for name, value in {"COLUMNS": "140", **cache}.items():
                place.setenv(name, value)
            done = CliRunner().invoke(app, [*words[1:], *smaller[words[1]], *small])
        told = "".join(traceback.format_exception(done.exception)) if done.exception else ""
        assert done.exit_code == 0, f"{' '.join(words)}\n{done.output[-3000:]}\n{told[-3000:]}"
        printed[" ".join(words)] = done.stdout
    return folder, printed


def test_every_command_is_one_that_is_tested():
    for words in commands():
        if words[0] == "make":
            assert words[1] in TARGETS
        else:
            assert words[0] in ("aullm",), f"the README shows {' '.join(words)}, which no test runs"


def test_the_demo_leaves_what_it_promises(played):
    folder, printed = played
    run = folder / "runs" / "demo"
    for name in ("curves.png", "f1.png", "graph.png", "clips.png", "video.png", "video.json", "video.mp4"):
        assert (run / name).stat().st_size > 1000, name
    assert (run / "predictions" / "unseen.parquet").exists() and (run / "predictions" / "other.parquet").exists()
    assert not (run / "checkpoints").exists()
    assert (run / "model" / "LICENSE").exists() and (run / "model" / "NOTICE").exists()
    assert "An honest reading" in printed["aullm demo"] and "synthetic" in printed["aullm demo"]
    assert "differ from ours by" in printed["aullm demo"]


def test_the_other_commands_leave_what_they_promise(played):
    folder, _ = played
    runs = folder / "runs"
    for name in ("clips/clips.parquet", "clips/preview.png", "base/model/model.safetensors", "base/curves.png"):
        assert (runs / name).exists(), name
    for name in ("scores-folds5.json", "scores-cross-samm-like.json", "predictions/cross-samm-like.parquet"):
        assert (runs / "base" / name.replace("folds5", "folds2")).exists(), name
    assert all((runs / "predictions" / f"several.{kind}").exists() for kind in ("json", "png", "eaf"))


def test_a_second_training_into_a_finished_run_is_refused(played, aullm):
    folder, _ = played
    done = aullm("train", "--data", "runs/clips", "--out", "runs/base", cwd=folder)
    assert done.returncode == 2
    assert "this run is finished" in done.stderr and "Traceback" not in done.stderr


def test_python_code_runs_without_our_packages(played):
    """In a process that cannot import this project, unless the block does, on the folder that the demo saved."""
    folder, _ = played
    fresh_process = str(ROOT / "training_aullm" / "publishing" / "fresh_process.py")
    hide = f"import runpy; runpy.run_path({fresh_process!r})['hide_our_packages']()\n"
    for block in blocks("python"):
        environment = {**os.environ, "HF_MODULES_CACHE": str(folder / "modules"), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-I", "-c", block if "training_aullm" in block else hide + block]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        assert "AU4" in done.stdout


def test_links_and_pictures_exist():
    missing = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link and not (ROOT / link).exists()]
    assert not missing
