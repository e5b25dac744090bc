"""SAMM Long Videos: a type column, recordings that several expressions share."""

from dataset_scripts.builder import load_dataset_from
from tests.dataset_scripts.trees.samm_long import write_samm_long


def load(copy, **options):
    return load_dataset_from("samm_long", copy, out=copy.parent / "out", progress=False, **options)


def test_micro_expressions_are_cut_out_of_the_recordings(tmp_path):
    table, report = load(write_samm_long(tmp_path / "SAMMLV"), strict=True)
    assert table["sample_id"] == ["samm_long/006/006_1_1", "samm_long/006/006_2_1"]
    assert [len(row["frames"]) for row in table] == [11, 11] and set(table["fps"]) == {200}
    assert report.expressions == {"micro": 2, "macro": 2} and report.findings == []


def test_macro_expressions_on_request(tmp_path):
    table, report = load(write_samm_long(tmp_path / "SAMMLV"), expressions="macro")
    assert [(row["clip"], row["apex"], row["expression"]) for row in table] == [
        ("006_1_2", None, "macro"),
        ("011_1_1", 5, "macro"),
    ]
    assert [finding.what for finding in report.findings] == ["no apex is given"]
