"""An explanation of one movement in a video, as a page and as numbers.

model, processor = load_model("runs/demo")
explanation = explain_video("face.mp4", model, processor, onset=60, offset=85)
write_explanation(Path("runs/explanations/face"), explanation)

Tested in tests/commands/test_explain.py.
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dataset_scripts.labels import AU_MEANINGS
from dataset_scripts.whole_files import whole_file
from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.explanation_aullm import explain
from processing_aullm import AullmProcessor
from processing_aullm.alignment_aullm import WhichFace
from processing_aullm.explained_aullm import read_clip, shown_step
from processing_aullm.reading_types_aullm import PicturedExplanation
from processing_aullm.sentences_aullm import describe
from training_aullm.figures.explanation import chosen_units, draw_explanation
from training_aullm.videos.whose import WAYS, ways_to

PICTURES = ("crops", "frames")  # what a JSON file leaves out


class VideoExplanation(PicturedExplanation):
    """An explanation with the file's path and the frame that pictures are drawn on."""

    video: str
    apex: int


def explain_video(
    video: str | Path,
    model: AullmForActionUnitDetection,
    processor: AullmProcessor,
    onset: int | None = None,
    offset: int | None = None,
    face: WhichFace = 0,
) -> VideoExplanation:
    """Explain one movement.

    Args:
        video: a video file or a folder of images.
        model: in evaluation mode.
        processor: the model's own.
        onset, offset: first and last frame of the movement, both included; None: of the video.
        face: which face: its place by size at the onset, the largest is 0, or its box there as a reading has it.

    Returns:
        Everything of `modeling_aullm.explanation_aullm.explain` and `processing_aullm.explained_aullm.read_clip`.

    Raises:
        ClipError: the video cannot be read, or shows no face at the onset.
    """
    inputs, pictures = read_clip(processor, video, onset=onset, offset=offset, face=face)
    explanation = {"video": str(video), **explain(model, **inputs)[0], **pictures}
    return {**explanation, "apex": int(pictures["frame_indices"][shown_step(explanation)])}


def write_explanation(
    base: Path, explanation: VideoExplanation, action_units: Sequence[str] = (), threshold: float = 0.5
) -> tuple[Path, Path]:
    """Write BASE.png and BASE.json, each whole or not at all.

    Args:
        base: path without a suffix.
        explanation: of `explain_video`.
        action_units: units that the page shows in detail; empty: those present.
        threshold: at and above it an action unit counts as present.

    Returns:
        Both paths.

    Raises:
        ValueError: a unit that the model does not know.
    """
    chosen_units(explanation, action_units, threshold)
    picture, numbers = base.with_name(f"{base.name}.png"), base.with_name(f"{base.name}.json")
    span = f"frames {explanation['onset']} to {explanation['offset']}"
    title = f"{Path(explanation['video']).name}, {span}: what moved, and why the model thinks so"
    with tempfile.TemporaryDirectory() as folder, whole_file(picture) as unfinished:
        page = Path(folder) / "page.png"
        draw_explanation(page, explanation, title, AU_MEANINGS, action_units, threshold)
        shutil.copyfile(page, unfinished)
    with whole_file(numbers) as unfinished:
        found = {"video": explanation["video"], WAYS: ways_to([explanation["video"]], numbers), **explanation}
        unfinished.write_text(explanation_json(found, threshold), "utf-8")
    return picture, numbers


def explanation_json(explanation: VideoExplanation, threshold: float = 0.5) -> str:
    """All numbers of an explanation, and its sentences; pixels are left out.

    Args:
        explanation: of `explain_video`.
        threshold: at and above it an action unit counts as present.
    """
    numbers = {name: value for name, value in explanation.items() if name not in PICTURES}
    sentences = describe(explanation, threshold)
    return json.dumps({**numbers, "threshold": threshold, "sentences": sentences}, default=_plain) + "\n"


def _plain(value: np.ndarray) -> list:
    """Arrays as lists, of six digits where they are no whole numbers: small ones, as those of attention, add up too."""
    if value.dtype.kind != "f":
        return value.tolist()
    rounded = [float(f"{number:.6g}") for number in value.flatten().tolist()]
    return np.reshape(rounded, value.shape).tolist()
