"""ClipSet: built from a table in order, labels by name, measured once, cached whole."""

import io

import numpy as np
import pytest
import torch
from datasets import Dataset
from PIL import Image

from dataset_scripts.labels import ACTION_UNITS, label_vector
from dataset_scripts.schema import FEATURES
from processing_aullm import AullmImageProcessor, ClipError
from training_aullm.clips.clip_set import ClipSet, clips_digest, select_labels
from training_aullm.comparing.inputs import FLOWS
from training_aullm.peers import flow
from training_aullm.peers.flow import apex_flow, clip_flow, farneback, flow_clips


class Processor:
    """As much of AullmProcessor as clips need; counts its calls."""

    def __init__(self, size=32):
        self.image_processor = AullmImageProcessor(num_frames=6, size=size)


def encoded(shift: float, size=64) -> dict:
    y, x = np.mgrid[:size, :size]
    texture = 128 + 50 * np.sin((x - shift) / 3) + 50 * np.cos(y / 4 + (x - shift) / 5)
    data = io.BytesIO()
    Image.fromarray(texture.astype(np.uint8)).save(data, "PNG")
    return {"bytes": data.getvalue(), "path": None}


def row(index: int, units=("AU4",), frames=8) -> dict:
    return dict.fromkeys(FEATURES) | {
        "sample_id": f"tiny/s{index % 2}/c{index}",
        "data_set": "tiny",
        "label_release": "1",
        "subject": f"s{index % 2}",
        "clip": f"c{index}",
        "frames": [encoded(0.2 * step * (index + 1)) for step in range(frames)],
        "fps": 30.0,
        "onset": 0,
        "apex": frames - 1,
        "offset": frames - 1,
        "action_units": label_vector(list(units)),
    }


@pytest.fixture
def table():
    return Dataset.from_list([row(0), row(1, ("AU1", "AU12")), row(2, ())], features=FEATURES)


def test_clips_follow_the_table(table):
    clips = ClipSet.build(table, Processor(), ["AU4", "AU1"], batch_size=2, progress=False)
    assert (clips.inputs.shape, clips.inputs.dtype) == ((3, 6, 1, 32, 32), torch.uint8)
    assert clips.labels.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert clips.sample_ids == ("tiny/s0/c0", "tiny/s1/c1", "tiny/s0/c2") and clips.subjects == ("s0", "s1", "s0")
    assert clips.input_name == "pixel_values" and clips.data_set == "tiny"
    item = clips[1]
    assert item["pixel_values"].max() <= 1 and item["labels"].tolist() == [0, 1] and item["index"] == 1


def test_motion_is_measured_by_the_model_and_cached(table, build_model, tmp_path, monkeypatch):
    model, calls = build_model(image_size=56), []
    measure = model.measure_motion
    monkeypatch.setattr(model, "measure_motion", lambda pixels: calls.append(len(pixels)) or measure(pixels))
    first = ClipSet.build(table, Processor(56), ["AU4"], model, cache_dir=tmp_path, progress=False)
    again = ClipSet.build(table, Processor(56), ["AU1"], model, cache_dir=tmp_path, progress=False)
    assert calls == [3] and torch.equal(first.inputs, again.inputs)
    assert first.input_name == "motion_values" and first.inputs.shape[:3] == (3, 3, 5)
    assert again.labels.tolist() == [[0], [1], [0]]
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]


@pytest.mark.parametrize("left", [0, 100])
def test_a_cached_file_that_is_cut_off_is_made_again(table, tmp_path, left):
    first = ClipSet.build(table, Processor(), ["AU4"], cache_dir=tmp_path, progress=False)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:left])
    again = ClipSet.build(table, Processor(), ["AU4"], cache_dir=tmp_path, progress=False)
    assert torch.equal(first.inputs, again.inputs) and path.read_bytes() == whole


