"""Killed at any moment, nothing lost: commands are killed at random, given again, and must end with equal results.

    AULLM_KILLS=20 python -m pytest -m slow -s tests/campaign/test_kills.py  # -k demo: of one command

prints a table of counts for each command. Moments are seeded, as shares of the time that the command takes when nobody
kills it. A second call that says that the run is finished counts as right where its results are.
"""

import hashlib
import json
import os
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.campaign.conftest import World
from tests.campaign.counting import Tally

KILLS = int(os.environ.get("AULLM_KILLS", "20"))
LIMIT_S = 500
SHARE = {"train": 6, "synth": 3, "prepare": 3, "predict": 4, "demo": 2, "release": 2}


@dataclass(frozen=True)
class Job:
    """One command that is killed.

    Attributes:
        words: of the command, with its folder.
        results: patterns of the files below the folder that must come out the same.
        own_cache: whether its clips are rendered anew each time.
    """

    words: Callable[[World, Path], list]
    results: tuple[str, ...]
    own_cache: bool = False


def _tiny(world: World) -> list:
    return ["--language-model", world.folder / "lm", "--layers", "2"]


JOBS = {
    "train": Job(
        lambda world, out: [*world.train, "--out", out], ("model/*.safetensors", "model/config.json", "history.json")
    ),
    "synth": Job(
        lambda _, out: ["synth", "casme2-like", "--subjects", 2, "--clips", 4, "--size", 64, "--out", out],
        ("clips.parquet",),
        own_cache=True,
    ),
    "prepare": Job(
        lambda world, out: ["prepare", "folder", "--data-dir", world.folder / "own", "--no-align", "--out", out],
        ("data/*.parquet", "report.json", "prepared.json"),
    ),
    "predict": Job(
        lambda world, out: [
            *("predict", world.folder / "face.mp4", "--model", world.folder / "run", "--out", out),
            *("--formats", "csv,json,vtt,parquet"),
        ],
        ("face.*",),
    ),
    "demo": Job(
        lambda world, out: ["demo", "--subjects", 6, "--clips", 12, "--epochs", 2, *_tiny(world), "--out", out],
        ("model/*.safetensors", "predictions/*.parquet", "history.json"),
    ),
    "release": Job(
        lambda world, out: [
            *("release", "--people", 2, "--films", 1, "--seconds", 5, "--tested", 2, "--epochs", 2),
            *(*_tiny(world), "--out", out),
        ],
        ("model/*.safetensors", "predictions/*.parquet", "history.json"),
    ),
}


def finish(process: subprocess.Popen, limit_s: float) -> str | None:
    """What it said, or None where it did not end."""
    try:
        return process.communicate(timeout=limit_s)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None


def results(job: Job, out: Path) -> dict[str, str]:
    """Path -> hash of what must come out the same; a history without the times that it also holds."""
    found = {}
    for path in sorted(path for pattern in job.results for path in out.glob(pattern)):
        content = path.read_bytes()
        if path.name == "history.json":
            kept = [{name: entry.get(name) for name in ("step", "loss", "eval_f1")} for entry in json.loads(content)]
            content = json.dumps(kept).encode()
        found[path.relative_to(out).as_posix()] = hashlib.sha256(content).hexdigest()[:16]
    return found


def kill_once(world: World, job: Job, out: Path, cache: Path | None, after_s: float, expected: dict) -> tuple[str, str]:
    """The outcome of one kill, and what the second call said."""
    process = world.start(*job.words(world, out), cache=cache)
    try:
        process.communicate(timeout=after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    process = world.start(*job.words(world, out), cache=cache)
    said = finish(process, LIMIT_S)
    if said is None:
        return "hang", ""
    last = said.strip().rpartition("\n")[2]
    if "Traceback" in said:
        return "traceback", last
    left = [path.name for path in out.rglob("*.part")]
    if process.returncode and "this run is finished" not in said:
        return "clear", last  # of a kill this is no good end: nothing may be lost
    found = results(job, out)
    differing = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    return ("silently wrong", f"{differing} differ, left {left}") if differing or left else ("right", last)


@pytest.mark.slow
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("name", JOBS)
def test_killed_at_any_moment_nothing_is_lost(world, tmp_path, name):
    job, chance, tally = JOBS[name], random.Random(name), Tally(f"{name}, killed")
    began, cache = time.monotonic(), tmp_path / "cache"
    process = world.start(*job.words(world, tmp_path / "whole"), cache=cache)
    said = finish(process, 2 * LIMIT_S)
    assert process.returncode == 0, said
    took, expected = time.monotonic() - began, results(job, tmp_path / "whole")
    assert expected
    for kill in range(max(1, round(KILLS * SHARE[name] / sum(SHARE.values())))):
        share = chance.uniform(0.2, 1.0)  # before that Python only imports
        own = tmp_path / f"cache-{kill}" if job.own_cache else cache
        outcome, said = kill_once(world, job, tmp_path / f"{kill}", own, share * took, expected)
        tally.add(f"after {share:.0%} of {took:.0f} s", outcome, said)
        print(f"{name} {share:.0%}: {outcome} {said}", flush=True)
    print("\n" + tally.table())
    assert all(outcome == "right" for _, outcome, _ in tally.found)
