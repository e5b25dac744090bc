"""Predictions that go into one file and out again give the same table, and train nothing."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from benchmarks.published_predictions import pack, unpack
from dataset_scripts.whole_files import write_whole
from tests.contract.tree import ROOT
from tests.training_aullm.comparing.test_comparison import METHODS_HERE, write_table
from training_aullm.comparing.comparison import Comparison
from training_aullm.comparing.results import result_rows
from training_aullm.comparing.sharing import Shard
from training_aullm.comparing.work import SETTINGS_DIGEST
from training_aullm.score.metrics import score

PUBLISHED = ROOT / "benchmarks" / "predictions"


@pytest.fixture
def finished(tmp_path):
    sources = tuple(write_table(tmp_path / name, name, people=people) for name, people in (("one", 4), ("two", 3)))
    units = ("AU4", "AU7", "AU12")
    made = Comparison(tmp_path / "out", sources, METHODS_HERE, "loso", seeds=2, action_units=units)
    made.run(Shard())
    return made


def test_what_is_unpacked_is_done_and_gives_the_same_rows(finished, tmp_path):
    pack(finished.out, tmp_path / "all.parquet")
    unpack(tmp_path / "all.parquet", tmp_path / "again")
    again = dataclasses.replace(finished, out=tmp_path / "again")
    assert not again.left
    whole = finished.write_manifest()
    for fit in whole["done"]:  # in words in made_with.json, which travels, too
        assert fit.pop(SETTINGS_DIGEST)
    assert again.write_manifest() == whole
    assert result_rows(again, again.write_manifest()) == result_rows(finished, finished.write_manifest())


def test_the_surest_probabilities_stay_apart(finished, tmp_path):
    path = finished.pieces[0].path(finished.out)
    told = pd.read_parquet(path)
    told["probability_AU4"] = 1 - 1e-12 * np.arange(1, len(told) + 1)  # in 32 bits all of them are 1
    told.to_parquet(path, index=False)
    pack(finished.out, tmp_path / "all.parquet")
    unpack(tmp_path / "all.parquet", tmp_path / "again")
    again = pd.read_parquet(finished.pieces[0].path(tmp_path / "again")).set_index("sample_id")["probability_AU4"]
    assert again.equals(told.set_index("sample_id")["probability_AU4"].loc[again.index])


def test_packing_again_gives_the_same_bytes(finished, tmp_path):
    pack(finished.out, tmp_path / "all.parquet")
    unpack(tmp_path / "all.parquet", tmp_path / "again")
    pack(tmp_path / "again", tmp_path / "more.parquet")
    assert (tmp_path / "all.parquet").read_bytes() == (tmp_path / "more.parquet").read_bytes()


def test_what_was_made_otherwise_is_refused(finished, tmp_path):
    pack(finished.out, tmp_path / "all.parquet")
    unpack(tmp_path / "all.parquet", tmp_path / "again")
    with pytest.raises(ValueError, match="tries: 1, now 2"):
        dataclasses.replace(finished, out=tmp_path / "again", tries=2).run(Shard())
    dataclasses.replace(finished, out=tmp_path / "other", protocol="cross").check()
    with pytest.raises(ValueError, match=r"protocol: .cross., now .loso.*unpack into another folder"):
        unpack(tmp_path / "all.parquet", tmp_path / "other")


def test_fits_of_another_machine_that_measured_the_clips_anew_may_join(finished, tmp_path):
    pack(finished.out, tmp_path / "all.parquet")
    record = tmp_path / "there" / "predictions" / "half-sure" / "made_with.json"
    settings = json.loads((finished.out / "predictions" / "half-sure" / "made_with.json").read_text())
    write_whole(record, json.dumps(settings | {"inputs": "rounded otherwise"}))
    unpack(tmp_path / "all.parquet", tmp_path / "there")
    assert not dataclasses.replace(finished, out=tmp_path / "there").left
    assert json.loads(record.read_text())["inputs"] == "rounded otherwise"


def test_what_is_there_already_stays(finished, tmp_path):
    pack(finished.out, tmp_path / "all.parquet")
    path = finished.pieces[0].path(finished.out)
    path.write_bytes(b"mine")
    unpack(tmp_path / "all.parquet", finished.out)
    assert path.read_bytes() == b"mine"


def test_a_row_says_what_it_is_of(finished, tmp_path):
    table = pack(finished.out, tmp_path / "all.parquet")
    assert len(table) == 2 * 2 * (4 + 3) * 4  # methods, seeds, people, clips
    assert set(table["method"]) == set(METHODS_HERE) and set(table["group"]) == {"one", "two"}
    assert not table.duplicated(["method", "seed", "group", "sample_id"]).any()


def test_a_folder_without_predictions_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no predictions: give the folder of a comparison"):
        pack(tmp_path, tmp_path / "all.parquet")


@pytest.mark.parametrize("comparison", sorted(path.stem for path in PUBLISHED.glob("*.parquet")))
def test_what_is_documented_is_what_the_published_predictions_say(comparison):
    """Rows of docs/comparison.md that are not said to be of before: mean F1 over units and seeds, AUC and AP."""
    text = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    for method, told in pd.read_parquet(PUBLISHED / f"{comparison}.parquet").groupby("method"):
        f1, auc, precision = np.mean([scores_of(seed) for _, seed in told.groupby("seed")], axis=0)
        seeds = r"(?:,? \(?(?:one|two|three) seeds?\)?)?"
        row = rf"\| {method}{seeds} \| {f1:.3f} \([^|]*\|.*\| {auc:.3f} \| {precision:.3f} \| 1 \|"
        assert re.search(row, text), f"{comparison}: {method} has {f1:.3f}, {auc:.3f}, {precision:.3f}"


def scores_of(told: pd.DataFrame) -> np.ndarray:
    """(3,) means over all units of all data sets or directions, of one seed."""
    of_units = []
    for _, group in told.groupby("group"):
        group = group.dropna(axis=1, how="all")  # units that are not scored there
        units = [name.removeprefix("label_") for name in group if name.startswith("label_")]
        columns = ([f"{kind}_{unit}" for unit in units] for kind in ("probability", "label"))
        probabilities, labels = (group[names].to_numpy(float) for names in columns)
        scores = score(probabilities, labels.astype(int), units)
        of_units.append([scores.f1, scores.auc, scores.average_precision])
    return np.nanmean(np.concatenate(of_units, axis=1), axis=1)
