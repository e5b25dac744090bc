"""Rows of a sheet as clips: subjects, names, frame numbers, cells."""

import pytest

from dataset_scripts.cells.facs import Coding, states
from dataset_scripts.layout import FrameFolder, Layout, Release, numbered
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow, unique_names
from dataset_scripts.sets.casme2 import LAYOUT
from dataset_scripts.sheets.sheet_rows import read_rows
from tests.dataset_scripts.trees.common import write_computed, write_table

HEADINGS = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units"]


def rows_of(tmp_path, *body, layout=LAYOUT, headings=HEADINGS):
    path = write_table(tmp_path / "sheet.csv", [headings, *body])
    report = Report("casme2", "2019-07-01")
    return read_rows(layout, [(layout.releases[0], path)], report), report


def test_a_row_becomes_a_clip(tmp_path):
    (row,), report = rows_of(tmp_path, ["1", "EP02_01f", "46", "59.0", "86", "4+7"])
    assert (row.subject, row.clip, row.onset, row.apex, row.offset) == ("sub01", "EP02_01f", 46, 59, 86)
    assert (row.coding.text(), row.coded_text, row.place) == ("4+7", "4+7", "sheet.csv, row 2")
    assert report.findings == []


@pytest.mark.parametrize("text", ["/", "\\", "", "-", "?", "n/a"])
def test_a_frame_number_that_is_not_given(tmp_path, text):
    (row,), report = rows_of(tmp_path, ["1", "a", "46", text, "86", "4"])
    assert row.apex is None and report.findings == []


def test_a_frame_number_that_cannot_be_read_is_told(tmp_path):
    (row,), report = rows_of(tmp_path, ["1", "a", "46", "about 50", "86", "4"])
    assert row.apex is None
    assert str(report.findings[0]).startswith("sheet.csv, row 2, column ApexFrame: cannot read 'about 50' as a frame")


def test_what_the_grammar_cannot_read_is_told_with_sheet_row_and_cell(tmp_path):
    _, report = rows_of(tmp_path, ["1", "a", "1", "2", "3", "4"], ["1", "b", "1", "2", "3", "R14+612+soft focus"])
    assert [str(finding) for finding in report.of_kind("doubtful")] == [
        "sheet.csv, row 3, column Action Units: cannot read '612' in 'R14+612+soft focus' "
        "(column coded_text; what is not named is unknown)",
        "sheet.csv, row 3, column Action Units: cannot read 'soft focus' in 'R14+612+soft focus' "
        "(column coded_text; what is not named is unknown)",
    ]


@pytest.mark.parametrize("text", ["2014-04-07", "2014/4/7 0:00:00", "7-Apr", "Apr-07", "4月7日", "07/04/2014"])
def test_days_are_taken_as_not_given_and_told_once(tmp_path, text):
    body = [["1", name, "1", text, "9", text] for name in "abc"]
    rows, report = rows_of(tmp_path, *body)
    assert all(row.apex is None and row.coding == Coding(rest_unknown=True) for row in rows)
    assert rows[0].coded_text == text
    (finding,) = report.findings
    assert finding.what == (
        "cells that are days: 3 in column Action Units (row 2, 3, 4); 3 in column ApexFrame (row 2, 3, 4)"
    )
    assert "a spreadsheet program made them" in finding.why


def test_formulas_are_no_action_units_and_told_once(tmp_path):
    sheet, report = write_computed(tmp_path / "sheet.xlsx", ["=6+12", "=4-7", "=4*7"], onset="=40+6"), Report("x", "1")
    rows = read_rows(LAYOUT, [(LAYOUT.releases[0], sheet)], report)
    assert [row.coded_text for row in rows] == ["6+12", "formula =4-7", "formula =4*7"]
    assert [row.onset for row in rows] == [46] * 3 and rows[0].coding.text() == "6+12"
    assert rows[1].coding == rows[2].coding == Coding(rest_unknown=True)
    (finding,) = report.findings
    assert finding.what == "cells that are formulas: 2 in column Action Units (row 3, 4)"


@pytest.mark.parametrize("text", ["1.20E+15", "1,2E+15"])
def test_a_number_made_of_units_is_told_with_what_happened(tmp_path, text):
    (row,), report = rows_of(tmp_path, ["1", "a", "1", "2", "3", text])
    assert set(states(row.coding).values()) == {-1} and row.coded_text == text
    (finding,) = report.findings
    assert finding.kind == "doubtful" and finding.where == "sheet.csv, row 2, column Action Units"
    assert finding.what == f"{text!r} is a number that a spreadsheet program made of units such as 12E+14"
    assert finding.why == "all are unknown; write the cell as the coder did to have them"


@pytest.mark.parametrize("text", ["?", "/", "\\"])
def test_a_clip_without_any_known_unit_is_told(tmp_path, text):
    (row,), report = rows_of(tmp_path, ["1", "a", "1", "2", "3", text])
    assert row.coding == Coding(rest_unknown=True)
    assert [finding.what for finding in report.findings] == [f"{text!r} names no action unit"]


