"""Which file is the sheet, of which set and release, and what is listed to find it."""

import os
import shutil
from contextlib import contextmanager

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.registry import find_layout
from dataset_scripts.report import Report
from dataset_scripts.sheets.finding import find_release
from tests.dataset_scripts.trees.casme import HEADINGS, write_casme
from tests.dataset_scripts.trees.casme2 import write_casme2
from tests.dataset_scripts.trees.casme3 import SHEET, write_casme3, write_macro
from tests.dataset_scripts.trees.common import write_table
from tests.dataset_scripts.trees.samm_long import write_samm_long


@pytest.fixture
def listed(monkeypatch):
    """How many entries `os.scandir` gave, by folder."""
    counts, scandir = {}, os.scandir

    @contextmanager
    def counting(folder):
        def entries(there):
            for entry in there:
                counts[folder] = counts.get(folder, 0) + 1
                yield entry

        with scandir(folder) as there:
            yield entries(there)

    monkeypatch.setattr(os, "scandir", counting)
    return counts


def sheet_of(name, data_dir, release=None):
    chosen, path = find_release(find_layout(name), data_dir, release, None)
    return chosen.name, path.name


def test_casme_does_not_swallow_a_copy_of_casme2(tmp_path):
    copy = write_casme2(tmp_path / "CASME2", releases=("2014-05-08",))
    (copy / "CASME2-coding-20140508.xlsx").rename(copy / "coding.xlsx")
    with pytest.raises(ValueError, match=r"coding\.xlsx has no heading row with the columns .*OnsetF"):
        load_dataset_from("casme", copy)


def test_each_set_finds_its_own_sheet_on_a_shelf_with_both(tmp_path):
    write_casme(tmp_path / "shelf" / "CASME")
    write_casme2(tmp_path / "shelf" / "CASME2")
    assert sheet_of("casme", tmp_path / "shelf") == ("1", "CASME-code.csv")
    assert sheet_of("casme2", tmp_path / "shelf") == ("2019-07-01", "CASME2-coding-20190701.xlsx")


@pytest.mark.parametrize("name", ["CASME2-coding.csv", "CASME II.csv", "CAS(ME)^2code_final.csv"])
def test_a_sheet_named_after_another_set_is_passed_over(tmp_path, name):
    write_table(tmp_path / name, [HEADINGS, ["1", "EP01_5", "disgust", "98", "102", "0", "105", "4"]])
    with pytest.raises(FileNotFoundError, match="no coding sheet of CASME "):
        sheet_of("casme", tmp_path)


def test_of_several_sheets_nobody_guesses(tmp_path):
    """A file that somebody derived from the sheet has its name and its headings, and other labels."""
    copy = write_casme2(tmp_path, releases=("2019-07-01",))
    sheet = copy / "CASME2-coding-20190701.xlsx"
    (copy / "unpacked twice").mkdir()
    shutil.copy(sheet, copy / "unpacked twice")
    assert sheet_of("casme2", copy) == ("2019-07-01", sheet.name)
    head = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units"]
    other = write_table(copy / "CASME2-coding-20190701 - 3class.csv", [head, ["1", "a", "1", "2", "3", "4"]])
    with pytest.raises(ValueError, match=r"may be the sheet of CASME II, release 2019-07-01: .*3class\.csv, .*--sheet"):
        sheet_of("casme2", copy)
    table, report = load_dataset_from("casme2", copy, sheet=sheet, out=tmp_path.parent / "out", progress=False)
    assert len(table) and str(report).startswith("casme2, release 2019-07-01 (CASME2-coding-20190701.xlsx), raw frames")
    assert Report.load(tmp_path.parent / "out").sheet == report.sheet
    assert find_release(find_layout("casme2"), copy, None, other)[1] == other


