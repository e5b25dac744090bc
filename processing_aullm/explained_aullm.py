"""An explanation with its pictures: what a pipeline hands out, and what is drawn from it.

inputs, pictures = read_clip(processor, "face.mp4", onset=60, offset=85)
explanation = {**explain(model, **inputs)[0], **pictures}
draw(explanation, "attention", action_unit="AU12")  # (H, W, 3) uint8
magnify(explanation, factor=8)  # (T, H, W, 3) uint8
"""

import numpy as np
from transformers.image_processing_utils import BatchFeature

from .alignment_aullm import WhichFace
from .geometry_aullm import to_rgb
from .magnify_aullm import largest_factor, magnify_motion
from .pictures_aullm import close_up, draw_attention, draw_motion
from .reading_types_aullm import ClipPictures, PicturedExplanation
from .sentences_aullm import describe, place_name
from .video_aullm import open_clip, refuse_other_size

KINDS = ("attention", "motion")


def read_clip(
    processor, video: object, onset: int | None = None, offset: int | None = None, face: WhichFace = 0
) -> tuple[BatchFeature, ClipPictures]:
    """The model's inputs for one clip, and the pictures they were made from.

    Args:
        processor: an `AullmProcessor`.
        video: whatever `open_clip` reads.
        onset, offset: first and last frame of the movement, both included; None: of the video.
        face: which face: its place by size at the onset, the largest is 0, or its box there as a reading has it.

    Returns:
        Tensors for the model, and the pictures: T frames with their numbers and crops.

    Raises:
        ClipError: the clip cannot be read, a frame does not exist, or no face is seen.
    """
    clip = open_clip(video)
    inputs = processor(videos=[clip], onset=onset, offset=offset, face=face, return_tensors="pt")
    indices = inputs["frame_indices"][0].numpy()
    frames = [to_rgb(frame) for frame in clip.frames(indices.tolist())]
    for number, frame in zip(indices, frames, strict=True):
        refuse_other_size(clip.name, number, frame, frames[0].shape[1::-1])
    pictures: ClipPictures = {
        "onset": int(indices[0]),
        "offset": int(indices[-1]),
        "frame_indices": indices,
        "crops": np.rint(inputs["pixel_values"][0, :, 0].numpy() * 255).astype(np.uint8),
        "frames": np.stack(frames),
        "crop_transforms": inputs["crop_transforms"][0].numpy().astype(np.float64),
    }
    return inputs, pictures


def apex_step(displacement: np.ndarray) -> int:
    """Which sampled frame (1 to T - 1) shows the largest movement: the mean over the tenth of cells that moved most."""
    moved = np.hypot(displacement[:, 0], displacement[:, 1]).reshape(len(displacement), -1)
    most = np.sort(moved, axis=1)[:, -max(1, moved.shape[1] // 10) :]
    return 1 + int(most.mean(1).argmax())


def draw(
    explanation: PicturedExplanation, kind: str, action_unit: str | None = None, factor: float | None = None
) -> np.ndarray:
    """One picture on the original pixels of the frame with the largest movement.

    Args:
        explanation: of the model and `read_clip`, as one dict.
        kind: "attention" (of `action_unit`) or "motion" (arrows, `factor` times as long as the movement).
        action_unit: for "attention"; None takes the most probable one.
        factor: for "motion"; None takes 10, or less where arrows would leave the face.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: an unknown kind or action unit, or a picture of what this model does not have.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} cannot be drawn: choose one of {', '.join(KINDS)}")
    step, size = shown_step(explanation), explanation["crops"].shape[-1]
    frame, transform = explanation["frames"][step], explanation["crop_transforms"][step]
    if kind == "motion":
        return draw_motion(frame, transform, _displacement(explanation)[step - 1], size, factor)
    name = action_unit or max(explanation["probabilities"], key=explanation["probabilities"].get)
    if name not in explanation["attentions"]:
        known = ", ".join(explanation["attentions"]) or "none: the model has no graph of action units"
        raise ValueError(f"action_unit={name!r} has no attention map; there are maps for {known}")
    return draw_attention(frame, transform, explanation["attentions"][name], size)


def shown_step(explanation: PicturedExplanation) -> int:
    """Position of the frame that pictures are drawn on: the largest movement, or the middle where none is measured."""
    displacement = explanation["displacement"]
    return len(explanation["frames"]) // 2 if displacement is None else apex_step(displacement)


def magnify(explanation: PicturedExplanation, factor: float = 8.0) -> np.ndarray:
    """The sampled frames with movements made larger; `factor` is taken down where faces would tear.

    Args:
        explanation: as in `draw`.
        factor: 1 shows the original frames.

    Returns:
        (T, H, W, 3) uint8.

    Raises:
        ValueError: the model measures no displacement.
    """
    size = explanation["crops"].shape[-1]
    motion = _displacement(explanation)
    return magnify_motion(explanation["frames"], explanation["crop_transforms"], motion, size, factor)


def most_magnified(explanation: PicturedExplanation) -> float:
    """The largest factor that `magnify` uses for this clip."""
    return largest_factor(_displacement(explanation), explanation["crops"].shape[-1])


def zoom(explanation: PicturedExplanation, side: int = 640, margin: float = 0.15) -> PicturedExplanation:
    """The same explanation with frames that show the face only; `draw` and `magnify` work on it as before.

    Args:
        explanation: as in `draw`.
        side: of the square frames, in pixels.
        margin: room around the crop, as a part of its side.
    """
    frames, transforms = close_up(
        explanation["frames"], explanation["crop_transforms"], explanation["crops"].shape[-1], side, margin
    )
    return {**explanation, "frames": frames, "crop_transforms": transforms}


def _displacement(explanation: PicturedExplanation) -> np.ndarray:
    if explanation["displacement"] is None:
        raise ValueError("this model does not measure how far skin moves (front_end='led'): no motion can be drawn")
    return explanation["displacement"]


class ExplainedClips:
    """What a processor does with explanations, so that a pipeline reaches it; see the functions of the same names."""

    def read_clip(
        self, video: object, onset: int | None = None, offset: int | None = None, face: WhichFace = 0
    ) -> tuple[BatchFeature, ClipPictures]:
        """Inputs for the model and the pictures they were made from."""
        return read_clip(self, video, onset=onset, offset=offset, face=face)

    draw = staticmethod(draw)
    magnify = staticmethod(magnify)
    most_magnified = staticmethod(most_magnified)
    zoom = staticmethod(zoom)
    describe = staticmethod(describe)
    place_name = staticmethod(place_name)
