"""Windows over a stretch of frames that comes in chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing_aullm.windows_aullm import WindowGrid


def slide(grid: WindowGrid, first: int, frames: int, chunk: int) -> list[tuple[int, int]]:
    """All windows of a stretch that comes in chunks which share `span` frames."""
    windows, due, last = [], -(-first // grid.step) * grid.step, first + frames - 1
    start = first
    while True:
        end = min(last, start + grid.span + chunk - 1)
        for window in grid.inside(start, end, due, ends=end == last):
            windows.append(window)
            due = window[0] + grid.step
        if end == last:
            return windows
        start = end - grid.span + 1


@given(
    span=st.integers(1, 60),
    step=st.integers(1, 90),
    first=st.integers(0, 500),
    frames=st.integers(2, 600),
    chunk=st.integers(1, 100),
)
def test_windows_cover_a_stretch_and_stay_inside_it(span, step, first, frames, chunk):
    windows = slide(WindowGrid(span, step), first, frames, chunk)
    last = first + frames - 1
    assert windows and windows[-1][1] == last and windows[0][0] < first + step
    assert all(first <= onset < offset <= last for onset, offset in windows)
    assert {offset - onset for onset, offset in windows} == {min(span, frames - 1)}
    onsets = [onset for onset, _ in windows]
    assert onsets == sorted(set(onsets))
    assert all(onset % step == 0 for onset in onsets[:-1])


def test_a_window_lasts_as_long_as_asked():
    assert WindowGrid.of(30, 0.5, 0.1).inside(0, 60, 0)[:3] == [(0, 15), (3, 18), (6, 21)]


@pytest.mark.parametrize(("arguments", "word"), [((0, 0.5, 0.1), "fps"), ((30, 0, 0.1), "length"), ((30, 1, 0), "hop")])
def test_impossible_windows_are_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        WindowGrid.of(*arguments)
