"""CAS(ME)^2: a workbook without headings, folders that only its other sheets can name, open offsets."""

import pytest

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.casme_squared import ROWS, SHEET, write_casme_squared
from tests.dataset_scripts.trees.common import grey_jpeg, write_workbook


def load(copy, **options):
    return load_dataset_from("casme_squared", copy, out=copy.parent / "out", progress=False, **options)


def test_subjects_and_films_are_named_as_the_folders_are(tmp_path):
    table, report = load(write_casme_squared(tmp_path / "copy"), expressions="both")
    assert table["sample_id"] == [f"casme_squared/{name}" for name in ("s15/anger1_1", "s15/anger1_2", "s16/happy2_1")]
    assert table["expression"] == ["macro", "micro", "micro"] and table["emotion"] == ["anger", "anger", "happiness"]
    stored = table.with_format("arrow")[2:3].to_pylist()[0]["frames"]
    assert [frame["bytes"] for frame in stored] == [grey_jpeg(number) for number in range(5, 13)]
    assert report.expressions == {"micro": 2, "macro": 1}


def test_an_open_offset_is_closed_and_strict_knows_it(tmp_path):
    table, report = load(write_casme_squared(tmp_path / "copy"), strict=True)
    assert (table[0]["clip"], table[0]["apex"], table[0]["offset"]) == ("anger1_2", 3, 6)
    assert [(finding.what, finding.known) for finding in report.findings] == [
        ("the offset is open, 37 was taken", True)
    ]


def test_a_film_that_is_not_there_drops_its_clips(tmp_path):
    rows = [*ROWS, [1, "sad7_1", 5, 8, 12, "4", "negative", "micro-expression", "sadness"]]
    _, report = load(write_casme_squared(tmp_path / "copy", rows))
    assert [finding.what for finding in report.of_kind("dropped")] == ["no folder s15/15_sad7_1"]


def test_a_workbook_with_other_sheets_is_refused(tmp_path):
    copy = write_casme_squared(tmp_path / "copy")
    write_workbook(copy / SHEET, ROWS)
    with pytest.raises(ValueError, match=r"has 1 sheets, not the three of CAS\(ME\)\^2"):
        load(copy)
