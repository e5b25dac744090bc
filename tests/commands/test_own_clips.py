"""`aullm prepare`, `inspect`, `train`, `evaluate` and `push` on a folder of filmed clips, as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.films import write_films
from tests.contract.tree import ROOT
from training_aullm.prepare.prepared import SOURCE_FOLDER


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """Six filmed movements of three people, and one clip of a wall."""
    return write_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def played(aullm, films, tiny_language_model, tmp_path_factory):
    """A folder in which the commands of the page on one's own data were run, and what each printed."""
    cwd = tmp_path_factory.mktemp("user")
    tiny = ["--language-model", tiny_language_model, "--layers", "2", "--epochs", "1"]
    mine = ["--dataset", "folder", "--data-dir", films]
    commands = {
        "prepare": ["prepare", "folder", "--data-dir", films, "--out", "prepared/mine"],
        "inspect": ["inspect", "prepared/mine"],
        "train": ["train", "--data", "prepared/mine", "--out", "runs/mine", *tiny],
        "evaluate": ["evaluate", "runs/mine", "--protocol", "loso"],
        "train directly": ["train", *mine, "--out", "runs/direct", *tiny],
        "evaluate directly": ["evaluate", *mine, "--protocol", "folds", "--folds", "2", *tiny],
        "again": ["evaluate", *mine, "--protocol", "folds", "--folds", "2", *tiny],
        "push": ["push", "prepared/mine", "--repo", "me/mine"],
        "shared people": ["evaluate", "runs/mine", *mine],
    }
    done = {name: aullm(*words, cwd=cwd, AULLM_CACHE=str(cwd / "cache")) for name, words in commands.items()}
    return cwd, done


GOOD = ["prepare", "inspect", "train", "evaluate", "train directly", "evaluate directly", "again"]


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_the_commands_run(played, name):
    done = played[1][name]
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


@pytest.mark.slow
def test_every_clip_is_stored_or_named(played):
    cwd, done = played
    record = json.loads((cwd / "prepared/mine/prepared.json").read_text())
    assert (record["clips"], record["subjects"], record["left_out"]) == (6, 3, 1)
    assert "wall" in done["prepare"].stdout and "left out: 1" in done["prepare"].stdout
    assert "6 clips of 3 people" in done["prepare"].stdout
    assert "1 dropped" in done["evaluate directly"].stdout
    assert sorted(path.name for path in (cwd / "prepared/mine/inspect").iterdir()) == [
        "clips.png",
        "cooccurrence.png",
        "durations.png",
    ]
    assert not (cwd / "prepared/mine" / SOURCE_FOLDER).exists()


@pytest.mark.slow
def test_scores_are_written_and_a_repeated_evaluation_trains_nothing(played):
    cwd, done = played
    scores = json.loads((cwd / "runs/mine/scores-loso.json").read_text())
    assert scores["clips"] == 6 and set(scores["f1_per_action_unit"]) == {"AU1", "AU4", "AU12"}
    assert done["again"].stdout.splitlines()[-1] == done["evaluate directly"].stdout.splitlines()[-1]
    assert "preparing" in done["train directly"].stderr and "preparing" not in done["evaluate directly"].stderr
    assert "fold0" in done["evaluate directly"].stderr and "fold0" not in done["again"].stderr


@pytest.mark.slow
@pytest.mark.parametrize(("name", "words"), [("push", "licence"), ("shared people", "people of these clips")])
def test_what_must_not_be_is_refused_in_one_line(played, name, words):
    done = played[1][name]
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_killed_preparation_leaves_no_process_and_goes_on(films, aullm, tmp_path):
    words = ["prepare", "folder", "--data-dir", str(films), "--out", "mine", "--processes", "2"]
    command = [sys.executable, "-c", "from training_aullm.cli import run; run()", *words]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    started = subprocess.Popen(command, cwd=tmp_path, env=settings, stderr=subprocess.DEVNULL, start_new_session=True)
    shards = tmp_path / "mine" / "data"
    while not list(shards.glob("subject-*.parquet")) and started.poll() is None:
        time.sleep(0.02)
    started.send_signal(signal.SIGKILL)
    started.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in shards.glob("subject-*.parquet")}
    assert kept and not (tmp_path / "mine" / "prepared.json").exists()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and _alive(started.pid):
        time.sleep(0.1)
    assert not _alive(started.pid)
    assert aullm(*words, cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "mine" / "prepared.json").read_text())["clips"] == 6
    assert {name: (shards / name).stat().st_mtime_ns for name in kept} == kept


def _alive(session: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, owner = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        found += [int(folder.name)] if int(owner) == session and state != "Z" else []
    return found


@pytest.mark.parametrize("command", ["prepare", "inspect", "push", "train", "evaluate"])
def test_help_shows_examples(command):
    from typer.testing import CliRunner

    from training_aullm.cli.main import app

    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0 and f"aullm {command}" in shown.output
