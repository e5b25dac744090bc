"""Windows of long takes as training clips: rest, blinks, speech, and movements cut wherever a window happens to start.

A clip of a data set starts at rest and always holds a movement. A window that slides over a video does neither; a model
that is to read videos has to have seen such windows.

    clips = take_clips(load_takes("casme3-like", subjects=20), names, Windows(), cache_dir="runs/mine/windows")
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tqdm.auto import tqdm

from dataset_scripts.parallel import run_jobs
from dataset_scripts.whole_files import whole_file
from modeling_aullm import AullmConfig
from modeling_aullm.displacement_aullm import MEASUREMENT_VERSION
from modeling_aullm.temporal_aullm import MotionFrontEnd
from processing_aullm import AullmImageProcessor
from processing_aullm.alignment_aullm import ALIGNMENT_VERSION
from training_aullm.clips.clip_cache import is_whole
from training_aullm.clips.clip_set import ClipSet

EXPRESSIONS = ("micro", "macro")


@dataclass(frozen=True)
class Windows:
    """How windows are cut and labelled. All of it is our choice.

    Attributes:
        length: seconds that a window covers.
        hop: seconds from one to the next; each is moved by up to half a hop at random.
        seed: of those moves.
        present_px, present_share: a unit is present where its movement grows by so many pixels, and by this share of
            its full size, from the window's first frame on; by a pixel in any case.
        absent_px, absent_share: it is absent where it grows by less than both; between the two it is unknown.
    """

    length: float = 0.5
    hop: float = 0.25
    seed: int = 0
    present_px: float = 0.3
    present_share: float = 0.5
    absent_px: float = 0.15
    absent_share: float = 0.2

    def __post_init__(self):
        if self.hop <= 0 or self.length <= 0:
            raise ValueError(f"windows need a length and a hop above zero, not {self.length} and {self.hop} s")


def take_clips(
    takes: datasets.Dataset,
    action_units: Sequence[str],
    windows: Windows,
    cache_dir: str | Path,
    num_proc: int = 2,
    progress: bool = True,
) -> ClipSet:
    """Cut every take into windows, its face held still as in any other video, and measure their motion.

    Args:
        takes: as `load_takes` gives them.
        action_units: names of the labels wanted, in order.
        windows: how they are cut and labelled.
        cache_dir: a file per take is kept there, so that a broken run goes on.
        num_proc: processes that align and measure.
        progress: show a bar.

    Returns:
        The windows, in order of takes and time; sample ids end in the window's first frame.
    """
    folder = Path(cache_dir)
    jobs = [TakeJob(row["sample_id"], Path(row["video"]), _cache_path(folder, row, windows), windows) for row in takes]
    missing = [job for job in jobs if not is_whole(job.path)]
    if missing:
        with tqdm(total=len(missing), desc="windows of takes", unit="take", disable=not progress) as bar:
            for _ in run_jobs(measure_take, missing, num_proc):
                bar.update()
    parts = [load_file(job.path) for job in jobs]
    labels = [
        [window_labels(row["events"], *span, action_units, windows) for span in part["spans"].tolist()]
        for row, part in zip(takes, parts, strict=True)
    ]
    names = [
        f"{row['sample_id']}/f{first:05d}"
        for row, part in zip(takes, parts, strict=True)
        for first, _ in part["spans"].tolist()
    ]
    people = [row["subject"] for row, part in zip(takes, parts, strict=True) for _ in part["spans"]]
    return ClipSet(
        torch.cat([part["motion_values"] for part in parts]),
        "motion_values",
        torch.tensor([each for rows in labels for each in rows]),
        tuple(action_units),
        tuple(names),
        tuple(people),
        takes[0]["data_set"],
    )


@dataclass(frozen=True)
class TakeJob:
    """One film to measure, and the file that its windows go to."""

    sample_id: str
    video: Path
    path: Path
    windows: Windows

    def __str__(self) -> str:
        return f"take {self.sample_id}"


def measure_take(job: TakeJob) -> None:
    """Write the windows of one film: `motion_values` (W, 3, T - 1, h, w) and `spans` (W, 2), first and last frame."""
    image_processor = AullmImageProcessor()
    aligned = image_processor.align_video(job.video)
    spans = window_spans(aligned.first, aligned.last, aligned.fps, job.windows, zlib.crc32(job.sample_id.encode()))
    front_end, parts = MotionFrontEnd(AullmConfig.preset("base")), []
    for at in range(0, len(spans), 16):
        onset, offset = (spans[at : at + 16, side].tolist() for side in (0, 1))
        pixels = image_processor.preprocess([aligned] * len(onset), onset=onset, offset=offset, return_tensors="pt")
        parts.append(front_end.measure(pixels["pixel_values"]))
    with whole_file(job.path) as unfinished:
        save_file({"motion_values": torch.cat(parts).contiguous(), "spans": torch.from_numpy(spans)}, unfinished)


def window_spans(first: int, last: int, fps: float, windows: Windows, stream: int = 0) -> np.ndarray:
    """First and last frame of each window, both included.

    Args:
        first, last: frames that show the face.
        fps: frames per second.
        windows: their length, hop and seed.
        stream: another one moves them otherwise.

    Returns:
        (W, 2) int64; empty where there are fewer frames than a window has.
    """
    span = max(round(windows.length * fps), 1)
    starts = np.arange(first, last - span + 1, windows.hop * fps)
    moved = starts + np.random.default_rng([windows.seed, stream]).uniform(-0.5, 0.5, len(starts)) * windows.hop * fps
    starts = np.clip(np.rint(moved), first, last - span).astype(np.int64)
    return np.stack([starts, starts + span], axis=1)


def window_labels(
    events: Sequence[dict], first: int, last: int, action_units: Sequence[str], windows: Windows
) -> list[int]:
    """What a window shows, by the truth of its take.

    Args:
        events: of the take, see `TAKE_FEATURES`.
        first, last: frames of the window.
        action_units: K names.
        windows: where "present" begins and "absent" ends.

    Returns:
        K states: 1 present, 0 absent, -1 too little to say.
    """
    states = dict.fromkeys(action_units, 0)
    frames = np.arange(first, last + 1)
    for event in events:
        if event["kind"] not in EXPRESSIONS:
            continue
        course = _course(event, frames)
        share = float(course.max() - course[0])
        for unit, full in zip(event["action_units"], event["amplitude_px"], strict=True):
            if unit in states:
                states[unit] = max(states[unit], _state(share, share * full, windows), key=_certainty)
    return [states[unit] for unit in action_units]


def _course(event: dict, frames: np.ndarray) -> np.ndarray:
    """How far a movement has gone in each frame, 0 to 1: smooth from onset to apex, and back to the offset."""
    marks = [event["onset"], max(event["apex"], event["onset"] + 1)]
    marks.append(max(event["offset"], marks[1] + 1))
    linear = np.interp(frames, marks, [0.0, 1.0, 0.0])
    return linear * linear * (3 - 2 * linear)


def _state(share: float, pixels: float, windows: Windows) -> int:
    if pixels >= 1 or (pixels >= windows.present_px and share >= windows.present_share):
        return 1
    return 0 if pixels < windows.absent_px and share < windows.absent_share else -1


def _certainty(state: int) -> int:
    """Where two movements of one unit meet, present wins over unknown, and unknown over absent."""
    return {0: 0, -1: 1, 1: 2}[state]


def _cache_path(folder: Path, row: dict, windows: Windows) -> Path:
    film = zlib.crc32(Path(row["video"]).read_bytes())
    settings = zlib.crc32(
        json.dumps([asdict(windows), ALIGNMENT_VERSION, MEASUREMENT_VERSION], sort_keys=True).encode()
    )
    return folder / f"{row['sample_id'].replace('/', '-')}-{film:08x}-{settings:08x}.safetensors"
