"""Frame-by-frame codes of DISFA and BP4D, whole and damaged."""

import numpy as np
import pytest

from dataset_scripts.recordings.frame_codes import DISFA_UNITS, NoCodes, read_bp4d_codes, read_disfa_codes
from dataset_scripts.report import Report
from tests.dataset_scripts.trees import bp4d, disfa


@pytest.fixture
def report():
    return Report("any", "1")


def column(codes, unit):
    return codes.values[:, codes.units.index(unit)]


@pytest.fixture
def labels(tmp_path):
    """DISFA labels of SN001: 20 frames, AU4 on in frames 5 to 7."""
    for unit in DISFA_UNITS:
        values = [3 if unit == 4 and 5 <= frame <= 7 else 0 for frame in range(1, 21)]
        disfa.write_labels(tmp_path, "SN001", unit, [f"{frame},{value}" for frame, value in enumerate(values, 1)])
    return tmp_path


def test_disfa_counts_frames_from_one(labels, report):
    codes = read_disfa_codes(labels / "ActionUnit_Labels" / "SN001", report)
    assert codes.first == 1 and codes.values.shape == (20, 12) and codes.units == DISFA_UNITS
    assert np.flatnonzero(column(codes, 4)).tolist() == [4, 5, 6]
    assert not report.findings


def test_a_missing_file_makes_its_unit_unknown(labels, report):
    disfa.label_file(labels, "SN001", 12).unlink()
    codes = read_disfa_codes(labels / "ActionUnit_Labels" / "SN001", report)
    assert set(column(codes, 12)) == {-1} and set(column(codes, 4)) == {0, 3}
    (finding,) = report.findings
    assert finding.where == "SN001/SN001_au12.txt" and "AU12 is unknown" in finding.why


def test_lines_out_of_order_missing_and_unreadable(labels, report):
    lines = [f"{frame},0" for frame in range(20, 0, -1)]
    lines[3], lines[7], lines[9] = "17,7", "13;x", ""
    disfa.write_labels(labels, "SN001", 1, lines)
    codes = read_disfa_codes(labels / "ActionUnit_Labels" / "SN001", report)
    assert np.flatnonzero(column(codes, 1) < 0).tolist() == [10, 12, 16]
    assert [finding.kind for finding in report.findings] == ["dropped", "dropped", "doubtful"]
    assert report.findings[0].where == "SN001/SN001_au1.txt, line 4" and "'17,7'" in report.findings[0].what


def test_a_folder_of_something_else(tmp_path, report):
    (tmp_path / "SN009").mkdir()
    (tmp_path / "SN009" / "readme.md").write_text("x")
    with pytest.raises(NoCodes, match=r"looked for SN009_au4\.txt and its like, found readme\.md"):
        read_disfa_codes(tmp_path / "SN009", report)


def write(tmp_path, *lines):
    return bp4d.write_codes(tmp_path, "F001", "T1", list(lines))


def test_bp4d_starts_where_coding_starts_and_nine_is_unknown(tmp_path, report):
    codes = read_bp4d_codes(write(tmp_path, "0,1,12,38", "100,0,1,9", "101,1,9,9", ""), report)
    assert (codes.units, codes.first) == ((1, 12, 38), 100)
    assert codes.values.tolist() == [[0, 1, -1], [1, -1, -1]]
    assert not report.findings


def test_bp4d_rows_that_are_missing_torn_or_strange(tmp_path, report):
    codes = read_bp4d_codes(write(tmp_path, "frame,AU01,AU12", "3,0,1", "4,0", "5,x,0", "7,2,1"), report)
    assert codes.units == (1, 12) and codes.values.tolist() == [[0, 1], [-1, -1], [-1, -1], [-1, -1], [-1, 1]]
    assert [finding.where for finding in report.of_kind("dropped")] == ["F001_T1.csv, line 3", "F001_T1.csv, line 4"]
    assert ["codes [2]" in finding.what for finding in report.of_kind("doubtful")] == [True, False]


@pytest.mark.parametrize("lines", [[], ["a,b,c", "1,0,1"], ["0"], ["0,1,2"], ["0,³", "1,0"]])
def test_bp4d_files_of_something_else(tmp_path, report, lines):
    with pytest.raises(NoCodes, match=r"F001_T1\.csv"):
        read_bp4d_codes(write(tmp_path, *lines), report)


def test_bp4d_frames_that_contradict_themselves_are_unknown_where_they_do(tmp_path, report):
    lines = ("0,1,12", "70,0,1", "71,0,0", "70,0,0", "71,0,0", "72,1,1", "72,9,1", "72,1,1")
    codes = read_bp4d_codes(write(tmp_path, *lines), report)
    assert codes.values.tolist() == [[0, -1], [0, 0], [-1, 1]]
    (finding,) = report.findings
    assert (finding.kind, finding.where) == ("doubtful", "F001_T1.csv")
    assert finding.what == "lines of one frame contradict each other in 2 frames (70, 72)"
    assert finding.why == "unknown where they do"


def test_disfa_frames_that_contradict_themselves_are_unknown(labels, report):
    lines = [f"{frame},0" for frame in range(1, 21)]
    disfa.write_labels(labels, "SN001", 1, [*lines, "7,3", "8,0"])
    codes = read_disfa_codes(labels / "ActionUnit_Labels" / "SN001", report)
    assert np.flatnonzero(column(codes, 1) < 0).tolist() == [6]
    (finding,) = report.findings
    assert finding.where == "SN001/SN001_au1.txt" and "contradict each other in 1 frames (7)" in finding.what


@pytest.mark.parametrize(
    ("header", "said"), [("0,1,3", "AU3 is no number of FACS"), ("0,1,1", "AU1 stands there twice")]
)
def test_bp4d_columns_of_no_unit_or_of_one_twice_are_told_with_file_and_column(tmp_path, report, header, said):
    with pytest.raises(NoCodes, match=rf"F001_T1\.csv, line 1, column 3: {said}; mend"):
        read_bp4d_codes(write(tmp_path, header, "1,0,1"), report)
