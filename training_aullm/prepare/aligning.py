"""One clip of any data set becomes the clip that is trained on: cut to its movement, its face held still, kept as PNG.

    row, findings = prepare_clip(row, ClipForm(), AullmImageProcessor(size=224).aligner)

A clip that cannot be used comes back as None, and a finding says why: nothing is dropped in silence.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from dataset_scripts.report import Finding
from processing_aullm import ClipError, ClipFault
from processing_aullm.alignment_aullm import FaceAligner
from training_aullm.clips.stored_frames import EncodedFrames, marks_of

CLIP_VERSION = "2"
"""Raised when the same aligned frames become another prepared clip, so that sets are prepared anew."""

PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]
"""Level 1: 27 kB and 1.0 ms for a 224-px crop; level 6 saves 5 % and takes 5 ms. JPEG at 95 leaves 0.4 grey levels."""


@dataclass(frozen=True)
class ClipForm:
    """How clips are stored.

    Attributes:
        align: find the face and hold it still; False keeps the frames byte for byte.
        size: side of an aligned crop in pixels.
        whole: keep the frames before the onset and after the offset too.
    """

    align: bool = True
    size: int = 224
    whole: bool = False

    def __post_init__(self):
        if self.size < 32:
            raise ValueError(f"size is {self.size}: an aligned crop needs at least 32 pixels a side")


@dataclass(frozen=True)
class _Stretch:
    """Frames `first` to `last` of a clip as they are stored, and what was found on the way."""

    frames: list[bytes]
    first: int
    findings: tuple[tuple[str, str], ...] = ()

    @property
    def last(self) -> int:
        return self.first + len(self.frames) - 1


def prepare_clip(row: dict, form: ClipForm, aligner: FaceAligner | None) -> tuple[dict | None, list[Finding]]:
    """Cut and align one clip.

    Args:
        row: of `dataset_scripts.schema.FEATURES`, with frames as {"bytes", "path"}.
        form: how it is stored.
        aligner: holds the face; None where `form.align` is False.

    Returns:
        The row as it is stored, or None where the clip cannot be used; and what was repaired, dropped or is doubtful.
    """
    name, frames = row["sample_id"], EncodedFrames(row["frames"], row["sample_id"])
    try:
        first, last = _span(row, len(frames), form.whole)
        stretch = _held(frames, row, first, last, form, aligner) if form.align else _kept(frames, first, last)
        _check_movement(row, stretch)
    except ClipError as error:
        return None, [Finding("dropped", name, _told(error, name), "the clip is left out")]
    findings = [Finding("repaired", name, what, why) for what, why in stretch.findings]
    marks = {mark: None if row[mark] is None else row[mark] - stretch.first for mark in ("onset", "apex", "offset")}
    if marks["offset"] is not None:
        marks["offset"] = min(marks["offset"], len(stretch.frames) - 1)
    if marks["apex"] is not None and not 0 <= marks["apex"] < len(stretch.frames):
        outside = f"frame {row['apex']} lies outside of the frames kept, {stretch.first} to {stretch.last}"
        findings.append(Finding("doubtful", name, f"apex: {outside}", "the apex is left open"))
        marks["apex"] = None
    return {**row, **marks, "frames": [{"bytes": frame, "path": None} for frame in stretch.frames]}, findings


def _span(row: dict, count: int, whole: bool) -> tuple[int, int]:
    """First and last frame to keep; onset and offset are checked on the way."""
    onset, _, offset = marks_of(row)
    if not 0 <= onset < offset < count:
        raise ClipError(
            f"{row['sample_id']}: onset {row['onset']} and offset {row['offset']} of the frames 0 to {count - 1}: "
            "the onset must come before the offset, and both must be frames of the clip",
            ClipFault.BAD_SPAN,
        )
    return (0, count - 1) if whole else (onset, offset)


def _kept(frames: EncodedFrames, first: int, last: int) -> _Stretch:
    """The stored bytes themselves; each is decoded once, so that a broken image is found now."""
    for index in range(first, last + 1):
        _ = frames[index]
    return _Stretch([frames.encoded(index) for index in range(first, last + 1)], first)


def _held(frames: EncodedFrames, row: dict, first: int, last: int, form: ClipForm, aligner: FaceAligner) -> _Stretch:
    """Every frame held on the onset frame: forward to the end, and backward through the lead-in.

    Where the onset is not known, the first frame that shows a face takes its place.
    """
    onset = first if row["onset"] is None else row["onset"]
    ahead = range(onset, last + 1)
    forward = aligner.align(
        _looked_at(frames, ahead), form.size, frames.name, indices=ahead, skip_empty=row["onset"] is None
    )
    start, crops, findings = onset + forward.first, list(forward.crops), []
    if start > onset:
        findings.append((f"no face before frame {start}", "the clip begins there"))
    if forward.lost:
        findings.append((forward.lost, f"the clip ends with frame {start + len(crops) - 1}"))
    if row["onset"] is not None and first < start:
        back = range(start, first - 1, -1)
        lead = aligner.align(_looked_at(frames, back), form.size, frames.name, indices=back)
        crops = [*lead.crops[:0:-1], *crops]
        start -= len(lead.crops) - 1
        if lead.lost:
            findings.append((lead.lost, f"the lead-in begins with frame {start}"))
    return _Stretch([_png(crop) for crop in crops], start, tuple(findings))


def _check_movement(row: dict, stretch: _Stretch) -> None:
    """Refuse what an early end leaves without a movement to see."""
    why = "; ".join(what for what, _ in stretch.findings)
    if len(stretch.frames) < 2:
        message = f"{row['sample_id']}: {why or 'one frame'}: fewer than 2 frames are left"
        raise ClipError(message, ClipFault.TOO_SHORT)
    onset, _, offset = marks_of(row)
    seen_to = onset if row["apex"] is None else row["apex"]
    if stretch.last < offset and stretch.last <= seen_to:
        message = f"{row['sample_id']}: {why}, which leaves the movement out (apex at frame {row['apex']})"
        raise ClipError(message, ClipFault.TOO_SHORT)


def _told(error: ClipError, name: str) -> str:
    """What went wrong, without the clip's name in front and advice for other callers behind."""
    return error.message.removeprefix(f"{name}: ")


def _looked_at(frames: EncodedFrames, indices: range) -> Iterator[np.ndarray]:
    return (frames[index] for index in indices)


def _png(crop: np.ndarray) -> bytes:
    return cv2.imencode(".png", crop, PNG)[1].tobytes()
