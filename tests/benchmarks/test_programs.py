"""Every benchmark explains itself, and runs to its last line on the smallest input. How good its numbers are is not
tested here; programs with a test file of their own run there.
"""

import json
import runpy
import sys

import pytest

from benchmarks import (
    alignment,
    export,
    folds_at_once,
    groups,
    peer_weights,
    prefix,
    source,
    source_pictures,
    source_versions,
    speed,
    unit_fields,
)
from tests.contract.tree import ROOT, python_files
from training_aullm.learn.recipes import recipe_base
from training_aullm.peers.aullm import AU_LLM
from training_aullm.peers.methods import PEERS

PROGRAMS = [path.stem for path in python_files("benchmarks") if "__main__" in path.read_text("utf-8")]
FILM = ROOT / "space_app/examples/short-smile.mp4"
FACE = ROOT / "tests/processing_aullm/data/rendered_face.jpg"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_explains_itself(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    monkeypatch.delitem(sys.modules, f"benchmarks.{name}", raising=False)
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    assert end.value.code == 0 and "--help" in capsys.readouterr().out


def test_alignment(run_program, monkeypatch):
    monkeypatch.setattr(alignment, "FRAMES", 2)
    monkeypatch.setattr(alignment, "MOTION", {kind: alignment.MOTION[kind] for kind in ("still", "broad")})
    told = run_program(alignment, "--rendered", 1, "--video", FILM, "--image", FACE)
    assert [row["face"] for row in told["rows"][::6]] == ["rendered 0", FILM.name, FACE.name]
    assert set(told["error_px"]) == set(alignment.MOTION) and told["error_px"]["still"] < 0.5


def test_export_of_nothing_is_the_model_itself(run_program, language_model_with_tokenizer):
    settings = ("--layers", 1, "--batch", 2, "--repeats", 1, "--graphs", "eager")
    (row,) = run_program(export, "--language-model", language_model_with_tokenizer, *settings)["rows"]
    assert row["graph"] == "eager" and row["difference"] == 0


@pytest.mark.slow
def test_export(run_program, language_model_with_tokenizer):
    settings = ("--layers", 1, "--batch", 2, "--repeats", 1, "--backend", "eager")
    graphs = ("--graphs", "compile", "export", "onnx")
    told = run_program(export, "--language-model", language_model_with_tokenizer, *settings, *graphs)
    assert [row["graph"] for row in told["rows"]] == list(graphs[1:])
    assert all(row["difference"] < 1e-4 for row in told["rows"])


def test_folds_at_once(run_program, language_model_with_tokenizer, monkeypatch):
    small = recipe_base().but(model={"num_language_layers": 2})
    monkeypatch.setattr(folds_at_once, "recipe_base", lambda: small)
    monkeypatch.setattr(folds_at_once, "CLIPS", 6)
    monkeypatch.setattr(folds_at_once, "PEOPLE", 3)
    told = run_program(folds_at_once, "--folds", 2, "--epochs", 0.1, "--language-model", language_model_with_tokenizer)
    assert [row["way"] for row in told["results"]] == ["one by one", "at once"]
    assert float(told["difference"]) < 1e-3


def test_groups(capsys):
    groups.main("release", people=2, clips=1)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["clips"] == 4 and {"everybody", "glasses"} <= {row["by"] for row in told["rows"]}


def test_peer_weights(run_program, language_model_with_tokenizer, monkeypatch):
    small = AU_LLM.but(model={"num_language_layers": 1, "language_dtype": "float32"})
    monkeypatch.setattr(peer_weights, "AU_LLM", small)
    rows = run_program(peer_weights, "--language-model", language_model_with_tokenizer)["rows"]
    told = {row["method"]: row for row in rows}
    assert set(told) == set(PEERS) - {"flow-lr", "all-present"}  # no networks
    assert (told["off-apexnet"]["units"], told["off-apexnet"]["as_theirs"]) == (2_669_600, 2_664_475)
    width = told["au-llm"]["units"] - told["au-llm"]["as_theirs"]  # four units more in the head alone
    assert width > 0 and width % 4 == 0 and "classes" not in told["artnet"]


def test_prefix(run_program):
    settings = ("--layers", 1, "--batch", 2, "--prefix", 4, "--repeats", 1, "--dtypes", "float32")
    (row,) = run_program(prefix, *settings)["results"]
    assert row["difference"] < 1e-3


def test_source(run_program, monkeypatch):
    monkeypatch.setattr(source, "draw_labels", lambda domain, people, clips, seed: [[("AU4",), ("AU12",)]])
    monkeypatch.setattr(source, "RENDERED_UNITS", ("AU4", "AU12"))
    told = run_program(source, "--sizes", 96, "--blocks", 2)
    assert [row["size"] for row in told["rows"]] == [96] and set(source.COLUMNS) == set(told["rows"][0])


def test_source_of_a_whole_set(run_program):
    (row,) = run_program(source, "--subjects", 1, "--clips", 1, "--sizes", 96, "--processes", 1)["rows"]
    assert row["clips"] == 1 and row["disk_mb"] > 0


def test_pictures_of_the_source(monkeypatch):
    monkeypatch.setattr(source_pictures, "RENDERED_UNITS", ("AU4", "AU12"))
    pictures = (
        source_pictures.subjects(1, 64),
        source_pictures.units("samm-like", 1, 64),
        source_pictures.nuisances(64),
        source_pictures.take(96),
    )
    assert all(picture.ndim == 3 and picture.std() > 10 for picture in pictures)


def test_source_versions(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(source_versions, "load_synthetic", few_clips)
    monkeypatch.setattr(source_versions, "KINDS", {"varied": source_versions.KINDS["varied"]})
    monkeypatch.setattr(source_versions, "DOMAINS", ("casme2-like",))
    source_versions.main([tmp_path / "clips.npz"])
    told = run_program(source_versions, tmp_path / "clips.npz", tmp_path / "clips.npz")
    assert [(row["set"], row["differ_percent"]) for row in told["rows"]] == [("casme2-like varied", 0)]


def test_speed(run_program):
    told = run_program(speed, "--seconds", 0, "--batch", 1)
    assert [row["model"] for row in told["rows"]] == ["base", "paper", "plain LED network"]


def test_unit_fields(run_program, tmp_path, monkeypatch):
    monkeypatch.setattr(unit_fields, "RENDERED_UNITS", ("AU4", "AU12"))
    told = run_program(unit_fields, "--picture", tmp_path / "fields.jpg")
    assert [(row["unit"], row["basis"]) for row in told["rows"][:2]] == [("AU4", basis) for basis in unit_fields.BASES]
    assert (tmp_path / "fields.jpg").is_file()
