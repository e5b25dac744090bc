"""What the name of a cache file depends on: clips, settings and versions, and no text of any source file."""

import io
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from torch import nn

from modeling_aullm.displacement_aullm import DisplacementField
from processing_aullm import AullmImageProcessor
from tests.training_aullm.clip_tables import clip_row, table_of, turned
from training_aullm.clips.clip_cache import fingerprint, load_tensors, save_tensors, table_digest


class Processor:
    """As much of AullmProcessor as a key needs."""

    def __init__(self, **settings):
        self.image_processor = AullmImageProcessor(**settings)


@pytest.fixture
def table() -> Dataset:
    return table_of([clip_row("s0", "c0"), clip_row("s1", "c1", (80, 90))])


def test_settings_clips_and_grid_are_in_the_key(table):
    model = nn.Sequential(DisplacementField(28))
    keys = [
        fingerprint(table, Processor(), None, False),
        fingerprint(table, Processor(), None, True),
        fingerprint(table, Processor(size=64), None, False),
        fingerprint(table, Processor(num_frames=4), None, False),
        fingerprint(table, Processor(framing={"center_x": 0.45}), None, False),
        fingerprint(table, Processor(), model, False),
        fingerprint(table, Processor(), nn.Sequential(DisplacementField(14)), False),
        fingerprint(table.select([0]), Processor(), None, False),
    ]
    assert len(set(keys)) == len(keys)
    assert fingerprint(table, Processor(), model.eval(), False) == keys[5], "whether it trains does not matter"


def test_versions_of_alignment_and_measurement_are_in_the_key(table, monkeypatch):
    model = nn.Sequential(DisplacementField())
    keys = [fingerprint(table, Processor(), model, True)]
    monkeypatch.setattr(AullmImageProcessor, "alignment_version", "another")
    keys.append(fingerprint(table, Processor(), model, True))
    monkeypatch.setattr(DisplacementField, "version", "another")
    keys.append(fingerprint(table, Processor(), model, True))
    assert len(set(keys)) == 3


def test_clips_that_were_read_on_their_side_are_measured_anew_and_no_others(table, monkeypatch):
    row = clip_row("s0", "c0")
    sideways = table_of([row | {"frames": [{"bytes": turned(f["bytes"]), "path": None} for f in row["frames"]]}])
    known = [fingerprint(clips, Processor(), None, False) for clips in (table, sideways)]
    monkeypatch.setattr("training_aullm.clips.clip_cache.camera_note", lambda _: "")  # as earlier versions
    earlier = [fingerprint(clips, Processor(), None, False) for clips in (table, sideways)]
    assert [a == b for a, b in zip(known, earlier, strict=True)] == [True, False]


def test_rewording_a_source_file_keeps_the_key(table, monkeypatch):
    """A key that read code would need to open it: here nothing can be opened, and the key is the same."""
    processor, model = Processor(), nn.Sequential(DisplacementField())
    key = fingerprint(table, processor, model, True)

    def refuse(*_, **__):
        raise AssertionError("a key must not read files")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert fingerprint(table, processor, model, True) == key


def test_labels_are_not_in_the_key(table):
    relabelled = table_of([clip_row("s0", "c0", coded_text="other"), clip_row("s1", "c1", (80, 90))])
    assert table_digest(relabelled) == table_digest(table)


def test_without_a_path_nothing_is_kept():
    assert save_tensors({}, None) == {} and load_tensors(None) is None


def test_of_several_that_measure_at_once_the_first_counts_for_all(tmp_path):
    """Processors round differently, and a record of what was measured refuses all others."""
    path = tmp_path / "clips.safetensors"
    for number in (1.0, 2.0):
        kept = save_tensors({"motion_values": torch.full((2,), number)}, path)
        assert kept["motion_values"].tolist() == load_tensors(path)["motion_values"].tolist() == [1.0, 1.0]
    path.write_bytes(b"torn")
    assert save_tensors({"motion_values": torch.full((2,), 3.0)}, path)["motion_values"].tolist() == [3.0, 3.0]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
