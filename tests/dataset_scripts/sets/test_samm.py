"""SAMM: preamble, subjects as text, odd cells, frames named after another clip."""

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import NotAsPublished
from tests.dataset_scripts.trees.common import write_workbook
from tests.dataset_scripts.trees.samm import HEADINGS, ROWS, write_samm


@pytest.fixture
def copy(tmp_path):
    return write_samm(tmp_path / "SAMM")


def load(copy, **options):
    return load_dataset_from("samm", copy, out=copy.parent / "out", progress=False, **options)


def states(row):
    return {number: state for number, state in zip(ACTION_UNITS, row["action_units"], strict=True) if state != 0}


def test_every_clip_is_found_below_the_preamble(copy):
    table, _ = load(copy)
    assert table["clip"] == [row[1] for row in ROWS]
    assert table["subject"] == [row[0] for row in ROWS]
    assert set(table["fps"]) == {200}
    assert [len(row["frames"]) for row in table] == [9, 10, 6, 7, 7]


def test_odd_cells_yield_what_is_sure(copy):
    table, _ = load(copy)
    assert states(table[0]) == {"AU12": 1}
    assert states(table[1]) == {"AU6": -1, "AU12": -1, "AU15": 1}
    assert states(table[2]) == {"AU14": 1, "AU17": 1}
    assert states(table[3]) == {"AU12": 1}
    assert states(table[4]) == {"AU7": -1, "AU43": 1}
    assert table[0]["coded"][0]["intensity"] == "B"


def test_what_was_not_read_names_sheet_row_and_cell(copy):
    _, report = load(copy)
    told = [str(finding) for finding in report.of_kind("doubtful") if "cannot read" in finding.what]
    place = "SAMM_Micro_FACS_Codes_v2.xlsx, sheet MICRO ONLY, row {}, column Action Units: cannot read '{}'"
    assert [text.split(" in ")[0] for text in told] == [place.format(17, "soft focus"), place.format(19, "ref")]


def test_an_apex_outside_the_clip_becomes_null(copy):
    table, report = load(copy)
    assert table[3]["apex"] is None
    assert [finding.what for finding in report.of_kind("repaired")] == ["apex 90 is outside 40 to 46"]
    with pytest.raises(NotAsPublished, match="apex 90 is outside"):
        load(copy, strict=True)


def test_frames_named_after_another_clip_are_accepted_and_reported(copy):
    for path in sorted((copy / "006" / "006_1_2").iterdir()):
        path.rename(path.with_name(path.name.replace("006_", "009_")))
    table, report = load(copy)
    assert [len(row["frames"]) for row in table] == [9, 10, 6, 7, 7]
    told = {finding.where.split()[0]: finding for finding in report.findings if "are named" in finding.what}
    assert told["006/006_1_2"].what == "frames are named '009_' and not '006_'"
    assert not told["006/006_1_2"].known
    assert told["013/013_1_8"].known and "013_1_7_" in told["013/013_1_8"].what


def test_a_subject_written_as_a_number_is_found(tmp_path):
    copy = write_samm(tmp_path / "SAMM", ROWS[:1])
    write_workbook(copy / "SAMM_Micro_FACS_Codes_v2.xlsx", [HEADINGS, [6, *ROWS[0][1:]]])
    table, _ = load(copy)
    assert table["subject"] == ["006"]


def test_crops_beside_the_sheet_are_called_cropped(tmp_path):
    copy = write_samm(tmp_path / "SAMM_CROP", side=400)
    _, report = load(copy)
    assert report.frames == "cropped"
    (told,) = [finding for finding in report.of_kind("doubtful") if "were asked for" in finding.what]
    assert told.what == "raw frames were asked for, and these pictures are 400 pixels wide or high"


def test_raw_frames_are_never_called_cropped(copy):
    _, report = load(copy, frames="cropped")
    assert report.frames == "raw" and any("were asked for" in finding.what for finding in report.findings)


def test_known_typing_errors_pass_strict(tmp_path):
    rows = [
        ["032", "032_3_1", 1, 4900, 1930, 4960, 61, "Micro", 4, "Anger", "III", None],
        ["028", "028_4_1", 1, 10, 40, 30, 21, "Micro", 4, "Anger", "III", None],
    ]
    table, report = load(write_samm(tmp_path / "SAMM", rows), strict=True)
    assert sorted(table["apex"], key=str) == [30, None]
    assert [finding.known for finding in report.of_kind("repaired")] == [True, True]
