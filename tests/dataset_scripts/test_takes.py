"""Recordings of licensed copies as takes: every interval, and every recording, also those in which nothing happens."""

import pytest

from dataset_scripts.synthetic.tables.take_table import TAKE_FEATURES
from dataset_scripts.takes import load_takes_from
from processing_aullm.video_aullm import ImageFolder
from tests.dataset_scripts.trees.casme2 import write_casme2
from tests.dataset_scripts.trees.casme3 import HEADINGS, ROWS, write_casme3, write_macro
from tests.dataset_scripts.trees.casme_squared import write_casme_squared
from tests.dataset_scripts.trees.common import write_frames, write_table
from tests.dataset_scripts.trees.samm_long import write_samm_long
from tests.dataset_scripts.trees.smic_e import write_smic_e


def spans(take):
    return [(event["kind"], event["onset"], event["apex"], event["offset"]) for event in take["events"]]


def test_every_recording_is_a_take_with_its_micro_and_macro_expressions(tmp_path):
    takes, report = load_takes_from("samm_long", write_samm_long(tmp_path / "SAMMLV"))
    assert takes.features == TAKE_FEATURES
    assert takes["sample_id"] == [f"samm_long/{name}" for name in ("006/1", "006/2", "011/1", "011/2")]
    assert takes["frames"] == [100, 30, 40, 50] and set(takes["fps"]) == {200}
    assert spans(takes[0]) == [("micro", 9, 13, 19), ("macro", 39, None, 89)]
    assert takes[0]["events"][1]["action_units"] == ["AU6", "AU12"]
    assert spans(takes[3]) == []
    assert report.findings == [] and report.expressions == {"micro": 2, "macro": 2}


def test_the_side_that_a_coder_wrote_is_kept(tmp_path):
    rows = [["006", "006_1_2", 1, 40, -1, 90, 51, "Macro", "6+L12+R15+L15", None]]
    takes, _ = load_takes_from("samm_long", write_samm_long(tmp_path / "SAMMLV", rows))
    (event,) = takes[0]["events"]
    assert (event["action_units"], event["sides"]) == (["AU6", "AU12", "AU15"], ["both", "L", "both"])
    assert event["release"] is None


def test_recordings_of_casme3_are_shared_by_their_rows(tmp_path):
    rows = [[*row, "Micro-expression"] for row in ROWS] + [["spNO.1", "a2", 12, 15, 18, 12, "", 1, "Macro-expression"]]
    copy = write_casme3(tmp_path / "CASME3", rows, headings=[*HEADINGS, "Expression type"])
    write_frames(copy / "part_A" / "spNO.7" / "quiet" / "color", range(1, 9), "{}.jpg")
    takes, _ = load_takes_from("casme3", copy)
    assert takes["sample_id"] == [f"casme3/{name}" for name in ("spNO.1/a2", "spNO.1/b", "spNO.7/quiet", "spNO.12/a")]
    assert spans(takes[0]) == [("micro", 2, 4, 8), ("macro", 11, 14, 17), ("micro", 20, 22, 25)]
    assert (takes[2]["subject"], takes[2]["events"]) == ("spNO.7", [])


@pytest.mark.parametrize("of_both", [False, True])
def test_macro_expressions_of_casme3_stand_in_a_sheet_beside(tmp_path, of_both):
    """As the set ships them; or micro-expressions alone, and a sheet of both."""
    copy = write_casme3(tmp_path / "CASME3")
    if of_both:
        kinds = ["Micro-expression"] * len(ROWS)
        rows = [[*row[:6], kind] for row, kind in zip(ROWS, kinds, strict=True)]
        rows += [["spNO.1", "a2", 12, 15, 18, 12, "Macro-expression"]]
        write_table(copy / "annotation" / "CAS(ME)3_part_A_v2.csv", [[*HEADINGS[:6], "Expression type"], *rows])
    else:
        write_macro(copy, ["spNO.1", "a2", 12, 15, 18, "happy"])
    takes, report = load_takes_from("casme3", copy)
    assert spans(takes[0]) == [("micro", 2, 4, 8), ("macro", 11, 14, 17), ("micro", 20, 22, 25)]
    assert report.expressions == {"micro": 4, "macro": 1}
    told = ["no column of action units"] * (not of_both)
    assert [finding.what for finding in report.findings] == told


def test_a_sheet_of_one_kind_alone_is_told(tmp_path):
    _, report = load_takes_from("casme3", write_casme3(tmp_path / "CASME3"))
    (finding,) = report.findings
    assert finding.what == "names micro-expressions alone, and no sheet like *part*A*MaE*v2* lies beside it"


def test_recordings_of_casme_squared_are_named_by_their_folders(tmp_path):
    takes, report = load_takes_from("casme_squared", write_casme_squared(tmp_path / "copy"))
    assert takes["take"] == ["15_0401girlcrashing", "16_0401girlcrashing", "16_0502funny"]
    assert spans(takes[0]) == [("macro", 9, 13, 19), ("micro", 30, 33, 36)]
    assert [finding.kind for finding in report.findings] == ["repaired"]


