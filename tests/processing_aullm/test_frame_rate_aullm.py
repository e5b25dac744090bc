"""The rate of a film that is filmed now slower, now faster is that of its fast stretches."""

import av
import numpy as np
import pytest

from processing_aullm.frame_rate_aullm import PLACES, PROBED, rate_of
from processing_aullm.video_file_aullm import VideoFile
from tests.processing_aullm.grey_films import write


def at_rates(*parts):
    """Times in ms of so many frames at so many frames a second, one part after the other."""
    steps = np.concatenate([np.full(frames, 1000 / fps) for frames, fps in parts])
    return np.rint(np.cumsum(steps) - steps[0]).astype(int).tolist()


DARK_FIRST = at_rates((70, 10), (300, 30))


@pytest.mark.parametrize(
    "times",
    [DARK_FIRST, at_rates((300, 30), (70, 10), (300, 30)), at_rates((300, 30), (70, 10))],
    ids=["first", "middle", "last"],
)
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_a_dark_stretch_does_not_set_the_rate(tmp_path, name, times):
    film = VideoFile(write(tmp_path / name, times), name)
    assert film.fps == pytest.approx(30, rel=0.01)
    numbers = [number for number, _ in film.numbered()]
    assert len(numbers) == len(times), "no frame is left out"


def test_the_mean_of_a_film_with_a_dark_stretch_is_not_its_rate(tmp_path):
    """It states 28.7, and one in 23 of its bright frames would be left out."""
    film = VideoFile(write(tmp_path / "film.mp4", at_rates((35, 10), (1500, 30))), "film.mp4")
    assert film.fps == pytest.approx(30, rel=0.001)


def test_some_frames_that_come_at_once_at_the_end_do_not_set_the_rate(tmp_path):
    times = at_rates((100, 25), (20, 200))
    assert VideoFile(write(tmp_path / "film.mkv", times), "film.mkv").fps == 25


def test_a_recording_of_unknown_length_that_begins_in_the_dark(tmp_path):
    """As browsers write it."""
    path = write(tmp_path / "film.mkv", DARK_FIRST, container_options={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None
        assert rate_of(container) == pytest.approx(30, rel=0.01)


class Unseekable:
    """A container that cannot be sought in."""

    def __init__(self, container):
        self.container = container

    def __getattr__(self, name):
        return getattr(self.container, name)

    def seek(self, *_, **__):
        raise av.FFmpegError(1, "Operation not permitted")


def test_a_file_that_cannot_be_sought_in_is_read_on(tmp_path):
    with av.open(str(write(tmp_path / "film.mkv", DARK_FIRST))) as container:
        assert rate_of(Unseekable(container)) == pytest.approx(30, rel=0.01)


def test_steps_of_a_clock_are_no_rate_of_a_film_that_begins_in_the_dark(tmp_path):
    with av.open(str(write(tmp_path / "film.avi", DARK_FIRST))) as container:
        assert container.streams.video[0].average_rate == 1000
        assert rate_of(container) == pytest.approx(30, rel=0.01)


def test_the_mean_of_all_frames_is_no_more_than_the_rate(tmp_path):
    """An MP4 lists all frames: where only slow stretches were looked at, others must be faster."""
    times, end = [0.0], 80.0
    while times[-1] < end:
        dark = any(-1 < times[-1] - place * end < PROBED / 10 for place in (0, *PLACES))
        times.append(times[-1] + (1 / 10 if dark else 1 / 30))
    with av.open(str(write(tmp_path / "film.mp4", np.rint(1000 * np.array(times)).astype(int).tolist()))) as container:
        mean = float(container.streams.video[0].average_rate)
        assert 15 < mean < 25 and rate_of(container) == mean


def test_stretches_that_run_about_as_fast_count_together(tmp_path):
    """Where times tremble, 60 of them say by 3% too much or too little how fast a film runs."""
    times = 60 * np.arange(400) + np.random.default_rng(4).integers(-20, 21, 400)
    film = VideoFile(write(tmp_path / "film.mkv", times.clip(0).tolist()), "film.mkv")  # states 25
    assert film.fps == pytest.approx(1000 / 60, rel=0.015)


def test_a_broken_file_has_the_rate_of_what_there_is(tmp_path):
    path = write(tmp_path / "film.mkv", DARK_FIRST)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert VideoFile(path, "film.mkv").fps == pytest.approx(30, rel=0.01)
