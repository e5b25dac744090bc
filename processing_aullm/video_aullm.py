"""Every kind of clip a user may hold, as uint8 frames: files, bytes, folders of images, lists, arrays and tensors.

Example:

    clip = open_clip("smile.mp4")
    len(clip), next(clip.frames([0])).shape
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps

from .clip_error_aullm import ClipError, ClipFault
from .video_file_aullm import VideoFile

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
HEIC_SUFFIXES = (".heic", ".heif")  # of phones' photographs, which neither OpenCV nor PIL reads
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")  # for a hint only
CHANNELS = (1, 3, 4)


class _Pictures:
    """What clips that are single pictures have in common: no frame rate, no sound, and a length that is known."""

    fps = None
    late = 0.0

    @property
    def stated_count(self) -> int:
        """Frames of the whole clip."""
        return len(self)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the first frame."""
        return next(iter(self.frames([0]))).shape[1::-1]

    def numbered(self, first: int = 0) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (number, pixels) of the pictures there are, from frame `first` on."""
        numbers = range(first, len(self))
        yield from zip(numbers, self.frames(numbers), strict=True)


class ImageFolder(_Pictures):
    """A folder of images, one a frame, in the order of the numbers in their names.

    Frame 0 is the first image. Where a number is missing, the frame before it stands for it, as a player would show it:
    the frames behind keep their times.
    """

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        # "._1.jpg" stands beside "1.jpg" where a Mac has copied it, and holds no picture
        files = [path for path in folder.iterdir() if not path.name.startswith(".")]
        self.paths = sorted((path for path in files if path.suffix.lower() in IMAGE_SUFFIXES), key=_natural_order)
        if not self.paths:
            message = f"{self.name}: the folder holds no images ({', '.join(IMAGE_SUFFIXES)})"
            video = next((p for p in sorted(files) if p.suffix.lower() in VIDEO_SUFFIXES), None)
            raise ClipError(f"{message}; name the videos in it, such as {video}" if video else message, ClipFault.EMPTY)

        self.numbers = _frame_numbers(self.paths)

    def __len__(self) -> int:
        return int(self.numbers[-1]) + 1

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[np.ndarray]:
        """Yield frames (H, W, 3) uint8 RGB at the sorted `indices`, all of them when None."""
        for index in range(len(self)) if indices is None else indices:
            if not 0 <= index < len(self):
                raise ClipError(
                    f"{self.name}: frame {index} does not exist, the folder has {len(self)}", ClipFault.NO_SUCH_FRAME
                )
            yield self._read(int(np.searchsorted(self.numbers, index, "right")) - 1)

    def numbered(self, first: int = 0) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (number, pixels) of the images there are, from frame `first` or the one that stands for it on."""
        for place in range(max(0, int(np.searchsorted(self.numbers, first, "right")) - 1), len(self.paths)):
            yield int(self.numbers[place]), self._read(place)

    def _read(self, place: int) -> np.ndarray:
        return _read_image(self.paths[place], f"{self.paths[place]}, frame {self.numbers[place]}")


class FrameList(_Pictures):
    """Frames that already stand in memory: arrays, tensors or PIL images, each grey or RGB; or paths of image files."""

    def __init__(self, images: Sequence, name: str) -> None:
        self.images = images
        self.name = name

    def __len__(self) -> int:
        return len(self.images)

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[np.ndarray]:
        """Yield frames (H, W) or (H, W, 3) uint8 at the sorted `indices`, all of them when None."""
        for index in range(len(self)) if indices is None else indices:
            yield _frame(self.images[index], f"{self.name}: frame {index}")


Clip = VideoFile | ImageFolder | FrameList


