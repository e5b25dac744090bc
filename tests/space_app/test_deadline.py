"""A time limit for code that never asks."""

import time

import pytest


def test_a_block_that_takes_longer_is_ended():
    from deadline import OutOfTime, within

    with pytest.raises(OutOfTime), within(0.05):
        for _ in range(6000):
            time.sleep(0.01)
        raise AssertionError("a minute has passed")


def test_nobody_on_the_way_takes_it_for_a_damaged_file():
    from deadline import OutOfTime, within

    with pytest.raises(OutOfTime), within(0.05):
        for _ in range(6000):
            try:
                time.sleep(0.01)
            except Exception:
                continue
        raise AssertionError("a minute has passed")


def test_a_block_that_is_done_is_left_alone():
    from deadline import within

    with within(0.05):
        done = True
    time.sleep(0.1)
    assert done
