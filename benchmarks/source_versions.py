"""What a change of the clip source changes: film the same clips before and after it, and compare.

    git archive BEFORE --prefix=before/ | tar x -C ..
    PYTHONPATH=../before python benchmarks/source_versions.py before.npz       # film, with the code of that checkout
    PYTHONPATH=. python benchmarks/source_versions.py after.npz
    PYTHONPATH=. python benchmarks/source_versions.py before.npz after.npz     # compare

Every domain in grey and in colour, and in colour with glasses, beards, gaze shifts and neutral clips. Prints a table,
then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from rich.console import Console

from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.config import DOMAINS
from modeling_aullm.displacement_aullm import DisplacementField
from training_aullm.score.report import json_line, result_table

KINDS = {
    "grey": {"colour": False},
    "colour": {"colour": True},
    "varied": {"colour": True, "glasses": 0.6, "beard": 0.5, "gaze": 0.6, "neutral": 0.2},
}
COLUMNS = {
    "set": "clips",
    "count": "how many",
    "differ_percent": "pixels that differ, %",
    "most_levels": "most, grey levels",
    "rms_levels": "RMS",
    "displacement_rms": "displacement, RMS px",
    "displacement_most": "worst cell, px",
}


def film(clips: int) -> dict[str, list[dict]]:
    """Rows of every domain and kind, the frames decoded: {"casme2-like grey": [row, ...]}."""
    sets = {}
    with tempfile.TemporaryDirectory() as folder:
        for domain in DOMAINS:
            for kind, variety in KINDS.items():
                rows = load_synthetic(domain, 6, clips, num_proc=1, cache_dir=folder, progress=False, **variety)
                sets[f"{domain} {kind}"] = [row | {"frames": np.stack(row["frames"])} for row in rows]
    return sets


def save(sets: dict[str, list[dict]], path: Path) -> None:
    """One array of frames a set, and the truth as JSON."""
    truth = {name: [{key: row[key] for key in row if key != "frames"} for row in rows] for name, rows in sets.items()}
    frames = {name: np.stack([row["frames"] for row in rows]) for name, rows in sets.items()}
    np.savez(path, allow_pickle=False, truth=json.dumps(truth), **frames)


def load(path: Path) -> dict[str, list[dict]]:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        truth = json.loads(str(file["truth"]))
        return {
            name: [row | {"frames": frames} for row, frames in zip(rows, file[name], strict=True)]
            for name, rows in truth.items()
        }


def compare(name: str, before: list[dict], after: list[dict]) -> dict:
    """How far the pictures of one set have changed.

    Raises:
        ValueError: a label or another column of truth is not the same.
    """
    levels, pixels = [], []
    for first, second in zip(before, after, strict=True):
        changed = [key for key in first if key not in ("frames", "label_release") and first[key] != second[key]]
        if changed:
            raise ValueError(f"{name}: {first['sample_id']} has another {', '.join(changed)}")
        levels.append(np.subtract(first["frames"], second["frames"], dtype=np.int16).ravel())
        pixels.append((_displacement(first["frames"]) - _displacement(second["frames"])).ravel())
    levels, pixels = np.concatenate(levels).astype(np.float32), np.concatenate(pixels)
    return {
        "set": name,
        "count": len(before),
        "differ_percent": 100 * float((levels != 0).mean()),
        "most_levels": int(np.abs(levels).max()),
        "rms_levels": float(np.sqrt(np.square(levels).mean())),
        "displacement_rms": float(np.sqrt(np.square(pixels).mean())),
        "displacement_most": float(np.abs(pixels).max()),
    }


def _displacement(frames: np.ndarray) -> np.ndarray:
    """What the model measures on a clip: (T, H, W) or (T, H, W, 3) uint8 -> (1, 2, T-1, grid, grid) px."""
    if frames.ndim == 4:
        frames = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    return DisplacementField()(torch.from_numpy(frames)[None, :, None] / 255)[:, :2].numpy()


def main(files: list[Path], clips: Annotated[int, typer.Option(min=6)] = 24) -> None:
    """Film into one file, or compare two."""
    if len(files) == 1:
        save(film(clips), files[0])
        return
    before, after = map(load, files)
    rows = [compare(name, before[name], after[name]) for name in before]
    shown = [
        {key: f"{cell:.2g}" if isinstance(cell, float) else str(cell) for key, cell in row.items()} for row in rows
    ]
    Console(width=150).print(result_table(shown, COLUMNS, "before and after"))
    print(json_line({"benchmark": "source_versions", "rows": rows}))


if __name__ == "__main__":
    typer.run(main)