def test_the_cache_knows_other_frames_sizes_and_order(table, tmp_path):
    for variant, processor in ((table, Processor()), (table, Processor(48)), (table.select([1, 0, 2]), Processor())):
        ClipSet.build(variant, processor, ["AU4"], cache_dir=tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 3
    reversed_table = ClipSet.build(table.select([1, 0, 2]), Processor(), ["AU4"], cache_dir=tmp_path, progress=False)
    plain = ClipSet.build(table, Processor(), ["AU4"], cache_dir=tmp_path, progress=False)
    assert torch.equal(reversed_table.inputs[0], plain.inputs[1])


def test_labels_are_chosen_by_name_and_unknown_stays_unknown():
    universal = np.full((1, len(ACTION_UNITS)), -1)
    universal[0, ACTION_UNITS.index("AU12")] = 1
    assert select_labels(universal, ["AU12", "AU4"]).tolist() == [[1, -1]]
    with pytest.raises(ValueError, match="AU99"):
        select_labels(universal, ["AU99"])


def test_subsets_and_selection_keep_rows_together(motion_clips):
    part = motion_clips.subset([5, 0])
    assert part.sample_ids == (motion_clips.sample_ids[5], motion_clips.sample_ids[0])
    assert torch.equal(part.labels, motion_clips.labels[[5, 0]]) and torch.equal(
        part.inputs, motion_clips.inputs[[5, 0]]
    )
    other = motion_clips.select(["AU12", "AU9"])
    assert torch.equal(other.labels[:, 0], motion_clips.labels[:, 3]) and set(other.labels[:, 1].tolist()) == {-1}


def test_repeated_and_mixed_samples_are_refused(table):
    with pytest.raises(ValueError, match="'tiny/s0/c0' occurs more than once"):
        ClipSet.build(table.select([0, 0]), Processor(), ["AU4"])
    mixed = table.map(lambda _, index: {"data_set": f"set{index}"}, with_indices=True, features=FEATURES)
    with pytest.raises(ValueError, match="mixes data sets"):
        ClipSet.build(mixed, Processor(), ["AU4"])
    with pytest.raises(ValueError, match="no clip"):
        ClipSet.build(table.select([]), Processor(), ["AU4"])


def test_flow_finds_local_motion_and_drops_the_motion_of_the_whole_face():
    y, x = np.mgrid[:128, :128].astype(np.float32)

    def frame(local, whole):
        moved = x - whole - local * ((x > 80) & (y > 80))
        return (128 + 50 * np.sin(moved / 3) + 50 * np.cos(y / 4 + moved / 5)).astype(np.uint8)

    field = farneback(frame(0, 0), frame(1.0, 2.0), 14)
    assert abs(field[0, :7].mean()) < 0.1
    assert field[0, 11:13, 11:13].mean() == pytest.approx(1.0, abs=0.25)


def test_flow_clips_have_the_shapes_of_the_baselines(table, tmp_path):
    apex = flow_clips(table, ["AU4"], apex_flow, tmp_path, progress=False)
    clip = flow_clips(table, ["AU4"], clip_flow, tmp_path, progress=False)
    assert apex.inputs.shape == (3, 2, 1, 14, 14) and clip.inputs.shape == (3, 2, 5, 28, 28)
    assert torch.equal(flow_clips(table, ["AU4"], apex_flow, tmp_path, progress=False).inputs, apex.inputs)
    assert len(list(tmp_path.iterdir())) == 2


def test_flow_that_another_version_measured_is_measured_anew(table, tmp_path, monkeypatch):
    flow_clips(table, ["AU4"], apex_flow, tmp_path, progress=False)
    monkeypatch.setattr(flow, "FLOW_VERSION", "another")
    flow_clips(table, ["AU4"], apex_flow, tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_digest_is_of_inputs_labels_and_names(motion_clips):
    variants = [motion_clips] + [
        ClipSet(**vars(motion_clips) | {name: change(getattr(motion_clips, name))})
        for name, change in {
            "inputs": lambda inputs: -inputs,
            "labels": lambda labels: 1 - labels,
            "sample_ids": lambda ids: ids[::-1],
            "subjects": lambda people: people[::-1],
            "action_units": lambda units: units[::-1],
        }.items()
    ]
    digests = [clips_digest(each) for each in variants]
    assert len(set(digests)) == len(digests) and clips_digest(motion_clips) == digests[0]


def test_sets_are_joined_and_keep_their_people_apart(table):
    one = ClipSet.build(table, Processor(), ["AU4", "AU1"], progress=False)
    other = ClipSet(**vars(one) | {"data_set": "other", "sample_ids": ("a", "b", "c")})
    both = ClipSet.joined([one, other], "both")
    assert (len(both), both.data_set) == (6, "both")
    assert both.subjects == ("tiny/s0", "tiny/s1", "tiny/s0", "other/s0", "other/s1", "other/s0")
    assert both.sample_ids[3:] == ("a", "b", "c") and both.labels[3:].tolist() == one.labels.tolist()
    assert torch.equal(both.inputs[3:], one.inputs)


def test_sets_that_show_the_same_people_are_joined_under_one_name(table):
    clips = ClipSet.build(table, Processor(), ["AU4"], progress=False)
    short, long = (ClipSet(**vars(clips) | {"data_set": name}) for name in ("samm", "samm_long"))
    assert long.people == short.people == ("samm/s0", "samm/s1", "samm/s0")
    assert len(set(ClipSet.joined([short, long], "both").subjects)) == 2


@pytest.mark.parametrize("measure", FLOWS.values())
def test_flow_of_clips_without_times_is_that_from_the_first_frame_over_the_middle_to_the_last(measure):
    told = Dataset.from_list([row(0) | {"onset": 0, "apex": 4, "offset": 7}], features=FEATURES)
    bare = Dataset.from_list([row(0) | dict.fromkeys(("onset", "apex", "offset"))], features=FEATURES)
    first, second = (flow_clips(table, ["AU4"], measure, progress=False).inputs for table in (told, bare))
    assert torch.equal(first, second) and second.abs().max() > 0


def test_a_clip_without_an_apex_in_two_frames_still_moves():
    table = Dataset.from_list([row(0, frames=2) | {"apex": None}], features=FEATURES)
    assert flow_clips(table, ["AU4"], apex_flow, progress=False).inputs.abs().max() > 0


def test_flow_of_a_picture_that_cannot_be_read_is_refused_by_the_clips_name():
    table = Dataset.from_list([row(0) | {"frames": [{"bytes": b"torn", "path": None}] * 3}], features=FEATURES)
    with pytest.raises(ClipError, match="tiny/s0/c0: frame 0 is not a readable image"):
        flow_clips(table, ["AU4"], apex_flow, progress=False)
