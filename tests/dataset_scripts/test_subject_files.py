"""One file a subject: whole pictures, names of files, order of subjects, labels over a set's own units."""

import io
import unicodedata
from dataclasses import replace

import pytest
from PIL import Image

from dataset_scripts.cells.facs import parse_cell
from dataset_scripts.frames.reconcile import ClipPlan
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.layout import FrameFolder, Layout, Release
from dataset_scripts.rows import ClipRow
from dataset_scripts.subject_files import Recipe, file_names, fingerprint, is_whole, natural

RELEASE = Release("1", (), {}, {"raw": FrameFolder("{subject}", 30)})


class Pictures:
    """Two frames that claim to be in a given state."""

    numbers = (1, 2)

    def __init__(self, state="as it was"):
        self.state = state

    def signature(self, numbers):
        return f"{self.state} {tuple(numbers)}"


def picture(kind, size=64):
    buffer = io.BytesIO()
    Image.effect_noise((size, size), 50).save(buffer, kind)
    return buffer.getvalue()


def plan(cell="4+7", coded_units=None, pictures=None):
    row = ClipRow("s1", "c1", parse_cell(cell), cell, 1, 2, 2, None, None, "sheet", 2, coded_units=coded_units)
    return ClipPlan(row, pictures or Pictures(), (1, 2), 1, 2, 2, 30)


def vector(cell, layout_units=None, clip_units=None):
    recipe = Recipe(Layout("x", "X", (RELEASE,), coded_units=layout_units), RELEASE, "raw")
    states = recipe.vector(plan(cell, clip_units))
    return {int(name[2:]): state for name, state in zip(ACTION_UNITS, states, strict=True)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_picture_that_was_cut_off_is_not_whole(kind):
    whole = picture(kind)
    assert is_whole(whole)
    assert is_whole(whole + b"\0" * 5000)
    assert not is_whole(whole[: len(whole) // 2])


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\0" * 100])
def test_what_is_no_picture_is_not_whole(content):
    assert not is_whole(content)


def test_other_kinds_of_pictures_are_taken():
    assert is_whole(picture("TIFF"))


def test_file_names_are_safe_and_differ():
    assert file_names(["sub01", "spNO.1"]) == {"sub01": "subject-sub01.parquet", "spNO.1": "subject-spNO.1.parquet"}
    names = set(file_names(["a/b", "a b", "a_b"]).values())
    assert len(names) == 3 and not any("/" in name or " " in name for name in names)


@pytest.mark.parametrize("alike", [["Anna", "anna"], ["STRASSE", "straße"], ["\uac01", "\u1100\u1161\u11a8"]])
def test_file_names_differ_where_case_or_composed_letters_do_not_count(alike):
    """As on macOS and Windows. Names of the others stay as they are."""
    names = file_names([*alike, "ben"])
    seen = {unicodedata.normalize("NFC", name).casefold() for name in names.values()}
    assert len(seen) == 3 and names["ben"] == "subject-ben.parquet"
    assert names == file_names(["ben", *reversed(alike)]) and names[alike[0]] != file_names(alike[:1])[alike[0]]


def test_subjects_sort_by_number():
    assert sorted(["sub10", "sub2", "Sub1", "pilot"], key=natural) == ["pilot", "Sub1", "sub2", "sub10"]


def test_units_that_a_set_does_not_code_stay_unknown():
    states = vector("4", layout_units=(1, 4, 12))
    assert (states[4], states[1], states[12], states[7]) == (1, 0, 0, -1)


def test_a_clip_can_know_better_which_units_were_coded():
    states = vector("4", layout_units=(1, 4, 12), clip_units=(4, 7))
    assert (states[4], states[7], states[1], states[12]) == (1, 0, -1, -1)


def test_the_fingerprint_follows_cells_pictures_and_policy():
    recipe = Recipe(Layout("x", "X", (RELEASE,)), RELEASE, "raw")
    same = fingerprint(recipe, [plan()])
    assert same == fingerprint(recipe, [plan()])
    others = [plan("4"), plan(pictures=Pictures("touched")), plan(coded_units=(4,))]
    assert len({same, *(fingerprint(recipe, [other]) for other in others)}) == 4
    assert fingerprint(Recipe(recipe.layout, RELEASE, "cropped"), [plan()]) != same


def test_the_fingerprint_is_the_same_however_frame_numbers_are_kept():
    recipe = Recipe(Layout("x", "X", (RELEASE,)), RELEASE, "raw")
    many, few = replace(plan(), numbers=range(1, 3)), replace(plan(), numbers=(1, 2))
    assert fingerprint(recipe, [many]) == fingerprint(recipe, [few])
