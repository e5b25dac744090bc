"""Blinks are found where eyes close for a moment, and nowhere else."""

import tracemalloc

import numpy as np
import pytest

from processing_aullm.blinks_aullm import EyeWatch, eye_openness, find_blinks, lids_move

FPS = 30.0


def course(seconds=6.0, noise=0.004, seed=0, fps=FPS, **dips):
    """(n,) openness around 0.28 with dips: {name: (start s, length s, share of the opening)}."""
    times = np.arange(round(seconds * fps)) / fps
    values = 0.28 + np.random.default_rng(seed).normal(0, noise, len(times))
    for start, length, depth in dips.values():
        phase = np.clip((times - start) / length, 0, 1)
        values *= 1 - depth * np.clip(1.6 * np.sin(np.pi * phase), 0, 1)
    return values


@pytest.mark.parametrize("length", [0.12, 0.25, 0.4])
@pytest.mark.parametrize("depth", [0.3, 0.8])
def test_blinks_of_every_length_are_found_once(length, depth):
    found = find_blinks(course(a=(1.5, length, depth), b=(4.0, length, depth)), FPS)
    assert len(found) == 2
    for (onset, apex, offset, kind), start in zip(found, (1.5, 4.0), strict=True):
        assert onset < apex < offset and kind == "blink"
        assert abs(onset - start * FPS) <= 2 and abs(offset - (start + length) * FPS) <= 2


def test_open_eyes_do_not_blink():
    for seed in range(5):
        assert find_blinks(course(noise=0.008, seed=seed), FPS) == []


@pytest.mark.parametrize(("length", "depth"), [(1.4, 0.3), (0.3, 0.08), (0.3, 0.15)])
def test_eyes_that_are_a_little_narrower_are_no_blinks(length, depth):
    """As in a smile, for long or not."""
    assert find_blinks(course(a=(2.0, length, depth)), FPS) == []


def test_eyes_that_stay_shut_are_a_closure():
    (found,) = find_blinks(course(a=(2.0, 1.6, 0.6)), FPS)
    assert found.kind == "closure" and abs(found.offset - 3.6 * FPS) <= 4


@pytest.mark.parametrize("noise", [0.0, 0.006])
def test_eyes_that_are_shut_for_longer_than_is_compared_are_one_closure(noise):
    """Shut eyes are what is open there; what noise does to them is no blink."""
    values = np.repeat([0.3, 0.1, 0.3], [150, 300, 150]) + np.random.default_rng(0).normal(0, noise, 600)
    ((onset, apex, offset, kind),) = find_blinks(values, FPS)
    assert (onset, offset, kind) == (149, 450, "closure") and 150 <= apex < 450


def test_who_looks_down_for_long_still_blinks():
    values = np.repeat([0.3, 0.17, 0.3], [150, 300, 150])
    values[300:306] = 0.1
    kinds = [each.kind for each in find_blinks(values, FPS)]
    assert kinds == ["closure", "blink", "closure"], "as two closures: for how long the eyes look down nobody knows"


def test_eyes_that_open_between_two_closures_are_shut_twice():
    values = np.repeat([0.3, 0.1, 0.3, 0.1, 0.3], [90, 60, 4, 60, 90])
    assert [(each.onset, each.offset) for each in find_blinks(values, FPS)] == [(89, 150), (153, 214)]


@pytest.mark.parametrize("smiling", [(1.0, 3.0), (1.8, 3.0)])
def test_a_blink_at_the_height_of_a_smile_is_a_blink(smiling):
    """Eyes that the smile narrows are open before it and after it."""
    (found,) = find_blinks(course(smile=(*smiling, 0.19), blink=(2.0, 0.3, 0.5)), FPS)
    assert found.kind == "blink" and abs(found.onset - 60) <= 3 and abs(found.offset - 69) <= 3


