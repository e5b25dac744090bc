"""Anyone's clips: videos or folders of frames and a metadata.csv, in the convention of `videofolder`: docs/folder.md.

    table, report = load_dataset_from("folder", "my_clips", out="tables/my_clips")

Frames count from 0 in a video, and by the number in their name in a folder of images.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm.auto import tqdm

from dataset_scripts.frames.frame_files import FolderFrames, list_frames
from dataset_scripts.frames.video_clips import VIDEO_SUFFIXES, VideoClip, VideoError, open_video
from dataset_scripts.layout import PICTURES, FrameFolder, Frames, Layout, Release
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow, unique_names
from dataset_scripts.sets.folder_metadata import (
    MAX_MISTAKES,
    METADATA,
    MetadataRow,
    read_metadata,
    refuse,
)

_FPS = "fps"
_ANY_FPS = 25
"""For the layout, which must name one; every clip of a folder has its own."""


@dataclass(frozen=True)
class ImageClip:
    """A folder of images with its frames per second. Fulfils `layout.Frames`."""

    images: FolderFrames
    fps: float

    @property
    def numbers(self) -> Sequence[int]:
        """Frame numbers in the file names."""
        return self.images.numbers

    def read(self, numbers: Sequence[int]) -> list[bytes]:
        """The image files as they are."""
        return self.images.read(numbers)

    def signature(self, numbers: Sequence[int]) -> str:
        """Names and sizes of the files."""
        return self.images.signature(numbers)


def read_folder(data_dir: Path, release: Release, report: Report) -> list[ClipRow]:
    """Read metadata.csv and look at every clip it names.

    Args:
        data_dir: the folder.
        release: not used, there is one.
        report: told of clips that metadata.csv does not name.

    Returns:
        One row a line.

    Raises:
        FileNotFoundError: no metadata.csv.
        MetadataError: mistakes in it, clips that cannot be opened, frames that do not exist; all at once.
    """
    problems, rows, unread = [], [], []
    lines = read_metadata(data_dir, unread)
    for where, column in unread:
        report.add("doubtful", where, f"column {column} is not one that is read", "left out")
    for line in tqdm(lines, desc="looking at clips", unit="clip", delay=2, leave=False):
        try:
            frames = _open(line.path, line.fps)
            _check_frames(line, frames)
        except VideoError as error:
            problems.append(f"{line.where}, file_name: {error}")
        except _Wrong as error:
            problems.append(f"{line.where}, {error}")
        else:
            rows.append(_row(line, frames, data_dir))
        if len(problems) == MAX_MISTAKES:
            break
    refuse(data_dir, problems)
    _tell_unnamed(data_dir, lines, report)
    return unique_names(rows, True, report)


def open_clip(path: Path, row: ClipRow) -> Frames:
    """The frames of a video file or of a folder of images.

    Args:
        path: of the clip. row: whose `others` hold its frames per second.

    Returns:
        Its frames, with `fps`.
    """
    return _open(path, float(row.others[_FPS]))


class _Wrong(ValueError):
    """A column and what is wrong with it."""


def _open(path: Path, fps: float | None) -> VideoClip | ImageClip:
    if path.is_file():
        video = open_video(path)
        if not (fps or video.fps):
            raise _Wrong("fps: is empty, and the video does not state it either")
        return VideoClip(video.path, video.numbers, fps or video.fps)
    images = list_frames(path, None, False)
    if not fps:
        raise _Wrong("fps: is empty; a folder of frames must be told its frames per second")
    if images.others:
        raise _Wrong(f"file_name: {images.others[0]!r} in {path.name} has no number at the end of its name")
    if images.twice:
        raise _Wrong(f"file_name: {images.twice[0]!r} in {path.name} has the number of another file there")
    return ImageClip(images, fps)


def _check_frames(line: MetadataRow, frames: VideoClip | ImageClip) -> None:
    there = frames.numbers
    for column in ("onset", "apex", "offset"):
        number = getattr(line, column)
        if number is not None and number not in there:
            at = bisect(there, number)
            near = f" with gaps, {there[at - 1]} and {there[at]} are nearest" if 0 < at < len(there) else ""
            raise _Wrong(f"{column}: there is no frame {number}; {line.file_name} has {there[0]} to {there[-1]}{near}")
    if len(there) < 2:
        raise _Wrong(f"file_name: {line.file_name} has {len(there)} frame; a clip needs two")


def _row(line: MetadataRow, frames: VideoClip | ImageClip, data_dir: Path) -> ClipRow:
    return ClipRow(
        subject=line.subject,
        clip=_name(line),
        coding=line.coding,
        coded_text=line.cell,
        onset=line.onset,
        apex=line.apex,
        offset=line.offset,
        emotion=line.emotion,
        objective_class=None,
        sheet=line.where,
        row=0,
        folder=line.path.relative_to(data_dir).as_posix(),
        split=line.split,
        others={_FPS: repr(float(frames.fps))},
        coded_units=line.coded_units,
        expression=line.expression,
    )


def _name(line: MetadataRow) -> str:
    """The clip's name: its path without the ending of a video, "_" between folders, after the name of its split."""
    path = PurePosixPath(line.split or "", line.file_name.replace("\\", "/"))
    return "_".join((path.with_suffix("") if line.path.is_file() else path).parts)


def _tell_unnamed(data_dir: Path, lines: list[MetadataRow], report: Report) -> None:
    """Videos and folders of images that no line names."""
    named = {line.path.resolve() for line in lines}
    for path in sorted(data_dir.rglob("*")):
        place = path.parent if path.suffix.lower() in PICTURES else path
        holder = place.resolve()
        known = path.suffix.lower() in (*VIDEO_SUFFIXES, *PICTURES) and not path.name.startswith("._")
        if known and holder not in named:
            named.add(holder)
            where = place.relative_to(data_dir).as_posix()  # a linked clip lies elsewhere
            report.add("doubtful", where, f"no line of {METADATA} names it", "not in the table")


LAYOUT = Layout(
    name="folder",
    title="a folder of clips",
    releases=(Release("1", (), {}, {"raw": FrameFolder("{clip}", _ANY_FPS)}),),
    optional_times=True,
    expression=None,
    longest=None,
    open_ends=True,
    empty_cell="none",
    read_rows=read_folder,
    open_frames=open_clip,
)
