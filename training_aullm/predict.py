"""Action units over time in a video of any length: one alignment, then sliding windows.

    model, processor = load_model("runs/demo")
    timeline, aligned = predict_video("face.mp4", model, processor)
    timeline.write_json("face.json")

The face is found and held still **once for the whole video**; every window then is a slice of the aligned frames, its
first frame taken as the onset. A window must be about as long as the clips that the model was trained on
(micro-expressions last under half a second), because the motion of a longer one mixes several events.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from modeling_aullm import AullmForActionUnitDetection
from processing_aullm import AlignedClip, AullmImageProcessor, AullmProcessor, ClipError

MODEL_FOLDER = "model"


@dataclass(frozen=True)
class Timeline:
    """Probabilities of K action units in W windows of one video.

    Attributes:
        video: the file.
        fps: frames per second of the video.
        action_units: the K names.
        starts, ends: (W,) seconds from the video's first frame; a window covers [start, end].
        probabilities: (W, K) in [0, 1].
        threshold: at and above it an action unit counts as present.
    """

    video: str
    fps: float
    action_units: tuple[str, ...]
    starts: np.ndarray
    ends: np.ndarray
    probabilities: np.ndarray
    threshold: float = 0.5

    @property
    def centres(self) -> np.ndarray:
        """(W,) the middle of each window, in seconds."""
        return (self.starts + self.ends) / 2

    def peaks(self) -> list["Peak"]:
        """Per action unit its highest probability, when it is reached, and the spans at or above the threshold."""
        best = self.probabilities.argmax(axis=0)
        return [
            Peak(name, float(self.probabilities[w, k]), float(self.centres[w]), self._spans(k))
            for k, (name, w) in enumerate(zip(self.action_units, best, strict=True))
        ]

    def _spans(self, k: int) -> list[tuple[float, float]]:
        """Runs of neighbouring windows at or above the threshold, as (first centre, last centre) in seconds."""
        above = np.concatenate([[False], self.probabilities[:, k] >= self.threshold, [False]])
        edges = np.flatnonzero(above[1:] != above[:-1])
        return [
            (float(self.centres[a]), float(self.centres[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]

    def write_json(self, path: str | Path) -> None:
        """Write every window and the peaks, rounded to four places."""
        windows = [
            {"start": round(float(start), 4), "end": round(float(end), 4), "probabilities": _rounded(row)}
            for start, end, row in zip(self.starts, self.ends, self.probabilities, strict=True)
        ]
        content = {
            "video": self.video,
            "fps": self.fps,
            "threshold": self.threshold,
            "action_units": list(self.action_units),
            "peaks": [asdict(peak) for peak in self.peaks()],
            "windows": windows,
        }
        Path(path).write_text(json.dumps(content, indent=2) + "\n", "utf-8")


@dataclass(frozen=True)
class Peak:
    """Where one action unit is strongest: its probability there, the time in seconds, and the spans of presence."""

    action_unit: str
    probability: float
    at: float
    spans: list[tuple[float, float]]


def window_slices(frames: int, fps: float, length: float, hop: float) -> list[tuple[int, int]]:
    """Cut a video into windows that overlap.

    Args:
        frames: number of frames.
        fps: frames per second.
        length: seconds that a window covers.
        hop: seconds from the start of one window to that of the next.

    Returns:
        (first, last) frame of each window, both included. A video shorter than one window gives one window over all
        of it; the last window ends with the video.

    Raises:
        ValueError: fewer than two frames, or a length, hop or frame rate that is not above zero.
    """
    if frames < 2:
        raise ValueError(f"{frames} frame(s) hold no motion: a window needs at least two")
    for name, value in (("fps", fps), ("length", length), ("hop", hop)):
        if not value > 0:
            raise ValueError(f"{name}={value} must be above zero")
    span = min(max(round(length * fps), 1), frames - 1)
    step = max(round(hop * fps), 1)
    firsts = list(range(0, frames - span, step))
    if firsts[-1] != frames - 1 - span:
        firsts.append(frames - 1 - span)
    return [(first, first + span) for first in firsts]


def load_model(source: str | Path) -> tuple[AullmForActionUnitDetection, AullmProcessor]:
    """Load model and processor of a run of ours, of a published folder, or of a Hub id.

    Args:
        source: a run's folder (its model stands in `model/`), a folder with a `config.json`, or a Hub id.

    Returns:
        The model, ready to infer, and its processor.

    Raises:
        FileNotFoundError: the folder exists but holds no model.
    """
    folder = Path(source)
    if (folder / MODEL_FOLDER / "config.json").is_file():
        folder = folder / MODEL_FOLDER
    elif folder.exists() and not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds neither config.json nor {MODEL_FOLDER}/config.json: pass a run's folder"
        )
    name = str(folder) if folder.exists() else str(source)
    return AullmForActionUnitDetection.from_pretrained(name).eval(), load_processor(name)


def load_processor(name: str) -> AullmProcessor:
    """Load a processor with our own classes: no code that lies in the folder or repository is run.

    Args:
        name: a folder or a Hub id.

    Returns:
        The processor, as `AutoProcessor.from_pretrained(name, trust_remote_code=True)` gives it.
    """
    parts = [AullmImageProcessor.from_pretrained(name), PreTrainedTokenizerFast.from_pretrained(name)]
    settings, _ = AullmProcessor.get_processor_dict(name)
    return AullmProcessor.from_args_and_dict(parts, settings)


def predict_video(
    video: str | Path,
    model: AullmForActionUnitDetection,
    processor: AullmProcessor,
    length: float = 0.5,
    hop: float = 0.1,
    threshold: float = 0.5,
    fps: float | None = None,
    face: int = 0,
    batch_size: int = 16,
) -> tuple[Timeline, AlignedClip]:
    """Align a video once and score sliding windows of it.

    Args:
        video: a video file or a folder of images.
        model: in eval mode.
        processor: the model's own.
        length: seconds that a window covers. Our choice: 0.5, the longest that the training clips last.
        hop: seconds from one window to the next.
        threshold: at and above it an action unit counts as present.
        fps: frames per second; None takes what the file states.
        face: which face to follow, counted by size from the largest, 0.
        batch_size: windows per forward pass.

    Returns:
        The timeline, and the aligned clip it was read from.

    Raises:
        ClipError: the video cannot be read, is too short or shows no face.
        ValueError: the frame rate is not known.
    """
    aligned = processor.image_processor.align_video(video, face=face)
    fps = fps or aligned.fps
    if not fps:
        raise ValueError(f"{video} states no frame rate: pass the frames per second (--fps)")
    if len(aligned.crops) < 2:
        raise ClipError(f"{video}: a face is seen in frame {aligned.first} only; motion needs at least 2 frames")
    slices = window_slices(len(aligned.crops), fps, length, hop)
    first = np.array([start for start, _ in slices]) + aligned.first
    last = np.array([end for _, end in slices]) + aligned.first
    probabilities = []
    for at in range(0, len(slices), batch_size):
        batch = slice(at, at + batch_size)
        count = len(first[batch])
        inputs = processor(
            videos=[aligned] * count, onset=first[batch].tolist(), offset=last[batch].tolist(), return_tensors="pt"
        )
        probabilities.append(_forward(model, inputs))
    names = tuple(model.config.id2label[k] for k in range(len(model.config.id2label)))
    return Timeline(str(video), fps, names, first / fps, last / fps, np.concatenate(probabilities), threshold), aligned


@torch.inference_mode()
def _forward(model: AullmForActionUnitDetection, inputs: dict[str, torch.Tensor]) -> np.ndarray:
    """(B, K) probabilities of one batch of windows."""
    wanted = ("pixel_values", "input_ids", "attention_mask", "au_positions")
    logits = model(**{name: inputs[name].to(model.device) for name in wanted}).logits
    return logits.float().sigmoid().cpu().numpy()


def _rounded(row: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in row]
