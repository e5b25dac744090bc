"""A look at a data set before anything is trained."""

from collections.abc import Sequence
from pathlib import Path

import datasets
import numpy as np

from dataset_scripts.labels import ACTION_UNITS
from processing_aullm.geometry_aullm import to_gray
from training_aullm.clips.stored_frames import EncodedFrames, stored_rows
from training_aullm.figures.contact_sheet import draw_preview


def save_preview(table: datasets.Dataset, path: str | Path, clips: int = 8) -> None:
    """Write a sheet of clips, each of another person as far as there are enough, with their action units.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES`.
        path: PNG file.
        clips: how many.
    """
    rows = list(stored_rows(table.select(spread_over_subjects(table["subject"], clips))))
    frames = [np.stack([to_gray(frame) for frame in EncodedFrames(row["frames"], row["sample_id"])]) for row in rows]
    draw_preview(path, frames, [f"{row['sample_id']}: {present_units(row['action_units'])}" for row in rows])


def present_units(vector: list[int]) -> str:
    """The names of the action units present in a label vector, in words for a title."""
    return " ".join(name for name, state in zip(ACTION_UNITS, vector, strict=True) if state == 1) or "no action unit"


def spread_over_subjects(subjects: Sequence[str], count: int) -> list[int]:
    """Positions of some clips, of as many people as there are.

    Args:
        subjects: N names.
        count: how many clips.

    Returns:
        The first clip of each person, then the second of each, as far as `count` goes; in order.
    """
    seen: dict[str, int] = {}
    turns = []
    for position, subject in enumerate(subjects):
        seen[subject] = seen.get(subject, 0) + 1
        turns.append((seen[subject], position))
    return sorted(position for _, position in sorted(turns)[:count])
