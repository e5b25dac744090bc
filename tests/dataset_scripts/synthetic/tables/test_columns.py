"""Rendered columns brought to the schema of all data sets."""

import pyarrow as pa
import pytest

from dataset_scripts.cells.facs import parse_cell
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic.tables.columns import STORED, complete, intensity, subject_name

CODED = pa.list_(
    pa.struct({"number": pa.int16(), "side": pa.string(), "intensity": pa.string(), "certainty": pa.string()})
)
WIDER = pa.schema({"clip": pa.string(), "coded": CODED, "coded_text": pa.string(), "split": pa.string()})


def rendered(*amplitudes):
    """Clips with these amplitudes of AU1, AU2 and AU4."""
    states = [[int(pixels > 0) for pixels in clip] for clip in amplitudes]
    clips = [f"c{number:03d}" for number in range(len(amplitudes))]
    return pa.table({"clip": clips, "action_units": states, "amplitude_px": [list(clip) for clip in amplitudes]})


def test_a_table_has_the_columns_of_the_schema_whatever_is_stored():
    assert set(STORED.names) - {"sides"} < set(FEATURES)
    assert complete(STORED.empty_table(), FEATURES.arrow_schema).column_names == list(FEATURES)


def test_people_of_two_seeds_have_two_names():
    names = [subject_name(seed, subject) for seed in (0, 1, 12, 500) for subject in (0, 3, 12, 1000)]
    assert names[:2] == ["s000", "s003"] and names[-3] == "seed500-s003"
    assert len(set(names)) == len(names)


def test_the_coding_is_written_from_the_amplitudes():
    first, second = complete(rendered((0.5, 0.0, 1.0), (0.0, 0.0, 0.0)), WIDER).to_pylist()
    assert [(unit["number"], unit["intensity"]) for unit in first["coded"]] == [(1, "A"), (4, "B")]
    assert {(unit["side"], unit["certainty"]) for unit in first["coded"]} == {("both", "sure")}
    assert first["coded_text"] == "1A+4B"
    assert first["split"] is None
    assert second["coded"] == [] and second["coded_text"] == "none"


def test_a_side_is_coded_as_in_the_sheets():
    table = rendered((0.5, 0.0, 1.0)).append_column("sides", [[["both", "both", "R"]]])
    (row,) = complete(table, WIDER).to_pylist()
    assert row["coded_text"] == "1A+R4B"
    assert [unit["side"] for unit in row["coded"]] == ["both", "R"]
    assert parse_cell(row["coded_text"]).units[1].side == "R"


def test_the_kind_of_expression_follows_from_the_name():
    table = rendered((0.5, 0.0, 1.0), (9.0, 0.0, 0.0), (0.0, 0.0, 0.0)).set_column(
        0, "clip", [["c000", "m000", "n000"]]
    )
    rows = complete(table, pa.schema({"clip": pa.string(), "expression": pa.string()})).to_pylist()
    assert [row["expression"] for row in rows] == ["micro", "macro", None]


def test_units_added_to_the_end_of_the_vocabulary_are_absent():
    schema = pa.schema({"action_units": pa.list_(pa.int8(), len(ACTION_UNITS)), "amplitude_px": pa.list_(pa.float32())})
    (row,) = complete(rendered((0.5, 0.0, 0.0)), schema).to_pylist()
    assert row["action_units"] == [1] + [0] * (len(ACTION_UNITS) - 1)
    assert len(row["amplitude_px"]) == len(ACTION_UNITS)


@pytest.mark.parametrize(("pixels", "letter"), [(0.3, "A"), (0.7, "B"), (1.5, "C"), (3.0, "D"), (9.0, "E")])
def test_letters_grow_with_the_amplitude(pixels, letter):
    assert intensity(pixels) == letter