def open_clip(video: object, name: str = "clip") -> Clip:
    """Open one clip.

    Args:
        video: Path of a video file or of a folder of images, the bytes of a video file, a list of frames (PIL images,
            arrays, tensors, paths of image files), or an array or tensor (N, H, W), (N, H, W, C) or (N, C, H, W).
            Numbers are uint8, or float in [0, 1]; of PIL images also of 16 bits, 65535 the brightest.
        name: What errors call it where it has no path.

    Raises:
        ClipError: Nothing is there, or it is of no kind named above.
    """
    if isinstance(video, (VideoFile, ImageFolder, FrameList)):
        return video
    if isinstance(video, (str, Path)):
        path = Path(video)
        if path.is_dir():
            return ImageFolder(path)
        if not path.is_file():
            raise ClipError(f"{path}: no such video file or folder of images", ClipFault.NOT_FOUND)
        _refuse_heic(path, str(path))
        if _is_image_path(path):
            if _is_animated(path):
                message = f"{path}: a WebP image of several pictures is not read"
                raise ClipError(message, ClipFault.NOT_A_CLIP, "save it as a video, such as MP4, or as GIF")
            advice = "give two, at rest and at the apex, or a video, or the folder of its images"
            raise ClipError(f"{path}: one picture shows no movement", ClipFault.NOT_A_CLIP, advice)
        return VideoFile(path, str(path))
    if isinstance(video, (bytes, bytearray)):
        return VideoFile(bytes(video), name)
    if isinstance(video, (np.ndarray, torch.Tensor)) and video.ndim not in (3, 4):
        raise ClipError(
            f"{name}: an array of shape {tuple(video.shape)} is no clip; give (N, H, W) or (N, H, W, C)",
            ClipFault.NOT_A_CLIP,
        )
    if isinstance(video, (np.ndarray, torch.Tensor)) and video.ndim == 3 and video.shape[-1] in CHANNELS:
        raise ClipError(
            f"{name}: an array of shape {tuple(video.shape)} is one picture; a clip is (N, H, W) or (N, H, W, C)",
            ClipFault.NOT_A_CLIP,
        )
    if isinstance(video, (list, tuple, np.ndarray, torch.Tensor)):
        if len(video) == 0:
            raise ClipError(f"{name}: the clip holds no frames", ClipFault.EMPTY)
        return FrameList(video, name)
    raise ClipError(
        f"{name}: cannot read a clip from {type(video).__name__}; give a path, bytes, frames or an array",
        ClipFault.NOT_A_CLIP,
    )


def split_batch(videos: object) -> list:
    """Tell one clip from a batch of clips, and return a list of clips either way.

    A list is a batch when its items are clips themselves: paths of videos, bytes, lists, opened clips, arrays of
    four dimensions, or of three without a channel axis. An array of five dimensions is a batch.
    """
    if isinstance(videos, (np.ndarray, torch.Tensor)):
        return list(videos) if videos.ndim == 5 else [videos]
    if not isinstance(videos, (list, tuple)) or not len(videos) or _is_frame(videos[0]) or are_image_files(videos):
        return [videos]
    return list(videos)


def are_image_files(video: object) -> bool:
    """Whether this is a list of image files: one clip, whose frames they are."""
    return isinstance(video, (list, tuple)) and len(video) > 1 and all(map(_is_image_path, video))


def are_two_pictures(video: object) -> bool:
    """Whether this is a pair of pictures, and neither a video nor a batch: of arrays, PIL images or image files."""
    if not isinstance(video, (list, tuple, np.ndarray, torch.Tensor)) or len(video) != 2:
        return False
    return all(_is_frame(each) or _is_image_path(each) for each in video)


def refuse_other_size(name: str, number: int, pixels: np.ndarray, size: tuple[int, int]) -> None:
    """Refuse pictures of several sizes (width, height): a face is not followed from one to another.

    Raises:
        ClipError: This one has another size than the first.
    """
    if (found := pixels.shape[1::-1]) != tuple(size):
        message = "{}: frame {} is {} x {} pixels, the first is {} x {}".format(name, number, *found, *size)
        raise ClipError(f"{message}: give pictures of one size", ClipFault.NOT_A_CLIP)


def _is_image_path(item: object) -> bool:
    return isinstance(item, (str, Path)) and Path(item).suffix.lower() in IMAGE_SUFFIXES and not Path(item).is_dir()


