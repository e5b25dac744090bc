"""CAS(ME)^3: clips cut out of shared recordings, names made unique, two parts."""

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.report import NotAsPublished
from tests.dataset_scripts.trees.casme3 import HEADINGS, ROWS, SHEET, write_casme3, write_macro
from tests.dataset_scripts.trees.common import grey_jpeg, write_frames, write_table


def load(tmp_path, rows=ROWS, kind="recordings", tree=None, **options):
    copy = write_casme3(tmp_path / "CASME3", rows, kind, **tree or {})
    return load_dataset_from("casme3", copy, out=tmp_path / "out", progress=False, **options)


@pytest.mark.parametrize("kind", ["recordings", "clips", "extracted"])
def test_clips_are_cut_by_frame_range_and_named_apart(tmp_path, kind):
    table, report = load(tmp_path, kind=kind)
    assert table["sample_id"] == [f"casme3/{name}" for name in ("spNO.1/a2@3", "spNO.1/a2@21", "spNO.1/b", "spNO.12/a")]
    assert [(row["onset"], row["apex"], row["offset"]) for row in table] == [(0, 2, 6), (0, 2, 5), (0, 1, 4), (0, 3, 5)]
    stored = table.with_format("arrow")[1:2].to_pylist()[0]["frames"]
    assert [frame["bytes"] for frame in stored] == [grey_jpeg(number) for number in range(21, 27)]
    assert report.findings == []


def test_a_comma_of_full_width_parts_two_units(tmp_path):
    table, _ = load(tmp_path)
    assert [unit["number"] for unit in table[0]["coded"]] == [4, 7]
    assert table[0]["coded_text"] == "4，7"


def test_parts_have_their_own_sheets_folders_and_split(tmp_path):
    part_a, _ = load(tmp_path)
    part_c, report = load(tmp_path / "again", release="part C")
    assert set(part_a["split"]) == {"A"} and set(part_c["split"]) == {"C"}
    assert part_c["sample_id"] == ["casme3/01/1", "casme3/01/2", "casme3/07/1"]
    assert [[unit["number"] for unit in row["coded"]] for row in part_c] == [[4, 7], [14], [1, 2]]
    assert [len(row["frames"]) for row in part_c] == [6, 7, 4]
    assert [finding.what for finding in report.findings] == ["no clip has an apex"]


def test_a_clip_of_unknown_end_is_dropped_and_not_the_whole_recording_taken(tmp_path):
    rows = [*ROWS, ["spNO.1", "b", 10, 12, 0, "4", "others", 7]]
    table, report = load(tmp_path, rows)
    assert max(len(row["frames"]) for row in table) == 7
    assert [finding.what for finding in report.of_kind("dropped")] == ["onset 10, offset 0"]


def test_the_same_name_and_onset_twice_is_told(tmp_path):
    _, report = load(tmp_path, [*ROWS, ROWS[0]])
    assert [finding.why for finding in report.of_kind("repaired")] == ["renamed 'a2@3.2'"]


def test_there_are_no_cropped_frames(tmp_path):
    with pytest.raises(ValueError, match=r"CAS\(ME\)\^3 has no 'cropped' frames; there are 'raw'"):
        load(tmp_path, frames="cropped")


BOTH_KINDS = [*HEADINGS, "Expression type"]


def of_both_kinds():
    """ROWS as micro-expressions, a macro-expression among them that has the name of one and one of its own."""
    micro = [[*row, "Micro-expression"] for row in ROWS]
    macro = [["spNO.1", clip, 1, 8, 29, "12", "happy", 1, "Macro-expression"] for clip in ("a2", "c")]
    return [*micro[:2], *macro, *micro[2:]]


def test_micro_expressions_are_read_and_macro_expressions_counted(tmp_path):
    alone, _ = load(tmp_path / "alone")
    table, report = load(tmp_path, of_both_kinds(), tree={"headings": BOTH_KINDS})
    assert table["sample_id"] == alone["sample_id"] and set(table["expression"]) == {"micro"}
    assert (report.expressions, report.selected) == ({"micro": 4, "macro": 2}, "micro")
    assert "macro-expressions in the sheet: 2, left out" in str(report)
    assert report.findings == []


