"""Optical flow (Farneback) of clips: the input of the flow methods. The model itself measures motion otherwise.

Tested in tests/training_aullm/clips/test_clip_set.py.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import datasets
import numpy as np
import torch
from tqdm.auto import tqdm

from training_aullm.clips.clip_cache import load_tensors, save_tensors, table_digest
from training_aullm.clips.clip_set import ClipSet, identities, select_labels

# Source: our choice. These settings found sub-pixel motion best in the first probes on the clip source.
FARNEBACK = {"pyr_scale": 0.5, "levels": 3, "winsize": 21, "iterations": 5, "poly_n": 7, "poly_sigma": 1.5, "flags": 0}
APEX_CELLS, CLIP_CELLS, LARGE_CELLS = 14, 28, 64
AMPLIFICATIONS = (1, 2, 4, 8)
"""Factors by which `amplified_flow` enlarges what changed. Source: our choice; ARTNet's own were not found."""


def farneback(first: np.ndarray, second: np.ndarray, cells: int) -> np.ndarray:
    """Flow between two grey frames, without the motion of the whole face, pooled to a grid.

    Args:
        first: (H, W) uint8.
        second: (H, W) uint8.
        cells: side of the grid.

    Returns:
        (2, cells, cells) float32: x and y displacement in pixels, the median over the frame taken off.
    """
    flow = cv2.calcOpticalFlowFarneback(
        cv2.GaussianBlur(first, (0, 0), 1), cv2.GaussianBlur(second, (0, 0), 1), None, **FARNEBACK
    )
    flow -= np.median(flow.reshape(-1, 2), axis=0)
    return cv2.resize(flow, (cells, cells), interpolation=cv2.INTER_AREA).transpose(2, 0, 1)


def apex_flow(frames: list[np.ndarray], onset: int, apex: int | None, offset: int) -> np.ndarray:
    """(2, 1, 14, 14): flow from onset to the true apex, which no model is given, or to the middle without one."""
    return farneback(frames[onset], _apex_of(frames, onset, apex, offset), APEX_CELLS)[:, None]


def fine_apex_flow(frames: list[np.ndarray], onset: int, apex: int | None, offset: int) -> np.ndarray:
    """(2, 1, 28, 28): the same on the grid that most papers read."""
    return farneback(frames[onset], _apex_of(frames, onset, apex, offset), CLIP_CELLS)[:, None]


def large_apex_flow(frames: list[np.ndarray], onset: int, apex: int | None, offset: int) -> np.ndarray:
    """(2, 1, 64, 64): the same on the grid that SSSNet reads."""
    return farneback(frames[onset], _apex_of(frames, onset, apex, offset), LARGE_CELLS)[:, None]


def amplified_flow(frames: list[np.ndarray], onset: int, apex: int | None, offset: int) -> np.ndarray:
    """(2, len(AMPLIFICATIONS), 28, 28): flow from onset to apexes whose difference from it is enlarged."""
    first, apex = frames[onset].astype(np.float32), _apex_of(frames, onset, apex, offset).astype(np.float32)
    larger = [np.clip(first + factor * (apex - first), 0, 255).astype(np.uint8) for factor in AMPLIFICATIONS]
    return np.stack([farneback(frames[onset], each, CLIP_CELLS) for each in larger], axis=1)


def clip_flow(frames: list[np.ndarray], onset: int, apex: int, offset: int) -> np.ndarray:
    """(2, 5, 28, 28): flow from onset to each of 5 later frames, spread evenly to the offset."""
    chosen = np.round(np.linspace(onset, offset, 6)).astype(int)
    return np.stack([farneback(frames[onset], frames[index], CLIP_CELLS) for index in chosen[1:]], axis=1)


def flow_clips(
    table: datasets.Dataset,
    action_units: Sequence[str],
    measure,
    cache_dir: str | Path | None = None,
    progress: bool = True,
) -> ClipSet:
    """Measure flow on every clip.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES` with registered face crops.
        action_units: names of the labels wanted.
        measure: `apex_flow`, `fine_apex_flow`, `large_apex_flow`, `clip_flow` or `amplified_flow`.
        cache_dir: folder for the finished tensors; None keeps nothing on disk.
        progress: show a progress bar.

    Returns:
        A ClipSet with `motion_values` (N, 2, T', cells, cells).
    """
    sample_ids, subjects, data_set = identities(table)
    name = None if cache_dir is None else Path(cache_dir) / f"flow-{measure.__name__}-{table_digest(table)}.safetensors"
    tensors = load_tensors(name)
    if tensors is None:
        rows = tqdm(table, desc=f"clips to {measure.__name__}", unit="clip", disable=not progress)
        fields = [measure(_grey(row["frames"]), row["onset"], row["apex"], row["offset"]) for row in rows]
        tensors = {"motion_values": torch.from_numpy(np.stack(fields).astype(np.float32))}
        save_tensors(tensors, name)
    labels = select_labels(np.asarray(table["action_units"]), action_units)
    return ClipSet(
        tensors["motion_values"], "motion_values", labels, tuple(action_units), sample_ids, subjects, data_set
    )


def _apex_of(frames: list[np.ndarray], onset: int, apex: int | None, offset: int) -> np.ndarray:
    """The true apex, which no model is given, or the middle frame of a clip without one."""
    return frames[(onset + offset) // 2 if apex is None else apex]


def _grey(frames: list) -> list[np.ndarray]:
    return [np.asarray(frame.convert("L")) for frame in frames]
