"""ELAN files that a coder has corrected, as the metadata.csv of `aullm prepare folder`.

    lines = read_annotations("clips/face.eaf", subject="anna")
    write_metadata(lines, "clips/metadata.csv")

A line is an annotation on the tier `movement`; its apex and its action units are the annotations on the tiers `apex`,
`AU12`, `AU12 L` and `AU12 R` that lie in it, of movements that overlap those of the same number, `movement (2)` and
`AU12 (2)` (docs/folder.md).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from pympi import Eaf

from dataset_scripts.cells.coding import FACS_CODES
from dataset_scripts.sets.folder_metadata import METADATA
from dataset_scripts.whole_files import write_whole
from processing_aullm.decoding_aullm import SAME_RATE
from processing_aullm.video_aullm import open_clip
from processing_aullm.video_file_aullm import VideoFile
from training_aullm.videos.elan import APEX, BLINK, FPS, MOVEMENT
from training_aullm.videos.played import Played
from training_aullm.videos.whose import path_of

COLUMNS = ("file_name", "subject", "action_units", "onset", "apex", "offset", "fps", "expression")
TIER = re.compile(
    r"(?P<what>movement|apex|AU *(?P<unit>\d+)(?: *(?P<side>[LR]))?)(?: \((?P<lane>\d+)\))?(?:@(?P<face>.+))?", re.I
)
LIKE_UNIT = re.compile(r"(?:[LR] *)?(?:AU|action *unit)\W*\d.*|[LR]? *\d{1,2} *[LR]?(?:@.+)?", re.I)  # meant as one
CODED = re.compile(r"[A-E]?\??")  # intensity and doubt, where the coder writes them instead of our probability
NOBODY = re.compile(r"(face\d+)?")  # a participant that says nothing of who it is
LARGEST = 0  # the face that `aullm prepare` cuts
KIND = re.compile(r"(micro|macro)\b", re.I)
MAX_TOLD = 5


@dataclass(frozen=True)
class Line:
    """A line of a metadata.csv; frame numbers, `fps` None where it is what the video states; whose face it is."""

    video: Path
    subject: str
    action_units: str
    onset: int
    apex: int | None
    offset: int
    fps: float | None
    expression: str
    face: int


@dataclass(frozen=True)
class _Mark:
    """An annotation: its tier, what that is of and its number, start and end in milliseconds, and its text."""

    tier: str
    what: str
    lane: int
    start: int
    end: int
    text: str

    def lies_in(self, movement: "_Mark") -> bool:
        """Whether more than half of it does; of an apex its first frame, which is what counts."""
        if self.what == APEX:
            return movement.start <= self.start <= movement.end
        return 2 * self._shared(movement) > self.end - self.start

    def nearness(self, movement: "_Mark") -> tuple[bool, float, bool]:
        """How well a unit fits to a movement: by a number that it has, then by the time they share, then by none."""
        shared, same = self._shared(movement), self.lane == movement.lane
        both = self.end - self.start + movement.end - movement.start - shared
        return same and self.lane > 1, shared / both, same

    def _shared(self, other: "_Mark") -> int:
        return min(self.end, other.end) - max(self.start, other.start)

    @property
    def place(self) -> str:
        """Where a coder finds it."""
        return f"{self.tier} at {self.start / 1000:.3f} s"


def read_annotations(
    path: str | Path,
    subject: str | None = None,
    video: str | Path | None = None,
    fps: float | None = None,
    face: int = 0,
) -> list[Line]:
    """The movements of one face in an ELAN file.

    Args:
        path: the file.
        subject: who it is; None: as the participant of its tiers says.
        video: what the file is about; None: the video that is linked in it.
        fps: frames per second that the camera filmed, where the video states none or plays slower; None: as the file
            says, else the video. Marks are in a player's time: no rate changes the frames that they lie on.
        face: whose tiers, where there are several: `movement@face1` is of face 1.

    Returns:
        Lines in order of time.

    Raises:
        FileNotFoundError: there is no such file, or not the video that it links to.
        ValueError: it is no ELAN file, nobody says who is in it, a tier looks like a unit and is none that is read, or
            annotations that nothing can be cut from: in no movement, after the film's end, two apices of one
            movement. All of these are named.
    """
    path = Path(path)
    eaf = _open(path)
    tiers = _chosen_tiers(path, eaf, f"face{face}")
    marks = _marks_of(eaf, tiers)
    people = [eaf.get_parameters_for_tier(name).get("PARTICIPANT") or "" for name in tiers]
    who = subject or next((each for each in people if not NOBODY.fullmatch(each)), None)
    if who is None:
        raise ValueError(f"{path}: who is in it? Give --subject NAME, or name the tiers' participant in ELAN")
    clip_path = Path(video) if video is not None else _linked(path, eaf)
    if clip_path.is_dir():
        raise ValueError(f"{path}: {clip_path} is a folder of images; ELAN files are of videos")
    clip = open_clip(clip_path)
    filmed = fps or next((float(value) for name, value in eaf.get_properties() if name == FPS), None) or clip.fps
    if filmed is None:
        raise ValueError(f"{path}: {clip_path} states no frames per second: give --fps")
    told = None if clip.fps and abs(filmed / clip.fps - 1) <= SAME_RATE else filmed
    played = Played.of(clip, filmed)
    found, last = list(_movements(path, marks)), _last_frame(path, clip, marks, played)

    def frame(milliseconds: int) -> int:
        shown = max(played.frame(milliseconds / 1000), 0)
        return min(shown, last)  # an annotation may end with the video, after its last frame

    lines = []
    for movement, apex, inside in found:
        units = "+".join(sorted(map(_coded, inside), key=_by_number))
        kind = KIND.match(movement.text)
        times = (frame(movement.start), apex and frame(apex.start), frame(movement.end))
        if times[0] >= times[2]:
            raise ValueError(f"{path}: {movement.place} ends with frame {times[2]}; a clip needs two frames at least")
        lines.append(Line(clip_path, who, units, *times, told, kind[1].lower() if kind else "", face))
    return lines


def unread_tiers(path: str | Path, face: int = 0) -> list[str]:
    """Names of the tiers with annotations of which `read_annotations` takes nothing, but for blinks as we write them.

    Args:
        path: an ELAN file.
        face: whose tiers are read.

    Raises:
        FileNotFoundError, ValueError: as `read_annotations`.
    """
    path = Path(path)
    eaf = _open(path)
    read = _chosen_tiers(path, eaf, f"face{face}")
    return [name for name in _used(eaf) if name not in read and not name.startswith(BLINK)]


def write_metadata(lines: Sequence[Line], path: str | Path) -> None:
    """Write lines as a metadata.csv, whole or not at all.

    One that is there is replaced, so that a second correction needs no thought.

    Raises:
        ValueError: there are no lines, or of a face that `aullm prepare` would not cut; a video lies outside of the
            file's folder; or the file that is there names another video or person: its lines would be lost.
    """
    path = Path(path)
    if not lines:
        raise ValueError(f"{path}: the files hold no annotation on a tier {MOVEMENT}: there is nothing to write")
    folder, names = path.parent.resolve(), {}
    for line in lines:
        video = line.video.resolve()
        if not video.is_relative_to(folder):
            raise ValueError(f"{line.video} lies outside of {path.parent}: write {METADATA} above it, with --out")
        names[line.video] = video.relative_to(folder).as_posix()
        if line.face != LARGEST:
            why = f"aullm prepare cuts the largest face of an onset, not face{line.face}, whose tiers these are"
            raise ValueError(f"{line.video}: {why}: crop the video to this person, and read and correct that one")
    kept = {(names[line.video], line.subject) for line in lines}
    if path.exists() and (lost := sorted(_named(path) - kept)):
        told = ", ".join(f"{name} of {subject}" for name, subject in lost[:MAX_TOLD])
        raise ValueError(f"{path} names {told} too, whose lines would be lost: give their .eaf as well, or delete it")
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for line in lines:
        times = ("" if value is None else value for value in (line.onset, line.apex, line.offset, line.fps))
        table.writerow((names[line.video], line.subject, line.action_units, *times, line.expression))
    write_whole(path, text.getvalue())


def _open(path: Path) -> Eaf:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        ElementTree.parse(path)  # pympi hides what is wrong with a file
        return Eaf(path, suppress_version_warning=True)
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: is no ELAN file ({error})") from error


def _used(eaf: Eaf) -> list[str]:
    """The tiers that hold an annotation."""
    return [name for name in eaf.get_tier_names() if eaf.get_annotation_data_for_tier(name)]


def _chosen_tiers(path: Path, eaf: Eaf, face: str) -> dict[str, re.Match]:
    """The tiers of one face whose names are known.

    A name without a face, or with a name that a coder gave, is of the face there is.

    Raises:
        ValueError: a name looks like a unit and is none, or leaves open of which of several faces it is: its labels
            would be lost, and lost is "absent"; or there are no tiers of this face.
    """
    tiers = {name: found for name in eaf.get_tier_names() if (found := TIER.fullmatch(name.strip()))}
    wrong = [name for name in _used(eaf) if name not in tiers and LIKE_UNIT.fullmatch(name.strip())]
    wrong += [name for name, found in tiers.items() if found["unit"] and int(found["unit"]) not in FACS_CODES]
    if wrong:
        raise ValueError(f"{path}: tier {', '.join(wrong)} is no action unit of FACS; name it such as AU12 or AU12 L")
    faces = {found["face"] for found in tiers.values()}
    named, open_ones = faces - {None}, [name for name in _used(eaf) if name in tiers and tiers[name]["face"] is None]
    if len(named) > 1 and open_ones:
        raise ValueError(f"{path}: of which face is tier {', '.join(open_ones)}? Name it such as {open_ones[0]}@{face}")
    alone = len(named) < 2 and not any(NOBODY.fullmatch(name) for name in named - {face})
    chosen = faces if alone else faces & {face}
    if tiers and not chosen:
        raise ValueError(f"{path}: has tiers of {', '.join(sorted(named))}, none of {face}")
    return {name: found for name, found in tiers.items() if found["face"] in chosen}


def _marks_of(eaf: Eaf, tiers: dict[str, re.Match]) -> list[_Mark]:
    """The annotations on tiers, in order of time."""
    marks = []
    for name, found in tiers.items():
        what = f"{(found['side'] or '').upper()}{int(found['unit'])}" if found["unit"] else found["what"].lower()
        lane = int(found["lane"] or 1)
        marks += [_Mark(name, what, lane, *each[:3]) for each in eaf.get_annotation_data_for_tier(name)]
    return sorted(marks, key=lambda mark: mark.start)


def _last_frame(path: Path, clip: VideoFile, marks: Iterable[_Mark], played: Played) -> int:
    """The film's last frame.

    Raises:
        ValueError: an annotation begins or ends after the film does.
    """
    count = clip.expected_length()
    end = max(count, clip.stated_count or count)
    late = [mark for mark in marks if played.frame(max(mark.start, mark.end) / 1000) > end]
    if late:
        told = "; ".join(f"{mark.place} to {mark.end / 1000:.3f} s" for mark in late[:MAX_TOLD])
        more = f" and {len(late) - MAX_TOLD} more" if len(late) > MAX_TOLD else ""
        over = played.seconds(end)
        raise ValueError(f"{path}: {told}{more} lies after the film's end at {over:.3f} s: shorten or remove it")
    return count - 1


def _linked(path: Path, eaf: Eaf) -> Path:
    """The video that a file links to, by the way from it, else by its address."""
    files = eaf.get_linked_files()
    ways = [path.parent / unquote(each["RELATIVE_MEDIA_URL"]) for each in files if each.get("RELATIVE_MEDIA_URL")]
    ways += [path_of(each["MEDIA_URL"]) for each in files]
    found = next((way for way in ways if way.is_file()), None)
    if found is None:
        looked = ", ".join(map(str, ways)) or "it links to none"
        raise FileNotFoundError(f"{path}: its video is not there ({looked}): give --video FILE")
    return found


def _movements(path: Path, marks: Iterable[_Mark]) -> Iterator[tuple[_Mark, _Mark | None, list[_Mark]]]:
    """Each movement with its apex and its units.

    Raises:
        ValueError: names the annotations that lie in none, or apices of which one is too many.
    """
    movements = [mark for mark in marks if mark.what == MOVEMENT]
    others = [mark for mark in marks if mark.what != MOVEMENT]
    around = {mark: [movement for movement in movements if mark.lies_in(movement)] for mark in others}
    if lost := [mark for mark, found in around.items() if not found]:
        told = "; ".join(mark.place for mark in lost[:MAX_TOLD])
        more = f" and {len(lost) - MAX_TOLD} more" if len(lost) > MAX_TOLD else ""
        raise ValueError(f"{path}: {told}{more} lies in no {MOVEMENT}: draw one around it, or remove it")
    apices = {mark: found for mark, found in around.items() if mark.what == APEX}
    units = [(mark, max(found, key=mark.nearness)) for mark, found in around.items() if mark.what != APEX]
    for movement in movements:
        yield movement, _apex_of(path, movement, apices), [mark for mark, nearest in units if nearest == movement]


def _apex_of(path: Path, movement: _Mark, apices: dict[_Mark, list[_Mark]]) -> _Mark | None:
    """Of several that lie in a movement the one of its own number, else the one that lies in no other movement.

    Raises:
        ValueError: names two of which neither comes first.
    """
    found = [apex for apex, around in apices.items() if movement in around]
    found = [apex for apex in found if apex.lane == movement.lane] or found
    if len(found) > 1:
        found = [apex for apex in found if apices[apex] == [movement]] or found
    if len(found) > 1:
        told = " and ".join(apex.place for apex in found[:2])
        raise ValueError(
            f"{path}: {told} lie in one movement, {movement.place}: leave one, or number their tiers alike"
        )
    return found[0] if found else None


def _coded(mark: _Mark) -> str:
    """ "L12B?": a unit as a cell of metadata.csv names it."""
    text = mark.text.strip().upper()
    return mark.what + (text if CODED.fullmatch(text) else "")


def _by_number(cell: str) -> tuple[int, str]:
    return int(re.sub(r"\D", "", cell)), cell


def _named(path: Path) -> set[tuple[str, str]]:
    """The videos in a metadata.csv that is there, and who is in them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {(row["file_name"], row.get("subject") or "") for row in csv.DictReader(file) if row.get("file_name")}
