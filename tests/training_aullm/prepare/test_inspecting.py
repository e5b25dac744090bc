"""What an inspection counts, and that its tables and pictures say it."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.report import Report
from tests.training_aullm.clip_tables import BrightFaces, clip_row, in_16_bits, states, table_of
from training_aullm.figures.differences import smooth_change
from training_aullm.prepare.inspecting import Inspection, draw_inspection, inspection_tables, unit_notes
from training_aullm.prepare.preparing import Preparation, prepare_table

AU4, AU7, AU9, AU12 = (ACTION_UNITS.index(name) for name in ("AU4", "AU7", "AU9", "AU12"))


def prepared(folder: Path, rows: list[dict], report: Report | None = None) -> Inspection:
    report = report or Report("folder", "1")
    prepare_table(table_of(rows), report, folder, Preparation("folder", "x"), 1, False, BrightFaces())
    return Inspection.of(folder)


@pytest.fixture
def rows() -> list[dict]:
    return [
        clip_row("s0", "c0", (90,) * 11, states("4 7", unknown="9"), apex=4),
        clip_row("s1", "c1", (90,) * 21, states("4", unknown="9 12"), apex=10),
        clip_row("s1", "c2", (90,) * 6, states("", unknown="9"), apex=None),
        clip_row("s2", "c3", (0, 90, 90)),
    ]


def printed(inspection: Inspection) -> str:
    console = Console(width=140, record=True, file=io.StringIO())
    for part in inspection_tables(inspection):
        console.print(part)
    return console.export_text()


def test_counts_durations_and_pairs(rows, tmp_path):
    inspection = prepared(tmp_path, rows)
    assert inspection.subjects == ("s0", "s1", "s1") and inspection.shown == [AU4, AU7]
    assert (inspection.states[:, AU12] == -1).sum() == 1 and (inspection.states[:, AU9] == -1).all()
    np.testing.assert_allclose(inspection.rise_ms, [40, 100, np.nan])
    np.testing.assert_allclose(inspection.fall_ms, [60, 100, np.nan])
    np.testing.assert_allclose(inspection.total_ms, [100, 200, 50])
    assert inspection.together().tolist() == [[2, 1], [1, 1]]
    assert (inspection.people_showing(AU4), inspection.people_showing(AU7)) == (2, 1)
    assert inspection.clips_per_subject().tolist() == [1, 2]


def test_tables_say_what_was_counted_and_found(rows, tmp_path):
    text = printed(prepared(tmp_path, rows))
    assert "AU4 brow lowerer" in text and "AU4 + AU7" in text
    assert "Never coded (unknown in every clip): AU9." in text and "Clips that show none of these units: 1." in text
    assert "tiny/s2/c3" in text and "left out: 1" in text


def test_what_chance_would_put_together_is_counted_where_both_units_are_known(tmp_path):
    """Of the clips in which both are known half show AU4 and half AU12; AU4 is shown in eight others, too."""
    both = [clip_row("s0", f"c{k}", vector=states(shown)) for k, shown in enumerate(("4 12", "4", "12", ""))]
    alone = [clip_row("s1", f"c{k}", vector=states("4", unknown="12")) for k in range(8)]
    table_of(both + alone).to_parquet(tmp_path / "clips.parquet")
    inspection = Inspection.of(tmp_path)
    assert inspection.together().tolist() == [[10, 1], [1, 2]]
    assert inspection.by_chance()[0, 1] == inspection.by_chance()[1, 0] == 1
    assert re.search(r"AU4 \+ AU12\W+1\W+1\.0\b", printed(inspection))
    never = [
        clip_row("s0", "c0", vector=states("4", unknown="12")),
        clip_row("s0", "c1", vector=states("12", unknown="4")),
    ]
    table_of(never).to_parquet(tmp_path / "clips.parquet")
    assert Inspection.of(tmp_path).by_chance()[0, 1] == 0


def test_published_counts_stand_beside_and_differences_are_said(tmp_path):
    rows = [clip_row("sub01", "EP02_01f", data_set="casme2", label_release="2019-07-01")]
    text = printed(prepared(tmp_path, rows, Report("casme2", "2019-07-01")))
    assert "published" in text and "125" in text
    assert "clips: 1, published 255" in text and "AU4: 1, published 125" in text


def test_units_beyond_the_vector_are_named(rows, tmp_path):
    unit = {"number": 38, "side": "both", "intensity": None, "certainty": "sure", "mark": None}
    rows[0]["coded"] = [unit]
    assert "In the sheet, but not in the label vector: AU38 (1)." in unit_notes(prepared(tmp_path, rows))


def test_pictures_are_drawn_for_what_there_is(rows, tmp_path):
    written = draw_inspection(prepared(tmp_path / "a", rows), tmp_path / "pictures")
    assert [path.name for path in written] == ["cooccurrence.png", "durations.png", "clips.png"]
    assert all(imread(path)[..., :3].std() > 0.02 for path in written)
    bare = [clip_row("s0", "c0", vector=states(others=-1), onset=None, apex=None, offset=None)]
    written = draw_inspection(prepared(tmp_path / "b", bare), tmp_path / "others")
    assert [path.name for path in written] == ["clips.png"]


def test_rendered_clips_are_inspected_too(tmp_path):
    table_of([clip_row("s0", "c0"), clip_row("s1", "c1")]).to_parquet(tmp_path / "clips.parquet")
    inspection = Inspection.of(tmp_path)
    assert inspection.report is None and "AU4 brow lowerer" in printed(inspection)


def test_pictures_of_16_bits_are_drawn_as_bright_as_they_are(tmp_path):
    row = clip_row("s0", "c0", (90, 120, 150))
    deep = row | {"frames": [frame | {"bytes": in_16_bits(frame["bytes"])} for frame in row["frames"]]}
    for name, each in (("8", row), ("16", deep)):
        (tmp_path / name).mkdir()
        table_of([each]).to_parquet(tmp_path / name / "clips.parquet")
        draw_inspection(Inspection.of(tmp_path / name), tmp_path / name)
    eight, sixteen = (imread(tmp_path / name / "clips.png") for name in ("8", "16"))
    assert np.array_equal(eight, sixteen)


def test_a_change_of_light_is_no_movement():
    onset = np.full((64, 64), 100, np.uint8)
    brighter = np.full((64, 64), 130, np.uint8)
    assert abs(smooth_change(onset, brighter)).max() < 1e-3
    brighter[20:30, 20:30] += 40
    assert smooth_change(onset, brighter)[24, 24] > 30
