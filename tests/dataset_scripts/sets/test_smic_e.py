"""SMIC-E: clips with quiet frames around the movement."""

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.takes import load_takes_from
from tests.dataset_scripts.trees.smic_e import ROWS, write_smic_e


def test_the_sheet_cuts_the_movement_out(tmp_path):
    copy = write_smic_e(tmp_path / "SMIC-E")
    table, report = load_dataset_from("smic_e", copy, out=tmp_path / "out", progress=False)
    assert table["sample_id"] == ["smic_e/s03/s3_ne_03", "smic_e/s11/s11_po_01"]
    assert [len(row["frames"]) for row in table] == [11, 9] and table["emotion"] == ["negative", "positive"]
    assert all(set(row["action_units"]) == {-1} for row in table)
    assert [finding.what for finding in report.findings] == ["no clip has an apex"]


def test_a_row_holds_up_to_three_movements(tmp_path):
    three = [*ROWS[0][:7], 133, 140, 142, 149, 11, 8, 8, "negative"]
    copy = write_smic_e(tmp_path / "SMIC-E", [three, ROWS[1]])
    table, _ = load_dataset_from("smic_e", copy, out=tmp_path / "out", progress=False)
    assert table["clip"] == ["s3_ne_03@120", "s3_ne_03@133", "s3_ne_03@142", "s11_po_01"]
    assert [len(row["frames"]) for row in table] == [11, 8, 8, 9] and table["emotion"][1] == "negative"
    (take, _), _ = load_takes_from("smic_e", copy)
    assert [(event["onset"], event["offset"]) for event in take["events"]] == [(20, 30), (33, 40), (42, 49)]


def test_a_time_of_a_later_movement_that_cannot_be_read_is_told_with_its_column(tmp_path):
    copy = write_smic_e(tmp_path / "SMIC-E", [[*ROWS[0][:7], "soon", 140, *ROWS[0][9:]], ROWS[1]])
    _, report = load_dataset_from("smic_e", copy, out=tmp_path / "out", progress=False)
    assert any("column Onset2F" in finding.where for finding in report.findings)
