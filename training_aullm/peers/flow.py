"""Optical flow (Farneback) of clips: the input of the flow methods. The model itself measures motion otherwise.

Tested in tests/training_aullm/clips/test_clip_set.py.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import datasets
import numpy as np
import torch
from PIL import Image
from tqdm.auto import tqdm

from training_aullm.clips.clip_cache import CLIP_COLUMNS, load_tensors, save_tensors, table_digest
from training_aullm.clips.clip_set import ClipSet, identities, select_labels
from training_aullm.clips.stored_frames import EncodedFrames, marks_of, stored_rows

FLOW_VERSION = "1"
"""Raised when the same clip comes out as another flow: measured flow on disk is named after it."""

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


def apex_flow(frames: list[np.ndarray], onset: int, apex: int, offset: int) -> np.ndarray:
    """(2, 1, 14, 14): flow from onset to the true apex, which no model is given."""
    return farneback(frames[onset], frames[apex], APEX_CELLS)[:, None]


def fine_apex_flow(frames: list[np.ndarray], onset: int, apex: int, offset: int) -> np.ndarray:
    """(2, 1, 28, 28): the same on the grid that most papers read."""
    return farneback(frames[onset], frames[apex], CLIP_CELLS)[:, None]


def large_apex_flow(frames: list[np.ndarray], onset: int, apex: int, offset: int) -> np.ndarray:
    """(2, 1, 64, 64): the same on the grid that SSSNet reads."""
    return farneback(frames[onset], frames[apex], LARGE_CELLS)[:, None]


def amplified_flow(frames: list[np.ndarray], onset: int, apex: int, offset: int) -> np.ndarray:
    """(2, len(AMPLIFICATIONS), 28, 28): flow from onset to apexes whose difference from it is enlarged."""
    first, difference = frames[onset], frames[apex].astype(np.float32) - frames[onset]
    larger = [np.clip(first + factor * difference, 0, 255).astype(np.uint8) for factor in AMPLIFICATIONS]
    return np.stack([farneback(first, each, CLIP_CELLS) for each in larger], axis=1)


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
    """Measure flow on every clip: from its first frame, to its middle and its last where the times are not known.

    Args:
        table: rows of `dataset_scripts.schema.FEATURES` with registered face crops.
        action_units: names of the labels wanted.
        measure: `apex_flow`, `fine_apex_flow`, `large_apex_flow`, `clip_flow` or `amplified_flow`.
        cache_dir: folder for the finished tensors; None keeps nothing on disk.
        progress: show a progress bar.

    Returns:
        A ClipSet with `motion_values` (N, 2, T', cells, cells).

    Raises:
        ClipError: a frame that cannot be read; names clip and frame.
    """
    sample_ids, subjects, data_set = identities(table)
    path = None
    if cache_dir is not None:
        path = Path(cache_dir) / f"flow-{measure.__name__}-{FLOW_VERSION}-{table_digest(table)}.safetensors"
    tensors = load_tensors(path)
    if tensors is None:
        rows = stored_rows(table, CLIP_COLUMNS)
        bar = tqdm(rows, f"clips to {measure.__name__}", len(table), unit="clip", disable=not progress)
        fields = [measure(_grey(row), *marks_of(row)) for row in bar]
        tensors = save_tensors({"motion_values": torch.from_numpy(np.stack(fields).astype(np.float32))}, path)
    labels = select_labels(np.asarray(table["action_units"]), action_units)
    return ClipSet(
        tensors["motion_values"], "motion_values", labels, tuple(action_units), sample_ids, subjects, data_set
    )


def _grey(row: dict) -> list[np.ndarray]:
    """The frames of a clip as (H, W) uint8."""
    frames = EncodedFrames(row["frames"], row["sample_id"])
    return [np.asarray(Image.fromarray(frame).convert("L")) for frame in frames]