def test_an_empty_cell_is_unknown_and_told_or_means_no_unit(tmp_path):
    (row,), report = rows_of(tmp_path, ["1", "a", "1", "2", "3", ""])
    assert row.coding.rest_unknown and report.findings[0].what == "no action units are written"
    plain = Layout("x", "X", LAYOUT.releases, empty_cell="none")
    (row,), report = rows_of(tmp_path, ["1", "a", "1", "2", "3", ""], layout=plain)
    assert row.coding == Coding() and report.findings == []


def test_a_blank_subject_is_that_of_the_row_above(tmp_path):
    rows, report = rows_of(tmp_path, ["1", "a", "1", "2", "3", "4"], ["", "b", "1", "2", "3", "4"])
    assert [row.subject for row in rows] == ["sub01", "sub01"]
    assert [finding.kind for finding in report.findings] == ["repaired"]


def test_rows_without_a_clip_are_dropped_and_told(tmp_path):
    rows, report = rows_of(tmp_path, ["1", "a", "1", "2", "3", "4"], ["", "", "", "", "", "total: 1"])
    assert len(rows) == 1
    assert (report.findings[0].kind, report.findings[0].where) == ("dropped", "sheet.csv, row 3")


def test_a_subject_that_became_a_fraction_is_its_whole_number(tmp_path):
    rows, report = rows_of(tmp_path, ["2.0", "a", "1", "2", "3", "4"], ["2", "b", "1", "2", "3", "4"])
    assert [row.subject for row in rows] == ["sub02", "sub02"] and report.findings == []
    release = Release("1", (), {"subject": ("Subject",), "clip": ("Filename",)}, {}, ("subject",))
    plain = Layout("x", "X", (release,), has_units=False)
    rows, _ = rows_of(tmp_path, ["2.0", "3.0"], ["s2.0", "b"], layout=plain, headings=HEADINGS[:2])
    assert [(row.subject, row.clip) for row in rows] == [("2", "3"), ("s2.0", "b")]


def test_other_columns_are_kept(tmp_path):
    (row,), _ = rows_of(tmp_path, ["1", "a", "1", "2", "3", "4", "yes"], headings=[*HEADINGS, "Glasses"])
    assert dict(row.others) == {"Glasses": "yes"}


def test_a_sheet_without_units_leaves_all_unknown_with_one_word(tmp_path):
    release = Release("1", (), {"subject": ("Subject",), "clip": ("Filename",), "units": ("AU",)}, {}, ("subject",))
    rows, report = rows_of(tmp_path, ["1", "a"], ["1", "b"], layout=Layout("x", "X", (release,)), headings=HEADINGS[:2])
    assert all(row.coding.rest_unknown and row.coded_text is None for row in rows)
    assert [finding.what for finding in report.findings] == ["no column of action units"]


def clip(name, onset, subject="s1"):
    return ClipRow(subject, name, Coding(), "", onset, None, 99, None, None, "sheet", 2)


def test_names_that_occur_again_get_their_onset():
    report = Report("x", "1")
    rows = unique_names([clip("a", 3), clip("a", 21), clip("b", 3), clip("a", 3, "s2")], False, report)
    assert [(row.clip, row.folder) for row in rows] == [("a@3", "a"), ("a@21", "a"), ("b", "b"), ("a", "a")]
    assert len(report.of_kind("repaired")) == 2


def test_in_shared_folders_only_equal_onsets_are_told():
    report = Report("x", "1")
    rows = unique_names([clip("a", 3), clip("a", 21), clip("a", 3)], True, report)
    assert [row.clip for row in rows] == ["a@3", "a@21", "a@3.2"]
    assert [finding.why for finding in report.findings] == ["renamed 'a@3.2'"]


def test_a_clip_needs_a_name():
    with pytest.raises(ValueError, match="sheet, row 2: a clip needs a subject and a name, not 's1' and ''"):
        clip("", 3)


@pytest.mark.parametrize(
    ("pattern", "text", "written"),
    [
        ("sub{:02d}", "3", "sub03"),
        ("sub{:02d}", "Sub3", "sub03"),
        ("{:03d}", "006", "006"),
        ("spNO.{:d}", "spNO.12", "spNO.12"),
        ("sub{:02d}", "pilot A", "pilot A"),
    ],
)
def test_subjects_are_written_as_folders_do(pattern, text, written):
    assert numbered(pattern)(text) == written


def test_a_layout_names_its_releases():
    frames = {"raw": FrameFolder("{subject}", 30)}
    layout = Layout("x", "SET X", (Release("1", (), {}, frames), Release("2", (), {}, frames)))
    with pytest.raises(ValueError, match="SET X has no release '3'; there are '1', '2'"):
        layout.named("3")


def test_a_name_stands_for_all_releases_that_begin_with_it():
    frames = {"raw": FrameFolder("{subject}", 30)}
    names = ("part A v2", "part A v1", "part C v1", "part AB")
    layout = Layout("x", "X", tuple(Release(name, (), {}, frames) for name in names))
    assert [release.name for release in layout.named("part A")] == ["part A v2", "part A v1"]
    assert [release.name for release in layout.named("part C v1")] == ["part C v1"]