def _is_animated(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return path.suffix.lower() == ".webp" and getattr(image, "n_frames", 1) > 1
    except OSError:  # whoever reads it says so
        return False


def _refuse_heic(path: str | Path, name: str) -> None:
    if Path(path).suffix.lower() in HEIC_SUFFIXES:
        advice = "save it as JPEG or PNG, as most programs export it"
        raise ClipError(f"{name}: photographs in the format HEIC are not read", ClipFault.UNREADABLE, advice)


def _is_frame(item: object) -> bool:
    """Whether a list's item is one picture, and not a clip."""
    if isinstance(item, Image.Image):
        return True
    if not isinstance(item, (np.ndarray, torch.Tensor)):
        return False
    return item.ndim == 2 or (item.ndim == 3 and (item.shape[-1] in CHANNELS or item.shape[0] in CHANNELS))


def _read_image(path: str | Path, name: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an image file, turned upright as a camera's note in it says."""
    try:  # `cv2.imread` opens no names with letters of other languages on Windows
        coded = np.fromfile(path, np.uint8)
    except OSError:
        coded = np.empty(0, np.uint8)
    image = cv2.imdecode(coded, cv2.IMREAD_COLOR) if coded.size else None
    if image is None:
        missing = not Path(path).is_file()
        if not missing:
            _refuse_heic(path, name)
        fault = ClipFault.NOT_FOUND if missing else ClipFault.UNREADABLE
        raise ClipError(f"{name}: {'no such image' if missing else 'not a readable image'}", fault)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _frame(image: object, name: str) -> np.ndarray:
    """One picture of any kind as (H, W) or (H, W, 3) uint8."""
    if isinstance(image, (str, Path)):
        return _read_image(image, str(image))
    if isinstance(image, Image.Image):
        return pil_pixels(ImageOps.exif_transpose(image), name)  # as image files are read
    if isinstance(image, torch.Tensor):
        image = image.detach().cpu().numpy()
    if not isinstance(image, np.ndarray) or image.ndim not in (2, 3) or 0 in image.shape:
        shape = getattr(image, "shape", type(image).__name__)
        raise ClipError(f"{name}: not a picture ({shape}); give (H, W), (H, W, C) or (C, H, W)", ClipFault.NOT_A_CLIP)
    if image.ndim == 3:
        image = _channels_last(image, name)
    if np.issubdtype(image.dtype, np.floating):
        image = _from_float(image, name)
    if image.dtype != np.uint8:
        raise ClipError(f"{name}: pixels of type {image.dtype}; give uint8, or float in [0, 1]", ClipFault.NOT_A_CLIP)
    return np.ascontiguousarray(image)


def pil_pixels(image: Image.Image, name: str) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8 of a PIL image; of 16 bits the upper eight, as OpenCV reads such files.

    Raises:
        ClipError: How bright its values mean is not known; `name` is what the error calls it.
    """
    if image.mode == "F":
        return _from_float(np.array(image), name)
    if image.mode.startswith("I"):  # PIL itself cuts off what is above 255
        deep = np.array(image)
        low, high = int(deep.min()), int(deep.max())
        if image.mode == "I" and (low < 0 or not 255 < high <= 65535):
            message = f"{name}: a PIL image of mode I with values from {low} to {high}, of unknown depth"
            raise ClipError(f"{message}; give mode L, or I;16 for 16 bits", ClipFault.NOT_A_CLIP)
        return (deep >> 8).astype(np.uint8)
    return np.array(image if image.mode == "L" else image.convert("RGB"))


def _channels_last(image: np.ndarray, name: str) -> np.ndarray:
    if image.shape[-1] not in CHANNELS:
        if image.shape[0] not in CHANNELS:
            raise ClipError(f"{name}: shape {image.shape} has no axis of 1, 3 or 4 channels", ClipFault.NOT_A_CLIP)
        image = image.transpose(1, 2, 0)
    return image[..., 0] if image.shape[-1] == 1 else image[..., :3]


def _from_float(image: np.ndarray, name: str) -> np.ndarray:
    bad = ~np.isfinite(image)
    if bad.any():
        raise ClipError(
            f"{name}: {int(bad.sum())} pixels are NaN or infinite, the first at {_first(bad)}", ClipFault.NOT_A_CLIP
        )
    low, high = float(image.min()), float(image.max())
    if low < -1e-3 or high > 1 + 1e-3:
        raise ClipError(
            f"{name}: float pixels from {low:g} to {high:g}; scale them to [0, 1] or give uint8", ClipFault.NOT_A_CLIP
        )
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(mask.argmax(), mask.shape))


def _frame_numbers(paths: Sequence[Path]) -> np.ndarray:
    """(N,) the frame of each image, rising from 0: by the last number in its name, in steps that all images share.

    Names that do not count frames (without a number, with one twice, with times of day: more than half of the numbers
    would be missing) leave the images one behind the other.
    """
    places = np.arange(len(paths))
    found = [re.findall(r"\d{1,18}", path.stem) for path in paths]
    if not all(found):
        return places
    numbers = np.array([int(each[-1]) for each in found])
    steps = np.diff(numbers)
    if not len(steps) or steps.min() < 1:
        return places
    numbers = (numbers - numbers[0]) // np.gcd.reduce(steps)
    return numbers if numbers[-1] < 2 * len(paths) else places


def _natural_order(path: Path) -> list:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]
