"""Sliding windows and what is read off a timeline."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_aullm.predict import Timeline, window_slices
from training_aullm.readings import reading_table


@given(frames=st.integers(2, 2000), fps=st.floats(5, 500), length=st.floats(0.02, 3), hop=st.floats(0.005, 2))
def test_windows_cover_the_video_and_stay_inside_it(frames, fps, length, hop):
    windows = window_slices(frames, fps, length, hop)
    assert windows[0][0] == 0 and windows[-1][1] == frames - 1
    assert all(0 <= first < last < frames for first, last in windows)
    assert len({last - first for first, last in windows}) == 1
    firsts = [first for first, _ in windows]
    assert firsts == sorted(set(firsts))
    assert max(np.diff(firsts), default=0) <= max(round(hop * fps), 1)


def test_a_window_lasts_as_long_as_asked():
    assert window_slices(61, 30, 0.5, 0.1)[:3] == [(0, 15), (3, 18), (6, 21)]


def test_a_short_video_gives_one_window():
    assert window_slices(5, 30, 0.5, 0.1) == [(0, 4)]


@pytest.mark.parametrize(
    ("arguments", "word"), [((1, 30, 0.5, 0.1), "frame"), ((9, 0, 0.5, 0.1), "fps"), ((9, 30, 0.5, 0), "hop")]
)
def test_impossible_windows_are_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        window_slices(*arguments)


@pytest.fixture
def timeline():
    probabilities = np.array([[0.1, 0.9], [0.6, 0.2], [0.7, 0.1], [0.2, 0.5]])
    starts = np.array([0.0, 0.1, 0.2, 0.3])
    return Timeline("face.mp4", 30.0, ("AU4", "AU12"), starts, starts + 0.5, probabilities)


def test_peaks_and_spans(timeline):
    brow, lips = timeline.peaks()
    assert (brow.probability, brow.at) == (0.7, pytest.approx(0.45))
    assert brow.spans == [(pytest.approx(0.35), pytest.approx(0.45))]
    assert lips.spans == [(pytest.approx(0.25),) * 2, (pytest.approx(0.55),) * 2]


def test_json_holds_every_window(timeline, tmp_path):
    timeline.write_json(tmp_path / "face.json")
    content = json.loads((tmp_path / "face.json").read_text())
    assert [window["probabilities"] for window in content["windows"]] == timeline.probabilities.tolist()
    assert [peak["action_unit"] for peak in content["peaks"]] == ["AU4", "AU12"]


def test_the_table_has_a_row_per_action_unit(timeline):
    table = reading_table(timeline)
    assert list(table.columns[0].cells) == ["AU4", "AU12"]
    assert "0.35-0.45 s" in next(iter(table.columns[4].cells))
