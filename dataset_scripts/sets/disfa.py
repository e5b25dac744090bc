"""DISFA: 27 people watch a film of four minutes; 12 units with an intensity of 0 to 5 in each frame. Macro-expressions.

A unit counts as present from intensity 2. The recordings are cut into clips: `episodes` tells how. The release is the
camera.

Source: Mavadati et al., "DISFA: a spontaneous facial action intensity database", IEEE Transactions on Affective
Computing 4(2), 2013. The split is the three groups of subjects of most papers, as in the lists of CVI-SZU/ME-GraphAU.
"""

from pathlib import Path

from dataset_scripts.frames.video_clips import VideoClip, VideoError, open_video
from dataset_scripts.layout import FrameFolder, Layout, Release, what_is_in
from dataset_scripts.recordings.episodes import Cutting
from dataset_scripts.recordings.frame_codes import NoCodes, read_disfa_codes
from dataset_scripts.recordings.recordings import episode_rows
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow

FPS = 20
FIRST_FRAME = 1
CUTTING = Cutting(present=2)
LABELS = "ActionUnit_Labels"
_PARTS = {
    "part 1": "SN001 SN002 SN009 SN010 SN016 SN026 SN027 SN030 SN032",
    "part 2": "SN006 SN011 SN012 SN013 SN018 SN021 SN024 SN028 SN031",
    "part 3": "SN003 SN004 SN005 SN007 SN008 SN017 SN023 SN025 SN029",
}
SPLITS = {subject: part for part, subjects in _PARTS.items() for subject in subjects.split()}
"""Subject -> part; each part is the test set of one fold."""


def read_labels(data_dir: Path, release: Release, report: Report) -> list[ClipRow]:
    """Cut every subject's recording by its labels.

    Args:
        data_dir: the user's copy.
        release: the camera.
        report: told of missing files and lines.

    Returns:
        One row an episode.

    Raises:
        FileNotFoundError: no labels; says what was looked for and what was found.
    """
    folder = next((each for each in (data_dir / LABELS, data_dir / LABELS / LABELS) if any(each.glob("SN*"))), None)
    if folder is None:
        raise FileNotFoundError(
            f"no labels of DISFA below {data_dir}. Looked for {LABELS}/SN001/SN001_au1.txt. "
            f"Found {what_is_in(data_dir)}"
        )
    rows = []
    for subject in sorted(path for path in folder.glob("SN*") if path.is_dir()):
        try:
            codes = read_disfa_codes(subject, report)
        except NoCodes as error:
            report.add("dropped", subject.name, str(error), "without labels there is nothing to cut")
            continue
        sheet, split = f"{LABELS}/{subject.name}", SPLITS.get(subject.name)
        rows += episode_rows(subject.name, subject.name, codes, FPS, CUTTING, sheet, split, graded=True)
    return rows


def open_recording(path: Path, row: ClipRow) -> VideoClip:
    """A subject's video, its frames counted as the labels count them.

    Args:
        path: of the video. row: not used.

    Returns:
        Its frames; none where the file is no readable video.
    """
    try:
        video = open_video(path, FIRST_FRAME)
    except VideoError:
        return VideoClip(path, ())
    return VideoClip(path, video.numbers)


def _camera(side: str) -> Release:
    roots = (f"Videos_{side}Camera", f"Video_{side}Camera", ".")
    return Release(side.lower(), (), {}, {"raw": FrameFolder(f"{side}Video{{subject}}_comp.avi", FPS, roots)})


LAYOUT = Layout(
    name="disfa",
    title="DISFA",
    releases=(_camera("Left"), _camera("Right")),
    optional_times=True,
    expression="macro",
    longest=None,
    shared_folders=True,
    read_rows=read_labels,
    open_frames=open_recording,
    unchecked=(
        "all folders and file names: ActionUnit_Labels/SN001/SN001_au4.txt, Videos_LeftCamera/LeftVideoSN001_comp.avi",
        "frame 1 of the labels is the first frame of the video",
    ),
)
