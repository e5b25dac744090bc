"""The image processor: a clip of any kind becomes T aligned grey face crops.

Example:

    image_processor = AullmImageProcessor(num_frames=6, size=224)
    image_processor("smile.mp4", onset=10, offset=40, return_tensors="pt")["pixel_values"]  # (1, 6, 1, 224, 224)
"""

import hashlib
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature

from .alignment_aullm import ALIGNMENT_VERSION, AlignedClip, FaceAligner, Framing, WhichFace
from .blendshape_network_aullm import BlendshapeModel
from .clip_error_aullm import ClipError, ClipFault
from .decoding_aullm import NumberedFrames
from .face_networks_aullm import BlendshapeFiles, FaceFiles
from .geometry_aullm import resize_matrix, to_gray
from .landmarks_aullm import BlazeFaceDetector, FaceDetector, FaceMesh, LandmarkModel
from .stream_aullm import FaceStream
from .video_aullm import Clip, open_clip, split_batch
from .video_file_aullm import VideoFile

FIELDS = ("num_frames", "size", "align", "framing")
RECORD = "settings_sha256"  # of these fields as they were saved


class AullmImageProcessor(BaseImageProcessor):
    """Samples T frames of each clip, aligns the face, and returns grey crops in [0, 1].

    Args:
        num_frames: T, frames sampled evenly between onset and offset, both included.
        size: S, side of the crop in pixels: 224 in `base`, 64 in `paper`.
        align: Whether a clip's face is searched and aligned; False for clips that are registered already, which are
            only resized. A call may say otherwise.
        framing: Where the face stands in the crop, the fields of `Framing`; None is the packaged framing.
    """

    alignment_version: ClassVar = ALIGNMENT_VERSION  # of this class, which may have been loaded from a Hub folder
    model_input_names: ClassVar = ["pixel_values", "crop_transforms", "frame_indices"]

    def __init__(
        self,
        num_frames: int = 6,
        size: int = 224,
        align: bool = True,
        framing: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if num_frames < 2:
            raise ValueError(f"num_frames is {num_frames}: motion needs at least 2 frames")
        if size < 16:
            raise ValueError(f"size is {size}: a crop needs at least 16 pixels a side")
        self.num_frames = num_frames
        self.size = size
        self.align = align
        self.framing = Framing(**(framing or {})).to_dict()
        self._face_files, self._blendshape_files = FaceFiles.packaged(), BlendshapeFiles.packaged()
        self._blendshapes: BlendshapeModel | None = None
        self._aligner: FaceAligner | None = None

    def use_faces(self, detector: FaceDetector, mesh: LandmarkModel) -> None:
        """Find faces with these instead of the packaged networks."""
        self._aligner = FaceAligner(detector, mesh, Framing(**self.framing))

    def preprocess(
        self,
        videos: object,
        onset: int | Sequence[int | None] | None = None,
        offset: int | Sequence[int | None] | None = None,
        align: bool | None = None,
        face: WhichFace = 0,
        return_tensors: str | None = None,
    ) -> BatchFeature:
        """Turn clips into the model's pixels.

        Args:
            videos: One clip or a batch: whatever `open_clip` reads, or what `align_video` gave.
            onset: First frame of the movement, one for all or one a clip; None is the first frame there is.
            offset: Last frame of the movement, included; None is the last frame there is.
            align: Overrides `self.align`.
            face: Which face to follow: its place by size in the first frame that is read, the largest is 0, or its
                box there as a reading has it (left, top, right, bottom).
            return_tensors: "pt" for torch tensors, "np" for arrays.

        Returns:
            `pixel_values` float32 (B, T, 1, S, S) in [0, 1]; `crop_transforms` float32 (B, T, 2, 3), which take crop
            pixels to pixels of the source frame; `frame_indices` int64 (B, T).

        Raises:
            ClipError: A clip cannot be read, is too short, or shows no face; the message names clip and frame.
            ValueError: Onset or offset is no number of a frame, as 3.7 or NaN.
        """
        clips = split_batch(videos)
        onsets, offsets = _per_clip("onset", onset, len(clips)), _per_clip("offset", offset, len(clips))
        align = self.align if align is None else align
        crops, transforms, indices = zip(
            *(
                self._sample(clip, f"clip {i}", first, last, align, face)
                for i, (clip, first, last) in enumerate(zip(clips, onsets, offsets, strict=True))
            ),
            strict=True,
        )
        data = {
            "pixel_values": np.stack(crops)[:, :, None].astype(np.float32) / 255,
            "crop_transforms": np.stack(transforms).astype(np.float32),
            "frame_indices": np.stack(indices).astype(np.int64),
        }
        return BatchFeature(data, tensor_type=return_tensors)

    def align_video(self, video: object, face: WhichFace = 0) -> AlignedClip:
        """Align a whole video once: windows of it then cost no alignment.

        Every frame is aligned to the first one that shows a face, so the `AlignedClip` may be given to `preprocess`
        repeatedly with other onsets and offsets. The clip ends where the face leaves the frame, with a warning.

        Args:
            video: Whatever `open_clip` reads.
            face: Which face to follow: its place by size in the first frame that is read, the largest is 0, or its
                box there as a reading has it (left, top, right, bottom).

        Raises:
            ClipError: The video cannot be read or shows no face at all.
        """
        clip = open_clip(video, "video")
        aligned = self.aligner.align(clip.frames(), self.size, clip.name, face=face, skip_empty=True)
        aligned.fps = clip.fps
        if aligned.lost:
            warnings.warn(f"{clip.name}: {aligned.lost}; the video is cut there", stacklevel=2)
        return aligned

    def open_stream(
        self,
        video: object,
        faces: int = 1,
        start: float | None = None,
        end: float | None = None,
        fps: float | None = None,
        length: float = 0.5,
        second_opinion: bool = False,
        known: Sequence[Sequence[float]] = (),
    ) -> FaceStream:
        """Open a video of any length; iterating over what this gives follows its faces, a few seconds at a time.

        Args:
            video: Whatever `open_clip` reads.
            faces: How many faces to follow at the same time, by size; one that was followed before comes first.
            start: Seconds from the first frame where to start; a file is not decoded before it.
            end: Seconds where to end; None is the video's end.
            fps: Frames per second; None takes what the file says.
            length: Seconds that a window covers: what neighbouring chunks overlap by.
            second_opinion: Whether blendshapes are read, too.
            known: Boxes (left, top, right, bottom) of faces in the first frame that were followed before.

        Raises:
            FileNotFoundError: A second opinion is asked for and its networks are missing.
            ClipError: The video cannot be read, or start and end name no part of it.
            ValueError: The frame rate is not known, an option is out of range, or `align` is off.
        """
        if not self.align:
            raise ValueError(
                "this processor has align=False, for clips that are registered already, but a video is read by "
                "following its faces: give registered clips to the processor itself, or set align=True"
            )
        frames = NumberedFrames(open_clip(video, "video"), start=start, end=end, fps=fps)
        blendshapes = self.blendshapes if second_opinion else None
        return FaceStream(
            self.aligner, frames, self.size, faces=faces, length=length, blendshapes=blendshapes, known=known
        )

    @property
    def blendshapes(self) -> BlendshapeModel:
        """Reads blendshapes, its networks read at the first use."""
        if self._blendshapes is None:
            self._blendshapes = BlendshapeModel.load(self._blendshape_files)
        return self._blendshapes

    @property
    def aligner(self) -> FaceAligner:
        """The face aligner, its networks read at the first use."""
        self.load_face_networks()
        return self._aligner

    def load_face_networks(self) -> None:
        """Read the networks, where none were read or given yet.

        Raises:
            FileNotFoundError: Their files are missing.
            ValueError: One is damaged.
        """
        if self._aligner is None:
            files = self._face_files
            self.use_faces(BlazeFaceDetector.load(files), FaceMesh.load(files))

    def _sample(
        self, video: object, name: str, onset: int | None, offset: int | None, align: bool, face: WhichFace
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One clip's crops (T, S, S) uint8, transforms (T, 2, 3) and frame indices (T,)."""
        if isinstance(video, AlignedClip):
            indices = sample_indices(video.first, video.last, onset, offset, self.num_frames, name)
            crops = video.crops[indices - video.first]
            return _resize_all(crops, self.size), video.transforms[indices - video.first], indices
        clip = open_clip(video, name)
        if isinstance(clip, VideoFile) and offset is not None:
            # Counting a file's frames would decode all of it; a frame that is missing is named when it is picked.
            last = max(onset or 0, offset)
        elif len(clip) < 2:
            message = f"{clip.name}: {len(clip)} frame is not enough, motion needs at least 2"
            raise ClipError(message, ClipFault.TOO_SHORT)
        else:
            last = len(clip) - 1
        indices = sample_indices(0, last, onset, offset, self.num_frames, clip.name)
        try:
            return self._sample_frames(clip, indices, align, face)
        except ClipError as error:
            if error.code is not ClipFault.NO_SUCH_FRAME or last < len(clip):
                raise
            # Frames before it are missing, too, and one of those was looked for first: nobody has named that one.
            message = f"{clip.name}: frame {last} does not exist, the video has {len(clip)} frames"
            raise ClipError(message, ClipFault.NO_SUCH_FRAME) from error

    def _sample_frames(
        self, clip: Clip, indices: np.ndarray, align: bool, face: WhichFace
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `_sample`, of these frames."""
        if align:
            return self._sample_aligned(clip, indices, face)
        frames = [to_gray(frame) for frame in clip.frames(indices)]
        transforms = [resize_matrix(frame.shape[1], frame.shape[0], self.size) for frame in frames]
        return _resize_all(frames, self.size), np.stack(transforms), indices

    def _sample_aligned(
        self, clip: Clip, indices: np.ndarray, face: WhichFace
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `_sample`, aligned; a clip that loses its face is sampled again up to there."""
        aligned = self.aligner.align(clip.frames(indices), self.size, clip.name, indices=indices, face=face)
        while aligned.lost:
            last = int(indices[aligned.last])
            if last == indices[0]:
                message = f"{clip.name}: {aligned.lost}, which leaves fewer than 2 frames from onset {last}"
                raise ClipError(message, ClipFault.TOO_SHORT)
            warnings.warn(f"{clip.name}: {aligned.lost}; the clip is cut after frame {last}", stacklevel=2)
            indices = sample_indices(0, last, int(indices[0]), last, self.num_frames, clip.name)
            aligned = self.aligner.align(clip.frames(indices), self.size, clip.name, indices=indices, face=face)
        return aligned.crops, aligned.transforms, indices

    def save_face_networks(self, folder: str | Path) -> list[str]:
        """Copy the face networks into a folder, so that a processor loaded from there finds them."""
        return [path for files in (self._face_files, self._blendshape_files) for path in files.copy_to(Path(folder))]

    def save_pretrained(self, save_directory: str | Path, push_to_hub: bool = False, **kwargs) -> list[str]:
        """Save the configuration, this code and the face networks, so that the folder works on its own."""
        files = super().save_pretrained(str(save_directory), **kwargs) + self.save_face_networks(save_directory)
        if push_to_hub:
            self.push_to_hub(kwargs.pop("repo_id", Path(save_directory).name), **kwargs)
        return files

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs) -> "AullmImageProcessor":
        """Load from a folder or a Hub id; the face networks come from the same place and revision."""
        files = [kind.from_pretrained(pretrained_model_name_or_path, **kwargs) for kind in (FaceFiles, BlendshapeFiles)]
        loaded = super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        processor = loaded[0] if isinstance(loaded, tuple) else loaded
        processor._face_files, processor._blendshape_files = files
        return loaded

    @classmethod
    def from_dict(cls, image_processor_dict: dict, **kwargs) -> "AullmImageProcessor":
        """As in transformers; settings that were edited in the file are refused, those of `kwargs` are a wish.

        Raises:
            ValueError: A setting is not the one that was saved.
        """
        saved, settings = image_processor_dict.get(RECORD), {k: image_processor_dict.get(k) for k in FIELDS}
        if saved is not None and saved != _digest(settings):
            raise ValueError(
                f"processor_config.json: {', '.join(FIELDS)} of the image processor are not those saved with it, and "
                f"decide about every crop. If they were changed on purpose, take {RECORD} out, load, and save again"
            )
        kept = {name: value for name, value in image_processor_dict.items() if name != RECORD}
        return super().from_dict(kept, **kwargs)

    def to_dict(self) -> dict:
        """The fields that a configuration file holds, and their digest."""
        fields = {name: getattr(self, name) for name in FIELDS}
        fields[RECORD] = _digest(fields)
        if getattr(self, "auto_map", None):
            fields["auto_map"] = dict(self.auto_map)
        return {**fields, "image_processor_type": type(self).__name__}


AullmImageProcessor.register_for_auto_class("AutoImageProcessor")


def _digest(settings: dict) -> str:
    """SHA-256 over settings as a file holds them."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def sample_indices(
    first: int, last: int, onset: int | None, offset: int | None, num_frames: int, name: str
) -> np.ndarray:
    """Indices of `num_frames` frames spread evenly from onset to offset, both included.

    A clip with fewer frames than asked for repeats some of them: no frame is invented.

    Args:
        first: Index of the first frame there is.
        last: Index of the last frame there is.
        onset: First frame wanted, None for `first`.
        offset: Last frame wanted, None for `last`.
        num_frames: How many.
        name: What errors call the clip.

    Raises:
        ClipError: Onset or offset lie outside of the clip, stand in the wrong order, or are the same frame.
    """
    onset, offset = first if onset is None else onset, last if offset is None else offset
    for field, value in (("onset", onset), ("offset", offset)):
        if not first <= value <= last:
            message = f"{name}: {field} {value} is outside of the clip's frames {first} to {last}"
            raise ClipError(message, ClipFault.NO_SUCH_FRAME)
    if onset >= offset:
        message = f"{name}: onset {onset} must come before offset {offset}; motion needs at least 2 frames"
        raise ClipError(message, ClipFault.BAD_SPAN)
    return np.rint(np.linspace(onset, offset, num_frames)).astype(np.int64)


def _per_clip(field: str, value: int | Sequence[int | None] | None, count: int) -> list[int | None]:
    """One number of a frame for each clip, from one for all or a list.

    Raises:
        ValueError: Other than one for each clip, or no number of a frame.
    """
    if value is None or np.ndim(value) == 0:
        return [_frame_number(field, value)] * count
    if len(value) != count:
        raise ValueError(f"{field} has {len(value)} values for {count} clips: give one, or one for each clip")
    return [_frame_number(f"{field} of clip {i}", item) for i, item in enumerate(value)]


def _frame_number(what: str, value: object) -> int | None:
    """A whole number of any library; a table's are floats where one is missing."""
    if value is None:
        return None
    number = np.asarray(value)
    if number.dtype.kind not in "iuf" or not float(number).is_integer():
        raise ValueError(f"{what} is {value!r}: give the number of a frame, counted from 0, or None for the clip's end")
    return int(number)


def _resize_all(frames: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Grey frames of any size as (T, S, S), averaged over areas where they shrink."""
    return np.stack([_resize(frame, size) for frame in frames])


def _resize(frame: np.ndarray, size: int) -> np.ndarray:
    if frame.shape == (size, size):
        return frame
    smaller = min(frame.shape) > size
    return cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