@pytest.mark.parametrize(
    ("expressions", "kinds"), [("macro", ["macro"] * 2), ("both", ["micro"] * 2 + ["macro"] * 2 + ["micro"] * 2)]
)
def test_macro_expressions_are_kept_on_request(tmp_path, expressions, kinds):
    table, report = load(tmp_path, of_both_kinds(), tree={"headings": BOTH_KINDS}, expressions=expressions)
    assert table["expression"] == kinds
    assert [row["clip"] for row in table if row["expression"] == "macro"] == ["a2@1", "c"]
    assert report.published is None


@pytest.mark.parametrize(
    ("expressions", "clips"),
    [(None, ["a2@3", "a2@21", "b", "a"]), ("macro", ["a2@12"]), ("both", ["a2@3", "a2@21", "b", "a2@12", "a"])],
)
def test_macro_expressions_in_a_sheet_of_their_own_are_joined(tmp_path, expressions, clips):
    copy = write_casme3(tmp_path / "CASME3")
    write_macro(copy, ["spNO.1", "a2", 12, 15, 18, "happy"])
    table, _ = load_dataset_from("casme3", copy, out=tmp_path / "out", progress=False, expressions=expressions)
    assert table["clip"] == clips
    assert {row["expression"] for row in table if row["clip"] == "a2@12"} <= {"macro"}


def test_a_sheet_of_macro_expressions_alone_is_no_sheet_of_micro_expressions(tmp_path):
    headings = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Expression type"]
    sheet = write_table(tmp_path / "sheet.csv", [headings, ["spNO.1", "a", 37, 63, 165, 12, "Macro-expression"]])
    write_frames(tmp_path / "copy/part_A/spNO.1/a/color", range(1, 200), "{}.jpg")
    with pytest.raises(
        ValueError,
        match=r"sheet\.csv names no micro-expression, but 1 macro expressions: .*--expressions macro`, then",
    ):
        load_dataset_from("casme3", tmp_path / "copy", sheet=sheet)
    table, _ = load_dataset_from("casme3", tmp_path / "copy", sheet=sheet, expressions="macro", out=tmp_path / "out")
    assert (table["expression"], table["label_release"]) == (["macro"], ["part A v2"])


def test_a_sheet_named_after_macro_expressions_is_one_of_them(tmp_path):
    rows = [["spNO.1", "b", 2, 3, 26, "12", "happy", 2]]
    with pytest.raises(ValueError, match=r"MaE_label_JpgIndex_v2\.xlsx names no micro-expression"):
        load(tmp_path, rows, tree={"sheet": "cas(me)3_part_A_MaE_label_JpgIndex_v2.xlsx"}, release="part A")


def test_bare_codes_of_part_c_are_told_apart_by_how_long_they_last(tmp_path):
    copy = write_casme3(tmp_path / "CASME3")
    (copy / "annotation" / "CAS(ME)3_part_C_ME.xlsx").unlink()
    headings = ["sub", "count", "onset", "offset", "au", "Exp_type"]
    body = [[1, 1, 2, 5, 4, 1], [1, 2, 6, 19, 12, 0], [7, 1, 3, 7, 14, 1]]
    write_table(copy / "annotation" / "part_C.csv", [headings, *body])
    table, report = load_dataset_from("casme3", copy, release="part C", out=tmp_path / "out", progress=False)
    assert table["sample_id"] == ["casme3/01/1", "casme3/07/1"] and set(table["label_release"]) == {"part C v2"}
    assert report.expressions == {"micro": 2, "macro": 1}
    assert any(
        "without a word" in finding.what and "'1' was taken as micro" in finding.why for finding in report.findings
    )


