"""Rows and tables brought to the schema."""

import pyarrow as pa
import pytest
from datasets import Dataset

from dataset_scripts.labels import ACTION_UNITS, AU_SETS
from dataset_scripts.registry import MODULES, find_layout
from dataset_scripts.schema import FEATURES, complete_row, complete_table

ROW = {
    "sample_id": "x/s1/c1",
    "data_set": "x",
    "subject": "s1",
    "clip": "c1",
    "frames": [b"one", b"two"],
    "fps": 30,
    "onset": 0,
    "offset": 1,
    "action_units": [0] * len(ACTION_UNITS),
}


def test_a_row_of_the_least_columns_is_completed():
    row = complete_row(**ROW)
    assert list(row) == list(FEATURES)
    assert row["frames"] == [{"bytes": b"one", "path": None}, {"bytes": b"two", "path": None}]
    assert row["apex"] is None and row["coded"] is None
    table = Dataset.from_list([row], features=FEATURES)
    assert table.with_format("arrow")[:]["fps"].to_pylist() == [30.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, r"the schema has no column \['colour'\]; it has sample_id"),
        ({"fps": None}, "a row needs fps"),
        ({"action_units": [0]}, "action_units has 1 values, not 20"),
    ],
)
def test_bad_rows_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        complete_row(**{**ROW, **change})


def test_tables_of_earlier_schemas_load_with_nulls():
    old = pa.Table.from_pylist([complete_row(**ROW)], schema=FEATURES.arrow_schema)
    old = old.drop_columns(["coded", "coded_text", "split"])
    table = complete_table(old)
    assert table.schema.names == list(FEATURES)
    assert table["coded"].to_pylist() == [None] and table["sample_id"].to_pylist() == ["x/s1/c1"]


@pytest.mark.parametrize("name", MODULES)
def test_every_registered_set_has_a_layout_and_units(name):
    layout = find_layout(name)
    assert layout.name == name and layout.releases
    assert name in AU_SETS or name == "folder"
    assert layout.coded_units is None or {f"AU{number}" for number in layout.coded_units} >= set(AU_SETS.get(name, ()))