def test_a_sheet_of_another_name_is_passed_with_its_release(tmp_path):
    copy = write_casme2(tmp_path, releases=("2019-07-01",))
    (copy / "CASME2-coding-20190701.xlsx").rename(copy / "CASME2-coding-updated.xlsx")
    with pytest.raises(FileNotFoundError, match=r"\(--sheet\), and as .* \(--release\) .*'2019-07-01' or '2014-05-08'"):
        sheet_of("casme2", copy)
    with pytest.raises(ValueError, match=r"--release"):
        find_release(find_layout("casme2"), copy, None, copy / "CASME2-coding-updated.xlsx")


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("SAMM_LongVideos_V1_Release", "SAMM_LongVideos_V3_Release", "SAMM_LongVideos_V2_Release"), "V3"),
        (("SAMM_LongVideos_V1_Release", "SAMM_LongVideos"), "V1"),
        (("SAMM long",), "unnumbered"),
    ],
)
def test_of_numbered_sheets_the_newest_is_read(tmp_path, names, read):
    copy = write_samm_long(tmp_path / "SAMMLV")
    given = copy / "SAMM_LongVideos_V2_Release.xlsx"
    whole = given.read_bytes()
    given.unlink()
    for name in names:
        (copy / f"{name}.xlsx").write_bytes(whole)
    assert sheet_of("samm_long", copy)[0] == read
    (tmp_path / "codes.xlsx").write_bytes(whole)
    assert find_release(find_layout("samm_long"), copy, None, tmp_path / "codes.xlsx")[0].name == "unnumbered"


def test_frames_are_not_listed_in_search_of_a_sheet(tmp_path, listed):
    write_casme2(tmp_path)
    frames = tmp_path / "CASME2_RAW_selected" / "frames"
    frames.mkdir()
    for number in range(1000):
        (frames / f"img{number}.jpg").touch()
    assert sheet_of("casme2", tmp_path)[0] == "2019-07-01"
    assert max(listed.values()) == 64


def test_folders_that_nobody_may_open_are_passed_over(tmp_path, monkeypatch):
    copy = write_casme2(tmp_path / "CASME2")
    (copy / "lost+found").mkdir()  # as on every disk of Linux; System Volume Information on those of Windows
    closed, scandir = {copy / "lost+found"}, os.scandir

    def closing(folder):  # root may open every folder
        if folder in closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", closing)
    assert sheet_of("casme2", copy)[0] == "2019-07-01"
    closed.add(copy)
    with pytest.raises(PermissionError):
        sheet_of("casme2", copy)


def test_a_few_pictures_do_not_hide_a_sheet(tmp_path):
    copy = write_casme2(tmp_path)
    for number in range(100):
        (copy / f"a{number}.jpg").touch()
    for number in range(10):
        (copy / "CASME2_RAW_selected" / f"a{number}.jpg").touch()
    (copy / "CASME2-coding-20190701.xlsx").rename(copy / "CASME2_RAW_selected" / "CASME2-coding-20190701.xlsx")
    assert sheet_of("casme2", copy, "2019-07-01")[1] == "CASME2-coding-20190701.xlsx"


@pytest.mark.parametrize("name", ["part A v2", "part A v1"])
def test_of_releases_that_share_a_name_the_one_that_fits_is_read(tmp_path, name):
    copy, layout = write_casme3(tmp_path / "CASME3"), find_layout("casme3")
    micro = (copy / "annotation" / SHEET).rename(tmp_path / "coding.xlsx")
    macro = write_macro(copy, ["spNO.1", "a2", 12, 15, 20, "happy"]).rename(tmp_path / "others.xlsx")
    assert "units" in find_release(layout, copy, name, micro)[0].required
    assert "units" not in find_release(layout, copy, name, macro)[0].required
    with pytest.raises(ValueError, match=r"cannot tell from its name which .*'part A v2' or 'part A v1'"):
        find_release(layout, copy, "part A", micro)


@pytest.mark.parametrize("name", ["folder", "disfa", "bp4d", "smic"])
def test_a_set_without_a_sheet_takes_none(tmp_path, name):
    with pytest.raises(ValueError, match=r"no coding sheet to choose, .*codes\.csv would not be read.*--sheet"):
        find_release(find_layout(name), tmp_path, None, tmp_path / "codes.csv")
