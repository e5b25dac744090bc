"""A small world that a campaign damages: a language model, clips, a film, a prepared set, and a finished run."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dataset_scripts.synthetic.tables.video import render_video
from tests.commands.films import write_clip
from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import ROOT
from tests.training_aullm.clip_tables import clip_row, encoded, states, table_of

ENTRY = "from training_aullm.cli import run; run()"


@dataclass(frozen=True)
class World:
    """Where everything lies; nothing in it is changed, attempts work on copies.

    Attributes:
        folder: of all of it.
        train: the words that train the run.
    """

    folder: Path

    @property
    def train(self) -> list[str]:
        """What the run was trained with, but for its --out."""
        model = ["--language-model", str(self.folder / "lm"), "--layers", "1"]
        return ["train", "--data", str(self.folder / "clips.parquet"), *model, "--epochs", "3", "--resume"]

    def start(self, *words: object, cwd: Path | None = None, cache: Path | None = None) -> subprocess.Popen:
        """Start `aullm`; its output goes into one pipe."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "300"}
        environment["AULLM_CACHE"] = str(cache or self.folder / "cache")
        command = [sys.executable, "-c", ENTRY, *map(str, words)]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=cwd, env=environment, **pipes)

    def copy(self, name: str, to: Path) -> Path:
        """A copy of a file or folder, to be damaged."""
        source, target = self.folder / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        return target


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    """Made once for all campaigns."""
    world = World(tmp_path_factory.mktemp("world"))
    folder = world.folder
    save_tiny_language_model(folder / "lm")
    units = ["4", "12", "4 12", ""]
    rows = [clip_row(f"s{k % 4}", f"c{k}", (90 + k,) * 4, states(units[k % 4], "")) for k in range(12)]
    table_of(rows).to_parquet(folder / "clips.parquet")
    render_video(folder / "face.mp4", ["AU12"], fps=30, lead_in_s=0.6, lead_out_s=0.6, size=240)
    _write_own_clips(folder / "own")
    for words in (
        [*world.train, "--out", folder / "run"],
        ["prepare", "folder", "--data-dir", folder / "own", "--no-align", "--out", folder / "prepared"],
    ):
        process = world.start(*words)
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said
    return world


def _write_own_clips(folder: Path) -> None:
    """Four clips of three people, one of them a folder of images."""
    lines = ["file_name,subject,action_units,onset,apex,offset,fps"]
    for number, person in enumerate(("anna", "bo", "bo")):
        film = [np.full((64, 64, 3), 60 + 8 * number + step, np.uint8) for step in range(10)]
        write_clip(folder / f"{number}.mp4", film, 25)
        lines.append(f"{number}.mp4,{person},{4 + number},0,4,9,")
    (folder / "frames").mkdir()
    for number in range(6):
        (folder / "frames" / f"{number:03d}.png").write_bytes(encoded(90 + number))
    (folder / "metadata.csv").write_text("\n".join([*lines, "frames,cy,4+12,0,3,5,25", ""]), "utf-8")
