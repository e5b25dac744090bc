"""The data set: schema, reproducibility, resumability, errors."""

import io
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.config import get_domain
from dataset_scripts.synthetic.tables import clip_table
from dataset_scripts.synthetic.tables.clip_table import fingerprint
from tests.dataset_scripts.conftest import SMALL


def raw(clips):
    """Rows with undecoded frames."""
    return clips.with_format("arrow")[:].to_pylist()


def shards(cache):
    return sorted(Path(cache).glob("synthetic/*/subject-*.arrow"))


def test_rows_follow_the_schema(small_set):
    assert small_set.features == FEATURES
    assert len(small_set) == SMALL["clips"]
    assert len(set(small_set["sample_id"])) == len(small_set)
    for row in small_set:
        assert row["sample_id"] == f"casme2-like/{row['subject']}/{row['clip']}"
        assert row["onset"] == 0 <= row["apex"] <= row["offset"] == SMALL["frames"] - 1
        assert len(row["frames"]) == SMALL["frames"]
        assert all(frame.size == (96, 96) and frame.mode == "L" for frame in row["frames"])
        assert 3 < row["fps"] < 100
        assert set(row["action_units"]) <= {0, 1} and sum(row["action_units"]) >= 1
        assert row["emotion"] is None


def test_amplitudes_are_given_for_the_coded_units_only(small_set):
    for row in small_set:
        coded = np.array(row["action_units"]) == 1
        amplitude = np.array(row["amplitude_px"])
        assert amplitude.shape == (len(ACTION_UNITS),)
        assert ((amplitude[coded] >= 0.3) & (amplitude[coded] <= 2.5)).all()
        assert not amplitude[~coded].any()


def test_frames_are_jpeg_and_change_within_a_clip(small_set):
    for row in raw(small_set):
        pictures = [np.array(Image.open(io.BytesIO(frame["bytes"])), float) for frame in row["frames"]]
        assert all(frame["bytes"].startswith(b"\xff\xd8") for frame in row["frames"])
        assert 0.2 < np.abs(pictures[1] - pictures[0]).mean() < 15


def test_processes_do_not_change_the_result(small_set, tmp_path):
    assert raw(load_synthetic("casme2-like", **SMALL, num_proc=2, cache_dir=tmp_path)) == raw(small_set)


def test_seeds_give_other_people(small_set, cache):
    other = load_synthetic("casme2-like", **SMALL, seed=1, num_proc=1, cache_dir=cache)
    assert raw(other)[0]["frames"] != raw(small_set)[0]["frames"]
    assert not set(other["subject"]) & set(small_set["subject"])
    assert other[0]["sample_id"] == "casme2-like/seed1-s000/c000"


def test_only_what_is_missing_is_rendered_again(tmp_path):
    arguments = {"subjects": 3, "clips": 3, "frames": 2, "size": 64, "num_proc": 1, "progress": False}
    first = raw(load_synthetic("samm-like", **arguments, cache_dir=tmp_path))
    lost, *kept = shards(tmp_path)
    written = {path: path.stat().st_mtime_ns for path in kept}
    lost.unlink()
    leftover = lost.with_name(f".{lost.name}.1.part")
    leftover.write_bytes(b"killed while writing")
    assert raw(load_synthetic("samm-like", **arguments, cache_dir=tmp_path)) == first
    assert lost.exists()
    assert {path: path.stat().st_mtime_ns for path in kept} == written


def test_a_failed_subject_leaves_no_file_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("dataset_scripts.whole_files.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        load_synthetic("casme2-like", 1, 1, 2, 64, num_proc=1, cache_dir=tmp_path, progress=False)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"domain": "casme4-like"}, "unknown domain 'casme4-like'; there are 'casme2-like', 'samm-like'"),
        ({"subjects": 0}, "subjects must be a whole number from 1"),
        ({"subjects": 2.5}, "subjects must be a whole number"),
        ({"subjects": 5, "clips": 3}, "clips must be a whole number from 5 .*at least one clip"),
        ({"frames": 1}, "frames must be .*onset and its offset"),
        ({"size": 8}, "size must be"),
        ({"seed": -1}, "seed must be"),
        ({"num_proc": 0}, "num_proc must be"),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_synthetic(**({"domain": "casme2-like"} | arguments), cache_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_defaults_are_the_published_numbers(monkeypatch, tmp_path):
    planned = {}

    def record(domain, folder, subjects, clips, **_):
        planned[domain.name] = subjects, clips
        raise InterruptedError

    monkeypatch.setattr(clip_table, "_plan_jobs", record)
    for name, subjects in (("casme2-like", None), ("samm-like", None)):
        with pytest.raises(InterruptedError):
            load_synthetic(name, subjects, cache_dir=tmp_path)
    assert planned == {"casme2-like": (26, 255), "samm-like": (29, 159)}
    with pytest.raises(InterruptedError):
        load_synthetic("casme2-like", 13, cache_dir=tmp_path)
    assert planned["casme2-like"] == (13, 128)


def test_the_key_follows_version_arguments_and_configuration():
    plan = {"domain": asdict(get_domain("casme2-like")), "seed": 0}
    calmer = {"domain": asdict(replace(get_domain("casme2-like"), amplitude_px=0.7)), "seed": 0}
    same = fingerprint("2", plan)
    assert same == fingerprint("2", plan)
    assert len({same, fingerprint("3", plan), fingerprint("2", plan | {"seed": 1}), fingerprint("2", calmer)}) == 4


def test_the_key_does_not_read_code(monkeypatch):
    read, real = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.suffix) or real(path))
    fingerprint("2", {})
    assert read == [".npz"]


def test_the_cache_follows_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "here"))
    load_synthetic("casme2-like", 1, 1, 2, 64, num_proc=1, progress=False)
    assert len(shards(tmp_path / "here")) == 1
    assert os.listdir(tmp_path) == ["here"]