def test_a_blink_after_which_the_eyes_stay_narrower_is_a_blink():
    """They rise by 0.16 only from lids that fell by 0.25, as at the onset of a smile."""
    values = np.full(180, 0.28)
    values[60:64] *= 0.75
    values[64:150] *= 0.91
    (found,) = find_blinks(values, FPS)
    assert found == (59, 60, 64, "blink")


def test_one_eye_is_a_wink_and_both_are_a_blink():
    shut, open_ = course(a=(2.0, 0.3, 0.8)), course(seed=1)
    kinds = [[each.kind for each in find_blinks(np.stack(eyes, 1), FPS)] for eyes in ((shut, open_), (shut, shut))]
    assert kinds == [["wink"], ["blink"]]


def test_lids_move_in_blinks_and_in_what_may_become_one():
    values = course(noise=0.0, a=(1.0, 0.4, 0.8), b=(5.9, 0.4, 0.8))
    moves = lids_move(values, find_blinks(values, FPS), FPS)
    assert moves[round(1.2 * FPS)] and not moves[: round(0.9 * FPS)].any() and not moves[60:150].any()
    assert moves[-1] and moves.sum() <= 0.7 * FPS
    smiling = np.where(np.arange(180) < 90, 0.3, 0.2)
    assert not lids_move(smiling, [], FPS).any(), "eyes that are narrow for long are read"


def test_a_blink_that_is_cut_off_is_left_to_the_next_chunk():
    values = course(a=(2.0, 0.3, 0.7))
    assert find_blinks(values[: round(2.1 * FPS)], FPS) == []
    assert len(find_blinks(values[round(1.9 * FPS) :], FPS)) == 1
    assert find_blinks(values[round(2.15 * FPS) :], FPS) == []


def test_eyes_that_are_narrower_by_nature_blink_too():
    values = course(a=(2.0, 0.25, 0.6))
    assert find_blinks(values, FPS) == find_blinks(values * 0.5, FPS) != []


@pytest.mark.parametrize("fps", [25, 200, 500, 1000])
def test_fast_films_blink_as_slow_ones_and_cost_little_more(fps):
    values = course(12.0, fps=fps, a=(2.0, 0.25, 0.6), b=(6.0, 1.6, 0.6), c=(10.0, 0.3, 0.3))
    tracemalloc.start()
    found = find_blinks(values, fps)
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()
    assert [each.kind for each in found] == ["blink", "closure", "blink"]
    for blink, (start, length) in zip(found, ((2.0, 0.25), (6.0, 1.6), (10.0, 0.3)), strict=True):
        assert abs(blink.onset / fps - start) < 0.12 and abs(blink.offset / fps - start - length) < 0.12


def test_unknown_frames_are_bridged():
    values = course(a=(2.0, 0.25, 0.6))
    values[20:24] = np.nan
    assert len(find_blinks(values, FPS)) == 1
    assert find_blinks(np.full(50, np.nan), FPS) == []
    assert find_blinks(np.zeros(0), FPS) == []


def test_openness_is_a_share_that_size_and_turning_of_the_picture_do_not_change(face_points):
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    assert eye_openness(face_points) == pytest.approx(eye_openness(3 * face_points @ turn.T + 50))
    assert eye_openness(face_points).shape == (2,)
    assert (eye_openness(face_points) > 0.15).all() and (eye_openness(face_points) < 0.5).all()


def test_the_watch_sees_lids_and_not_noise(face, face_points):
    watch = EyeWatch(face, face_points)
    noisy = np.clip(face + np.random.default_rng(0).normal(0, 4, face.shape), 0, 255).astype(np.uint8)
    assert not watch.changed(face) and not watch.changed(noisy)
    shut = face.copy()
    for ids in ((33, 133), (362, 263)):
        left, right = sorted(face_points[list(ids), 0].astype(int))
        middle = int(face_points[list(ids), 1].mean())
        shut[middle - 8 : middle + 8, left:right] = int(face[middle + 25, left:right].mean())
    assert watch.changed(shut)
