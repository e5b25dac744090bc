"""Long recordings cut into clips that begin at rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dataset_scripts.recordings.episodes import Cutting, cut_episodes

DISFA = Cutting(present=2)
FPS = 20


def recording(frames, **units):
    """(T, K) zeros with runs written in: unit=(first, [intensities])."""
    intensity = np.zeros((frames, len(units)), dtype=int)
    for column, runs in enumerate(units.values()):
        for first, values in runs:
            intensity[first : first + len(values), column] = values
    return intensity


def moves(episodes):
    return [episode for episode in episodes if episode.apex is not None]


def test_onset_is_the_last_frame_at_rest_apex_the_middle_of_the_peak_offset_the_first_frame_off():
    rise_and_fall = [1, 1, 2, 3, 4, 4, 4, 3, 2, 1, 1]
    (episode,) = moves(cut_episodes(recording(100, au4=[(50, rise_and_fall)], au12=[]), FPS, DISFA))
    assert (episode.onset, episode.apex, episode.offset) == (49, 55, 59)
    assert episode.states == (1, 0) and episode.peaks == (4, 0)


def test_units_that_come_on_together_share_a_clip_and_later_ones_open_the_next():
    together = recording(200, au1=[(50, [2] * 30)], au2=[(58, [3] * 10)], au12=[])
    (episode,) = moves(cut_episodes(together, FPS, DISFA))
    assert episode.states == (1, 1, 0) and 58 <= episode.apex < 68
    apart = recording(200, au1=[(50, [2] * 30)], au2=[(65, [3] * 10)], au12=[])
    first, second = moves(cut_episodes(apart, FPS, DISFA))
    assert first.states == (1, 0, 0) and first.offset == 63
    assert second.onset == 64
    assert second.states == (-1, 1, 0), "AU1 is on already when AU2 comes: there, but not seen to move"


def test_a_held_smile_is_cut_and_one_that_was_there_at_the_start_opens_nothing():
    held = recording(400, au12=[(50, [3] * 300)])
    (episode,) = moves(cut_episodes(held, FPS, DISFA))
    assert episode.offset - episode.onset == 3.0 * FPS
    assert not cut_episodes(recording(100, au12=[(0, [3] * 100)]), FPS, DISFA)


def test_trace_intensity_is_absent_and_flicker_is_ignored():
    flicker = recording(200, au4=[(50, [1] * 40)], au6=[(50, [2])], au9=[(50, [3, 3, 3, 3, 0, 0, 3, 3, 3])])
    (episode,) = moves(cut_episodes(flicker, FPS, DISFA))
    assert episode.states == (0, 0, 1) and episode.peaks == (1, 2, 3)
    assert episode.offset == 59


def test_an_uncoded_frame_makes_the_unit_unknown_in_its_clip_only():
    coded = recording(400, au4=[(50, [2] * 20), (250, [2] * 20)], au7=[])
    coded[55, 1] = -1
    first, second = moves(cut_episodes(coded, FPS, DISFA))
    assert first.states == (1, -1) and second.states == (1, 0)
    never = recording(100, au4=[(50, [2] * 20)], au7=[(0, [-1] * 100)])
    assert {episode.states[1] for episode in cut_episodes(never, FPS, DISFA)} == {-1}


def test_what_is_on_after_an_uncoded_stretch_was_not_seen_to_come_on():
    coded = recording(200, au4=[(60, [2] * 20)], au7=[(70, [2] * 5)])
    coded[40:60, 0] = -1
    (episode,) = moves(cut_episodes(coded, FPS, DISFA))
    assert episode.states == (-1, 1)


def test_a_unit_that_was_on_at_the_onset_and_comes_on_again_is_unknown():
    again = recording(200, au1=[(20, [2] * 33), (58, [2] * 20)], au4=[(50, [2] * 30)])
    first, second = moves(cut_episodes(again, FPS, DISFA))
    assert first.states == (1, 0)
    assert second.onset == 49 and second.states == (-1, 1)


def test_a_long_rest_gives_one_clip_of_its_middle():
    rests = [each for each in cut_episodes(recording(200, au4=[(150, [2] * 20)]), FPS, DISFA) if each.apex is None]
    (rest,) = rests
    assert rest.offset - rest.onset + 1 == FPS and rest.states == (0,)
    assert 60 < (rest.onset + rest.offset) / 2 < 90


@given(
    arrays.arrays(np.int8, st.tuples(st.integers(1, 120), st.integers(1, 3)), elements=st.integers(-1, 5)),
    st.sampled_from([5, 20, 25]),
)
def test_clips_lie_inside_in_order_and_never_overlap(intensity, fps):
    episodes = cut_episodes(intensity, fps, DISFA)
    at = -1
    for episode in episodes:
        assert at < episode.onset <= (episode.onset if episode.apex is None else episode.apex) <= episode.offset
        assert episode.offset < len(intensity)
        at = episode.offset
        inside = intensity[episode.onset : episode.offset + 1]
        for unit, state in enumerate(episode.states):
            if state == 1:
                assert (inside[:, unit] >= 2).any() and episode.apex is not None
            if state == 0:
                assert (inside[:, unit] >= 0).all()


@pytest.mark.parametrize("values", [{"present": 0}, {"present": 2, "longest": -1}, {"present": 2, "rest_length": 5}])
def test_cutting_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValueError, match=r"greater than 0|does not fit"):
        Cutting(**values)


def test_an_array_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="intensity must be"):
        cut_episodes(np.array([1, 2]), FPS, DISFA)
