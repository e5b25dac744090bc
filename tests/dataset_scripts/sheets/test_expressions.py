"""Micro or macro: words, bare codes, names of files."""

from pathlib import Path

import pytest

from dataset_scripts.report import Report
from dataset_scripts.rows import SheetRow
from dataset_scripts.sheets.expressions import read_expressions


def read(*rows, name="sheet.csv"):
    """Rows of (cell of the kind, onset, offset); the kinds and the report."""
    report = Report("x", "1")
    cells = [dict(zip(("expression", "onset", "offset"), row, strict=True)) for row in rows]
    return read_expressions([SheetRow(name, "", 2, each) for each in cells], Path(name), report), report


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Micro-expression", "micro"),
        ("macro-expression", "macro"),
        ("Micro - 1/2", "micro"),
        ("Macro", "macro"),
        ("ME", "micro"),
        ("MaE", "macro"),
        ("blink", ""),
        ("", ""),
    ],
)
def test_words_name_the_kind(cell, kind):
    assert read((cell, "1", "9"))[0] == [kind]


def test_the_shorter_of_two_codes_is_micro_and_that_is_told():
    kinds, report = read(("1", "1", "50"), ("0", "10", "20"), ("1", "5", "70"), ("0", "3", ""))
    assert kinds == ["macro", "micro", "macro", "micro"]
    (finding,) = report.findings
    assert finding.why == "'0' was taken as micro: 10 frames at the median, the other 57"


def test_one_code_alone_is_micro_and_that_is_told():
    kinds, report = read(("1", "1", "9"), ("1", "20", "28"))
    assert kinds == ["micro", "micro"] and report.findings[0].why == "taken as micro"


def test_three_codes_are_no_kinds():
    assert read(("0", "1", "9"), ("1", "1", "20"), ("2", "1", "30"))[0] == ["", "", ""]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("cas(me)3_part_A_MaE_label.xlsx", "macro"), ("MMEW_Macro_Exp.xlsx", "macro"), ("part_A_ME.xlsx", None)],
)
def test_without_a_column_the_name_of_the_sheet_says_it(name, kind):
    row = SheetRow(name, "", 2, {"onset": "1"})
    assert read_expressions([row], Path(name), Report("x", "1")) == [kind]
