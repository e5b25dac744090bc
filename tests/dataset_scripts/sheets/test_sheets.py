"""Sheets as text: numbers, texts, days, headings, kinds of file."""

from datetime import datetime

import pytest
from openpyxl import Workbook

from dataset_scripts.sheets.sheets import cell_text, heading_key, is_formula, read_sheet
from tests.dataset_scripts.trees.common import write_computed, write_table, write_workbook

COLUMNS = {"subject": ("Subject",), "clip": ("Filename", "File"), "units": ("Action Units",), "onset": ("OnsetFrame",)}
NEEDED = ("subject", "clip", "units")


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (4, "General", "4"),
        (4.0, "General", "4"),
        (0.5, "General", "0.5"),
        (6, "000", "006"),
        ("006", "General", "006"),
        (" 4+7 ", "@", "4+7"),
        (None, "General", ""),
        (True, "General", "True"),
        (datetime(2014, 4, 7), "d-mmm", "date 2014-04-07"),
    ],
)
def test_cells_read_as_the_coder_saw_them(value, number_format, text):
    assert cell_text(value, number_format) == text


def test_a_workbook_keeps_numbers_and_texts_apart(tmp_path):
    path = tmp_path / "codes.xlsx"
    book = Workbook()
    book.active.append(["Subject", "Filename", None, "Action Units", "OnsetFrame"])
    book.active.append(["006", "006_1_2", None, 4, 46.0])
    book.active.append([7, 12, None, "4+7+L10", "/"])
    book.active["A3"].number_format = "000"
    book.save(path)
    first, second = read_sheet(path, COLUMNS, NEEDED)
    assert dict(first.cells) == {"subject": "006", "clip": "006_1_2", "units": "4", "onset": "46"}
    assert dict(second.cells) == {"subject": "007", "clip": "12", "units": "4+7+L10", "onset": "/"}


def test_a_formula_that_a_program_made_of_action_units_is_what_was_typed(tmp_path):
    path = write_computed(tmp_path / "codes.xlsx", ["=6+12", "=+4+7", "=4-7", "=4+L10", "=4"], onset="=40+6")
    rows = read_sheet(path, COLUMNS, NEEDED)
    assert [row.get("units") for row in rows] == ["6+12", "4+7", "formula =4-7", "formula =4+L10", "4"]
    assert [is_formula(row.get("units")) for row in rows] == [False, False, True, True, False]
    assert {row.get("onset") for row in rows} == {"46"}, "of a frame number the value counts"


def test_a_text_that_a_formula_put_together_counts(tmp_path):
    path = write_computed(tmp_path / "codes.xlsx", ['=A2&"+12"'], onset="=40+6", shown="6+12")
    (row,) = read_sheet(path, COLUMNS, NEEDED)
    assert row.get("units") == "6+12"


def test_headings_are_found_below_a_preamble_and_in_a_later_sheet(tmp_path):
    path = write_workbook(tmp_path / "codes.xlsx", [["nothing", "here"]], "Notes")
    from openpyxl import load_workbook

    book = load_workbook(path)
    sheet = book.create_sheet("Coding")
    for row in (
        ["a preamble about the Subject"],
        [],
        ["subject ", "FILE", "action-units", "Remark"],
        ["1", "a", 12, "x"],
    ):
        sheet.append(row)
    book.save(path)
    (row,) = read_sheet(path, COLUMNS, NEEDED)
    assert (row.sheet, row.row, row.get("units"), row.get("onset")) == ("Coding", 4, "12", "")
    assert dict(row.others) == {"Remark": "x"}
    assert row.place("units") == "codes.xlsx, sheet Coding, row 4, column action-units"


@pytest.mark.parametrize(
    ("name", "delimiter", "encoding"),
    [("a.csv", ",", "utf-8"), ("b.csv", ";", "utf-8-sig"), ("c.txt", "\t", "gb18030"), ("d.tsv", "\t", "utf-16")],
)
def test_text_tables_of_all_kinds(tmp_path, name, delimiter, encoding):
    path = write_table(
        tmp_path / name, [["Subject", "Filename", "Action Units"], ["006", "惊讶", "4，7"]], delimiter, encoding
    )
    (row,) = read_sheet(path, COLUMNS, NEEDED)
    assert dict(row.cells) == {"subject": "006", "clip": "惊讶", "units": "4，7"}
    assert row.place() == f"{name}, row 2"


def test_commas_within_quotes_and_short_rows(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text('Subject,Filename,Action Units,Note\n1,a,"4,7"\n,,,\n2,b,12,x\n')
    rows = read_sheet(path, COLUMNS, NEEDED)
    assert [(row.row, row.get("units")) for row in rows] == [(2, "4,7"), (4, "12")]


def test_the_wrong_sheet_is_told_by_its_headings(tmp_path):
    path = write_workbook(tmp_path / "codes.xlsx", [["Clip", "Emotion"], ["a", "b"]], "S")
    with pytest.raises(ValueError, match=r"columns Subject, Filename or File, Action Units\. Found S: Clip, Emotion"):
        read_sheet(path, COLUMNS, NEEDED)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("codes.xls", b"\xd0\xcf", ValueError, "old .xls format: open it and save it as"),
        ("codes.pdf", b"%PDF", ValueError, "is no sheet: one of .xlsx"),
        ("codes.xlsx", b"not a zip", ValueError, "is no readable workbook"),
        ("codes.csv", b"", ValueError, "Found codes.csv: empty"),
        (None, b"", FileNotFoundError, "does not exist"),
    ],
)
def test_files_that_are_no_sheets(tmp_path, name, content, error, message):
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        read_sheet(tmp_path / (name or "gone.csv"), COLUMNS, NEEDED)


def test_headings_match_without_case_blanks_and_signs():
    assert heading_key(" Onset Frame") == heading_key("OnsetFrame") == heading_key("onset_frame")
