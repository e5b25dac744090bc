"""SMIC-E: clips with quiet frames around the movement."""

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.smic_e import write_smic_e


def test_the_sheet_cuts_the_movement_out(tmp_path):
    copy = write_smic_e(tmp_path / "SMIC-E")
    table, report = load_dataset_from("smic_e", copy, out=tmp_path / "out", progress=False)
    assert table["sample_id"] == ["smic_e/s03/s3_ne_03", "smic_e/s11/s11_po_01"]
    assert [len(row["frames"]) for row in table] == [11, 9] and table["emotion"] == ["negative", "positive"]
    assert all(set(row["action_units"]) == {-1} for row in table)
    assert [finding.what for finding in report.findings] == ["no clip has an apex"]
