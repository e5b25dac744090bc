"""Windows of takes: where they lie, and what their labels say."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from safetensors.torch import save_file

from processing_aullm.face_reader_aullm import FaceReader
from processing_aullm.windows_aullm import WindowGrid
from tests.processing_aullm.faked_faces import FPS, FakeFace, FakeStream
from training_aullm.clips import take_windows
from training_aullm.clips.take_windows import Windows, take_clips, window_labels, window_spans

UNITS = ("AU4", "AU12")
MICRO = {"kind": "micro", "onset": 30, "apex": 36, "offset": 42, "action_units": ["AU4"], "amplitude_px": [0.8]}


def labels(first: int, last: int, *events, rest: int = 0) -> list[int]:
    return window_labels(events, rest, first, last, UNITS, Windows())


@pytest.mark.parametrize(
    ("first", "last", "state"),
    [
        (25, 40, 1),  # all of the rise
        (36, 51, 1),  # from the apex on: still there, and released
        (40, 55, -1),  # hardly there any more
        (42, 57, 0),  # released
        (0, 15, 0),  # long before
        (17, 32, -1),  # a quarter of the rise: too little to say
        (16, 31, 0),  # its first frame alone
    ],
)
def test_a_unit_is_present_where_it_is_on_against_rest(first, last, state):
    assert labels(first, last, MICRO) == [state, 0]


def test_what_is_on_at_rest_already_is_not_on_against_it():
    held = MICRO | {"kind": "macro", "onset": 0, "apex": 10, "offset": 100}
    assert labels(12, 27, held, rest=10) == [0, 0] and labels(12, 27, held, rest=0) == [1, 0]


def test_a_large_slow_movement_is_present_from_a_pixel_on():
    macro = MICRO | {"kind": "macro", "onset": 0, "apex": 60, "offset": 90, "amplitude_px": [6.0]}
    assert labels(5, 20, macro) == [1, 0]
    assert labels(5, 20, macro | {"amplitude_px": [2.0]}) == [-1, 0]


def test_the_surer_of_two_movements_wins():
    later = MICRO | {"onset": 50, "apex": 56, "offset": 60}
    assert labels(30, 52, later) == [-1, 0] and labels(30, 52, MICRO) == [1, 0]
    assert labels(30, 52, MICRO, later) == labels(30, 52, later, MICRO) == [1, 0]
    assert labels(43, 52, MICRO, later) == [-1, 0]


@pytest.mark.parametrize("kind", ["blink", "speech", "gaze", "turn"])
def test_what_is_no_expression_is_no_unit(kind):
    assert labels(25, 40, MICRO | {"kind": kind}) == [0, 0]


def test_windows_cover_the_take_and_stay_inside():
    spans = window_spans(5, 305, 30.0, Windows(length=0.5, hop=0.25))
    assert (spans[:, 1] - spans[:, 0] == 15).all()
    assert spans[:, 0].min() >= 5 and spans[:, 1].max() <= 305
    assert 35 <= len(spans) <= 40 and np.diff(spans[:, 0]).mean() == pytest.approx(7.5, abs=0.3)
    assert not np.array_equal(spans, window_spans(5, 305, 30.0, Windows(), stream=1))
    assert window_spans(0, 10, 30.0, Windows()).shape == (0, 2)


@pytest.mark.parametrize("wrong", [{"hop": 0}, {"length": -1.0}])
def test_windows_need_a_length_and_a_hop(wrong):
    with pytest.raises(ValueError, match="above zero"):
        Windows(**wrong)


@pytest.fixture
def takes(tmp_path) -> Dataset:
    rows = []
    for number in range(2):
        film = tmp_path / f"take{number}.mp4"
        film.write_bytes(b"a film %d" % number)
        row = {"sample_id": f"tiny/s{number}/t00", "data_set": "tiny", "subject": f"s{number}", "video": str(film)}
        rows.append(row | {"events": [MICRO]})
    return Dataset.from_list(rows)


def test_takes_become_clips_once(takes, tmp_path, monkeypatch):
    calls = []

    def measure(job):
        calls.append(job.sample_id)
        spans = torch.tensor([[20, 25, 40], [45, 45, 60]])
        job.path.parent.mkdir(exist_ok=True)
        save_file({"motion_values": torch.full((2, 2, 5, 4, 4), float(len(calls))), "spans": spans}, job.path)

    def cut(windows):
        return take_clips(takes, UNITS, windows, tmp_path / "windows", num_proc=1, progress=False)

    monkeypatch.setattr(take_windows, "measure_take", measure)
    clips = cut(Windows())
    assert clips.sample_ids == (
        *("tiny/s0/t00/f00025-00040", "tiny/s0/t00/f00045-00060"),
        *("tiny/s1/t00/f00025-00040", "tiny/s1/t00/f00045-00060"),
    )
    assert clips.labels.tolist() == [[1, 0], [0, 0]] * 2 and clips.subjects == ("s0", "s0", "s1", "s1")
    assert clips.inputs[:, 0, 0, 0, 0].tolist() == [1, 1, 2, 2]
    cut(Windows())
    assert calls == ["tiny/s0/t00", "tiny/s1/t00"], "what was measured is kept"
    cut(Windows(hop=0.5))
    assert len(calls) == 4, "other windows are other files"
    for version in ("ALIGNMENT_VERSION", "MEASUREMENT_VERSION", "WINDOWS_VERSION"):
        monkeypatch.setattr(take_windows, version, "another")
        cut(Windows())
    assert len(calls) == 10, "and so are those of another version"


def test_a_spotted_movement_is_one_clip_to_learn_from():
    """A reader of videos asks for it wider, too."""
    face = FakeFace(frames=240, moves=((70, 74, 78, 4.0, "AU4"),))
    reader = FaceReader(WindowGrid.of(FPS, 0.5, 0.1), take_windows.WHOLE, 4, ["AU4"], threshold=0.5, fps=FPS)
    clips = []
    for chunk in FakeStream([face], 0, 240, overlap=5):
        reader.add(chunk)
        clips += take_windows._clips_of(reader, chunk, np.zeros((0, 2), np.int64))
    ((rest, onset, apex), crops), *others = clips
    assert not others and len(crops) == 4
    assert rest == onset and 66 <= onset <= 71 and 73 <= apex <= 76


@pytest.mark.slow
def test_windows_of_a_real_take_hold_the_movement(tmp_path):
    from dataset_scripts.synthetic import load_takes

    film = load_takes("casme3-like", 1, seconds=4, events={"micro": 1}, seed=3, cache_dir=tmp_path, progress=False)
    clips = take_clips(film, tuple(film[0]["events"][0]["action_units"]), Windows(), tmp_path / "windows", 1, False)
    assert len(clips) >= 10 and clips.inputs.isfinite().all()