@pytest.mark.parametrize(
    ("sheet", "headings", "release"),
    [
        (SHEET, HEADINGS, "part A v2"),
        ("cas(me)3_part_A_ME_label_JpgIndex_v2_20250903.xlsx", HEADINGS, "part A v2"),
        ("cas(me)3_part_A_ME_label_JpgIndex_v1.xlsx", HEADINGS, "part A v1"),
        ("part_A_labels.xlsx", BOTH_KINDS, "part A v2"),
    ],
)
def test_the_release_tells_the_versions_apart(tmp_path, sheet, headings, release):
    rows = of_both_kinds() if headings is BOTH_KINDS else ROWS
    table, report = load(tmp_path, rows, tree={"sheet": sheet, "headings": headings}, release="part A")
    assert set(table["label_release"]) == {release} and report.published.clips == 860


def test_times_that_are_hardly_true_are_doubtful(tmp_path):
    table, report = load(tmp_path, [*ROWS, ["spNO.1", "c", 5, 5, 120, "4", "others", 7]])
    assert len(table[3]["frames"]) == 116
    assert [finding.what for finding in report.of_kind("doubtful")] == [
        "apex 5 is the onset",
        "onset 5 to offset 120 lasts 3.8 s",
    ]


def test_a_clip_of_minutes_is_thinned_so_that_it_fits_into_memory(tmp_path):
    table, report = load(tmp_path, [*ROWS, ["spNO.1", "c", 5, 106, 1204, "4", "others", 7]])
    clip = table[3]
    assert (len(clip["frames"]), clip["fps"], clip["onset"], clip["apex"], clip["offset"]) == (400, 10, 0, 34, 399)
    stored = table.with_format("arrow")[3:4].to_pylist()[0]["frames"]
    assert stored[34]["bytes"] == grey_jpeg(107) and len({len(row["frames"]) for row in table}) > 1
    (told,) = report.of_kind("doubtful")
    assert told.what == "onset 5 to offset 1204 lasts 40.0 s" and told.why.startswith("of every 3 frames one is kept")
    whole, _ = load(tmp_path / "whole", [["spNO.1", "c", 5, 106, 1204, "4", "others", 7]], whole=True)
    assert (len(whole[0]["frames"]), whole[0]["fps"]) == (1204, 30)


def test_a_folder_of_its_own_closes_a_clip_that_the_sheet_leaves_open(tmp_path):
    rows = [*ROWS, ["spNO.1", "b", 10, 12, 0, "4", "others", 7]]
    table, report = load(tmp_path, rows, kind="clips")
    assert [len(row["frames"]) for row in table if row["clip"] == "b@10"] == [7]
    assert [finding.what for finding in report.of_kind("repaired")] == ["offset 0 is not after onset 10"]


def test_typing_errors_that_are_known_pass_strict(tmp_path):
    rows = [
        ["spNO.216", "d", 3647, 2650, 2656, "4", "others", 7],
        ["spNO.40", "e", 1812, 1818, 0, "4", "others", 7],
        ["spNO.40", "e", 2327, 2330, 0, "4", "others", 7],
        ["spNO.149", "d", 112, 83, 120, "4", "others", 7],
    ]
    tree = {"rows": rows, "kind": "recordings"}
    copy = write_casme3(tmp_path / "CASME3", **tree)
    write_frames(copy / "part_A/spNO.40/e/color", range(1812, 2410), "{}.jpg")
    write_frames(copy / "part_A/spNO.216/d/color", range(2600, 2700), "{}.jpg")
    table, report = load_dataset_from("casme3", copy, out=tmp_path / "out", progress=False, strict=True)
    assert [len(row["frames"]) for row in table] == [34, 77, 9, 10]
    assert {finding.known for finding in report.of_kind("repaired")} == {True}
    frames = tmp_path / "clips/CASME3/Part_A_ME_clip/frame"
    write_frames(frames / "spNO.216_d_3647", range(2647, 2657), "{}.jpg")
    write_table(tmp_path / "cas(me)3_part_A_ME_v2.csv", [HEADINGS, rows[0]])
    options = {"sheet": tmp_path / "cas(me)3_part_A_ME_v2.csv", "out": tmp_path / "one", "strict": True}
    table, _ = load_dataset_from("casme3", frames.parent.parent, progress=False, **options)
    assert len(table[0]["frames"]) == 10
    with pytest.raises(NotAsPublished, match="offset 0"):
        load(tmp_path / "other", [["spNO.41", "e", 18, 20, 0, "4", "others", 7]], strict=True)
