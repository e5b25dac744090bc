"""Windows of long takes as training clips: rest, blinks, speech, held expressions, releases, and spotted movements.

A clip of a data set holds a movement from its onset to its offset. A window that slides over a video compares any of
its frames with the face at rest before; a model that is to read videos has to have seen such windows, cut by the same
reader (`face_reader_aullm.py`).

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
from processing_aullm.asked_clips_aullm import MovementClip
from processing_aullm.face_reader_aullm import FaceReader
from processing_aullm.sections_aullm import Section
from processing_aullm.stream_aullm import FaceChunk
from processing_aullm.windows_aullm import WindowGrid
from training_aullm.clips.clip_cache import is_whole
from training_aullm.clips.clip_set import ClipSet

EXPRESSIONS = ("micro", "macro")
WINDOWS_VERSION = "6"  # raised when the reader cuts windows or movements otherwise
BATCH = 16
WHOLE = Section(index=0, first=0, stop=None, read_from=None, read_to=None, whole=True, begin=0, total=None)


@dataclass(frozen=True)
class Windows:
    """How windows are cut and labelled. All of it is our choice.

    Attributes:
        length: seconds that a window covers.
        hop: seconds from one to the next; each is moved by up to half a hop at random.
        seed: of those moves.
        present_px, present_share: a unit is present where its movement is farther than at rest by so many pixels, and
            by this share of its full size; by a pixel in any case.
        absent_px, absent_share: it is absent where it is farther by less than both; between the two it is unknown.
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
    """Cut every take into windows from rest, as a video is read, and measure their motion.

    Args:
        takes: as `load_takes` gives them.
        action_units: names of the labels wanted, in order.
        windows: how they are cut and labelled.
        cache_dir: a file per take is kept there, so that a broken run goes on.
        num_proc: processes that align and measure.
        progress: show a bar.

    Returns:
        The windows and spotted movements, takes in order; sample ids end in the first and last frame.
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
        f"{row['sample_id']}/f{first:05d}-{last:05d}"
        for row, part in zip(takes, parts, strict=True)
        for _, first, last in part["spans"].tolist()
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
    """Write the clips of one film: `motion_values` (W, 3, T - 1, h, w) and `spans` (W, 3): rest, first and last frame.

    They are cut by the reader of videos itself: windows from rest, wherever they lie, and each movement that it spots.
    """
    image_processor, front_end = AullmImageProcessor(), MotionFrontEnd(AullmConfig.preset("base"))
    stream = image_processor.open_stream(job.video, length=job.windows.length)
    spans = window_spans(0, stream.frames - 1, stream.fps, job.windows, zlib.crc32(job.sample_id.encode()))
    grid = WindowGrid.of(stream.fps, job.windows.length, job.windows.hop)
    reader = FaceReader(grid, WHOLE, image_processor.num_frames, [], threshold=0.5, fps=stream.fps)
    found, motion = [], []
    for chunk in stream:
        reader.add(chunk)
        clips = _clips_of(reader, chunk, spans)
        for at in range(0, len(clips), BATCH):
            pixels = torch.from_numpy(np.stack([np.stack(crops) for _, crops in clips[at : at + BATCH]]))
            motion.append(front_end.measure(pixels[:, :, None].float() / 255))
        found += [span for span, _ in clips]
    with whole_file(job.path) as unfinished:
        save_file({"motion_values": torch.cat(motion).contiguous(), "spans": torch.tensor(found)}, unfinished)


def _clips_of(
    reader: FaceReader, chunk: FaceChunk, spans: np.ndarray
) -> list[tuple[tuple[int, int, int], list[np.ndarray]]]:
    """Rest, first and last frame, and T crops, of windows that end in a chunk and of movements spotted in it."""
    last = chunk.first + len(chunk) - 1
    clips = []
    for onset, offset in spans.tolist():
        if chunk.first <= onset and chunk.first + chunk.new_from <= offset <= last:
            clips.append(((reader.rest.at(onset).number, onset, offset), reader.cut(chunk, onset, offset)))
    for target, crops in reader.take_waiting(ends=False):
        if isinstance(target, MovementClip) and target.as_spotted:  # windows are cut at places of our own
            clips.append(((target.onset, target.onset, target.offset), crops))
    return clips


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
    events: Sequence[dict], rest: int, first: int, last: int, action_units: Sequence[str], windows: Windows
) -> list[int]:
    """What a window shows, by the truth of its take: units that are on against rest in any of its frames.

    A unit that is held is on, one that was released before is not, and while it is released it is on as far as it still
    is: a clip that ends at the offset, where nothing is left of the movement, shows it as well.

    Args:
        events: of the take, see `TAKE_FEATURES`.
        rest: the frame at rest that the window is compared with.
        first, last: frames of the window.
        action_units: K names.
        windows: where "present" begins and "absent" ends.

    Returns:
        K states: 1 present, 0 absent, -1 too little to say.
    """
    states = dict.fromkeys(action_units, 0)
    frames = np.array([rest, *range(first, last + 1)])
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
    versions = [WINDOWS_VERSION, ALIGNMENT_VERSION, MEASUREMENT_VERSION]
    settings = zlib.crc32(json.dumps([asdict(windows), *versions], sort_keys=True).encode())
    return folder / f"{row['sample_id'].replace('/', '-')}-{film:08x}-{settings:08x}.safetensors"
