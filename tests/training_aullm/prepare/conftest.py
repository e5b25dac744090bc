"""Rows of three people, and a builder that gives them."""

from collections.abc import Iterator

import pytest

from dataset_scripts.report import Report
from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.prepare import preparing


@pytest.fixture
def rows() -> list[dict]:
    """Two clips of each of three people, interleaved; one of them shows no face."""
    rows = [clip_row(f"s{k % 3}", f"c{k}", vector=states("4" if k % 2 else "12", unknown="9")) for k in range(6)]
    rows[4] = clip_row("s1", "c4", (0, 90, 90, 90))
    return rows


@pytest.fixture
def builder(rows, monkeypatch) -> Iterator[list]:
    """The builder replaced by one that gives these rows; the list counts its calls."""
    calls = []

    def load(name, data_dir, **options):
        calls.append((name, str(data_dir), options["policy"]))
        return table_of(rows), Report(name, "1")

    monkeypatch.setattr(preparing, "load_dataset_from", load)
    return calls