def test_frames_are_counted_from_the_first_there_is(tmp_path):
    takes, _ = load_takes_from("smic_e", write_smic_e(tmp_path / "SMIC-E"))
    assert takes["frames"] == [51, 31] and spans(takes[0]) == [("micro", 20, None, 30)]


@pytest.mark.parametrize("step", [1, 2])
def test_places_are_those_that_the_reader_counts_where_frames_are_missing(tmp_path, step):
    rows = [["006", "006_1_1", 1, step * 200, step * 210, step * 220, 21, "Micro", "12", None]]
    copy = write_samm_long(tmp_path / "SAMMLV", rows)
    folder = copy / "SAMM_longvideos" / "006_1"
    for path in folder.iterdir():
        path.unlink()
    there = [*range(1, 101), *range(131, 301)]
    write_frames(folder, [step * number for number in there], "006_1_{:04d}.jpg")
    takes, report = load_takes_from("samm_long", copy)
    reader = ImageFolder(folder)
    shades = [int(next(reader.frames([place]))[0, 0, 0]) for place in (199, 219)]
    assert shades == pytest.approx([step * 200 % 256, step * 220 % 256], abs=3)
    assert spans(takes[0]) == [("micro", 199, 209, 219)] and takes[0]["frames"] == len(reader) == 300
    (told,) = [(finding.kind, finding.where, finding.what) for finding in report.findings if "missing" in finding.what]
    assert told == ("doubtful", "006_1", "30 of 300 frames are missing")


def test_where_names_do_not_count_frames_the_reader_counts_pictures_and_so_does_the_truth(tmp_path):
    copy = write_samm_long(tmp_path / "SAMMLV", [["006", "006_1_1", 1, 500, -1, 541, 42, "Micro", "12", None]])
    folder = copy / "SAMM_longvideos" / "006_1"
    for path in folder.iterdir():
        path.unlink()
    write_frames(folder, [*range(1, 11), *range(500, 550)], "006_1_{:04d}.jpg")
    takes, report = load_takes_from("samm_long", copy)
    assert spans(takes[0]) == [("micro", 10, None, 51)] and takes[0]["frames"] == len(ImageFolder(folder)) == 60
    (told,) = [finding for finding in report.findings if "missing" in finding.what]
    assert (told.what, told.why) == ("489 of 549 frames are missing", "what is there is counted one by one")


def test_pictures_that_the_reader_sorts_otherwise_are_told(tmp_path):
    copy = write_samm_long(tmp_path / "SAMMLV")
    folder = copy / "SAMM_longvideos" / "006_1"
    (folder / "006_1_0100.jpg").rename(folder / "005_1_0100.jpg")
    takes, report = load_takes_from("samm_long", copy)
    assert takes["take"] == ["2", "1", "2"]
    (told,) = report.findings
    assert (told.kind, told.where) == ("dropped", "006_1") and "sort otherwise than their numbers" in told.what


def test_what_cannot_be_an_interval_is_told(tmp_path):
    copy = write_samm_long(tmp_path / "SAMMLV")
    for path in (copy / "SAMM_longvideos" / "006_2").iterdir():
        path.unlink()
    (copy / "SAMM_longvideos" / "011_1" / "cover.jpg").touch()
    for number in range(41, 91):
        (copy / "SAMM_longvideos" / "006_1" / f"006_1_{number:04d}.jpg").unlink()
    takes, report = load_takes_from("samm_long", copy)
    assert takes["take"] == ["1", "2"] and spans(takes[0]) == [("micro", 9, 13, 19)]
    assert [finding.what for finding in report.findings] == [
        "50 of 100 frames are missing",
        "onset 40 to offset 90; on disk are 1 to 100",
        "fewer than two frames",
        "pictures without a number of their own: cover.jpg",
    ]


def test_what_macos_puts_beside_pictures_is_passed_over(tmp_path):
    copy = write_samm_long(tmp_path / "SAMMLV")
    for folder in (copy / "SAMM_longvideos").iterdir():
        (folder / f"._{folder.name}_0001.jpg").write_bytes(b"x")
    takes, report = load_takes_from("samm_long", copy)
    assert takes["frames"] == [100, 30, 40, 50] and report.findings == []


def test_where_no_recording_is_left_the_findings_say_why(tmp_path):
    copy = write_samm_long(tmp_path / "SAMMLV")
    for folder in (copy / "SAMM_longvideos").iterdir():
        (folder / "cover.jpg").touch()
    with pytest.raises(ValueError, match=r"(?s)no recording .* could be kept. .*dropped: 006_1: .*cover\.jpg"):
        load_takes_from("samm_long", copy)


def test_sets_of_clips_have_nothing_to_spot_in(tmp_path):
    with pytest.raises(
        ValueError, match=r"CASME II holds no whole recordings .*casme3, casme_squared, samm_long, smic_e do"
    ):
        load_takes_from("casme2", write_casme2(tmp_path / "CASME2"))


def test_a_copy_without_its_recordings_says_what_was_looked_for(tmp_path):
    copy = write_casme3(tmp_path / "CASME3", kind="clips")
    with pytest.raises(
        FileNotFoundError, match=r"no recording of CAS\(ME\)\^3 .*such as spNO\.1/a2/color .*label_JpgIndex"
    ):
        load_takes_from("casme3", copy)
