"""The rows of a licensed copy, one parquet file per subject, so that a run that was cut off goes on where it stopped.

A file is written anew where its clips, their pictures or the policy have changed (`fingerprint`).
"""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from unicodedata import normalize

from PIL import Image, UnidentifiedImageError

from dataset_scripts.cells.coding import State
from dataset_scripts.cells.facs import DEFAULT_POLICY, Policy, states
from dataset_scripts.clip_files import findings_of, write_clips
from dataset_scripts.frames.reconcile import MIN_FRAMES, ClipPlan, Notes
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.layout import Layout, Release
from dataset_scripts.report import Finding
from dataset_scripts.schema import FEATURES, complete_row

VERSION = 1
"""Raised when rows come out differently from the same copy."""

_ENDINGS = ((b"\xff\xd8", b"\xff\xd9"), (b"\x89PNG", b"IEND"))


@dataclass(frozen=True)
class Recipe:
    """What all rows of a build share.

    Attributes:
        layout, release: the data set. frames: the choice of frames. policy: what counts as present.
    """

    layout: Layout
    release: Release
    frames: str
    policy: Policy = DEFAULT_POLICY

    def sample_id(self, plan: ClipPlan) -> str:
        """The clip's id, unique over all data sets."""
        return f"{self.layout.name}/{plan.row.subject}/{plan.row.clip}"

    def vector(self, plan: ClipPlan) -> list[int]:
        """The clip's three-valued labels over ACTION_UNITS."""
        state = self._states(plan)
        return [state[int(name.removeprefix("AU"))] for name in ACTION_UNITS]

    def present(self, plan: ClipPlan) -> set[int]:
        """Numbers of the units that count as present, also beyond ACTION_UNITS."""
        return {number for number, state in self._states(plan).items() if state == 1}

    def in_doubt(self, plan: ClipPlan) -> set[int]:
        """Numbers of the units that the cell names and that stay unknown."""
        state = self._states(plan)
        return {unit.number for unit in plan.row.coding.units if state[unit.number] == -1}

    def _states(self, plan: ClipPlan) -> dict[int, State]:
        """The state of every unit of FACS; what was not coded is unknown, whatever doubtful units count as."""
        coded = self.layout.coded_units if plan.row.coded_units is None else plan.row.coded_units
        state = states(plan.row.coding, self.policy)
        return {number: state[number] if coded is None or number in coded else -1 for number in state}


def make_row(recipe: Recipe, plan: ClipPlan) -> tuple[dict | None, list[Finding]]:
    """Read a clip's pictures and write its row.

    Args:
        recipe: what all rows share. plan: of the clip.
    Returns:
        The row, None where too few pictures are whole; and what was found while reading.
    """
    notes = Notes(plan.row, {})
    pictures = dict(zip(plan.numbers, plan.frames.read(plan.numbers), strict=True))
    broken = [number for number, picture in pictures.items() if not is_whole(picture)]
    if broken:
        shown = ", ".join(map(str, broken[:5])) + (", ..." if len(broken) > 5 else "")
        notes.add("repaired", f"pictures that are empty or cut off: {len(broken)} ({shown})", "left out")
    numbers = [number for number in plan.numbers if number not in broken]
    inside = [number for number in numbers if plan.onset <= number <= plan.offset]
    if len(inside) < MIN_FRAMES:
        notes.add("dropped", f"whole pictures from onset to offset: {len(inside)}", f"a clip needs {MIN_FRAMES}")
        return None, notes.findings
    apex = None if plan.apex is None else min(inside, key=lambda number: (abs(number - plan.apex), number))
    open_ends = recipe.layout.open_ends
    row = complete_row(
        sample_id=recipe.sample_id(plan),
        data_set=recipe.layout.name,
        label_release=recipe.release.name,
        subject=plan.row.subject,
        clip=plan.row.clip,
        frames=[pictures[number] for number in numbers],
        fps=plan.fps,
        onset=None if open_ends and plan.row.onset is None else numbers.index(inside[0]),
        apex=None if apex is None else numbers.index(apex),
        offset=None if open_ends and plan.row.offset is None else numbers.index(inside[-1]),
        action_units=recipe.vector(plan),
        emotion=plan.row.emotion,
        objective_class=plan.row.objective_class,
        coded=[asdict(unit) for unit in plan.row.coding.units],
        coded_text=plan.row.coded_text,
        split=plan.row.split,
        expression=plan.row.expression,
    )
    return row, notes.findings


def is_whole(picture: bytes) -> bool:
    """Whether the bytes are a picture with its beginning and its end. Nothing is decoded."""
    for start, end in _ENDINGS:
        if picture.startswith(start):
            return end in picture.rstrip(b"\0")[-2048:]
    if picture.startswith(b"BM"):
        return len(picture) >= int.from_bytes(picture[2:6], "little")
    try:
        with Image.open(io.BytesIO(picture)):
            return True
    except UnidentifiedImageError:
        return False


def file_names(subjects: Iterable[str]) -> dict[str, str]:
    """The name of each subject's file; signs that no file system likes are replaced and a hash keeps it unique.

    Args:
        subjects: all of one folder.
    Returns:
        Subject -> name.
    """
    names = {}
    for subject, name in apart(subjects).items():
        safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in subject)
        names[subject] = f"subject-{name if safe == subject else _hashed(safe, subject)}.parquet"
    return names


def apart(names: Iterable[str]) -> dict[str, str]:
    """Names for files of their own also on macOS and Windows, where letter case does not count, nor how a letter is
    composed: a hash is added to those that differ in nothing else.

    Args:
        names: all of one folder.
    Returns:
        Each name -> what its file may be called.
    """
    plain = {name: normalize("NFC", name).casefold() for name in names}
    alike = Counter(plain.values())
    return {name: name if alike[plain[name]] == 1 else _hashed(name, name) for name in plain}


def _hashed(name: str, of: str) -> str:
    return f"{name}-{hashlib.sha256(of.encode()).hexdigest()[:6]}"


def write_subject(path: Path, recipe: Recipe, plans: list[ClipPlan]) -> list[Finding]:
    """Write a subject's file, unless it is there and made from the same things.

    Args:
        path: of the file. recipe: what all rows share. plans: the subject's clips, in order.
    Returns:
        What was found while its pictures were read, now or when the file was written.
    """
    made_of = fingerprint(recipe, plans)
    findings = findings_of(path, made_of)
    if findings is not None:
        return findings
    return write_clips(path, (make_row(recipe, plan) for plan in plans), FEATURES.arrow_schema, made_of)


def fingerprint(recipe: Recipe, plans: list[ClipPlan]) -> str:
    """A hash of everything that decides a subject's rows, of pictures what `Frames.signature` says."""
    digest = hashlib.sha256(repr((VERSION, recipe.layout.name, recipe.release.name, recipe.frames)).encode())
    digest.update(repr((recipe.policy, recipe.layout.coded_units, list(FEATURES))).encode())
    for plan in plans:
        settled = replace(plan, frames=None, numbers=tuple(plan.numbers))
        digest.update(repr(settled).encode() + plan.frames.signature(plan.numbers).encode())
    return digest.hexdigest()[:16]


def natural(name: str) -> tuple:
    """A key that sorts "s2" before "s10"."""
    pieces = re.split(r"(\d+)", name.lower())
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(pieces))
