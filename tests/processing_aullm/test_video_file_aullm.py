"""A frame number means one picture, wherever reading starts and whatever the file does."""

from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from processing_aullm import ClipFault
from processing_aullm.clip_error_aullm import ClipError
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.upright_aullm import pixel_ratio
from processing_aullm.video_file_aullm import VideoFile, _Pass
from tests.processing_aullm.grey_films import (
    grey,
    index_of,
    write,
    write_of_sizes,
    write_with_sound,
    write_without_times,
)

TIMES = {
    "regular": [40 * i for i in range(50)],
    "irregular": [40 * i for i in range(20)]
    + [760 + 80 * i for i in range(1, 6)]
    + [1160 + 40 * i for i in range(1, 20)],
    "trembling": (40 * np.arange(48) + np.random.default_rng(0).integers(-9, 10, 48)).clip(0).tolist(),
    "late after the first": [0, *(65 + 40 * i for i in range(45))],  # all others stand between two numbers
    "gap": [40 * i for i in range(20)] + [4000 + 40 * i for i in range(20)],
}


def open_film(tmp_path, times) -> VideoFile:
    path = write(tmp_path / "film.mp4", times)
    return VideoFile(path, str(path))


def indices(frames) -> list[int]:
    return [index_of(frame) for frame in frames]


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES.keys())
def test_any_start_gives_the_frames_of_the_whole(tmp_path, times):
    film = open_film(tmp_path, times)
    whole = indices(film.frames())
    assert len(film) == film.expected_length() == len(whole)
    for first in range(0, len(whole), 3):
        wanted = range(first, min(first + 4, len(whole)))
        assert indices(film.frames(wanted)) == whole[wanted.start : wanted.stop], first


def test_an_irregular_film_repeats_frames_to_keep_time(tmp_path):
    film = open_film(tmp_path, TIMES["irregular"])
    assert indices(film.frames(range(18, 30))) == [18, 19, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24]
    assert indices(open_film(tmp_path, TIMES["gap"]).frames([18, 19, 60, 99, 100])) == [18, 19, 19, 19, 20]


def test_frames_without_times_are_counted(tmp_path):
    film = VideoFile(write_without_times(tmp_path / "film.h264", 20), "film")
    assert len(film) == film.expected_length() == 20
    assert indices(film.frames([0, 7, 7, 15])) == [0, 7, 7, 15]


def test_frames_whose_times_do_not_rise_are_counted(tmp_path):
    """AVI says when a packet is decoded and not when it is shown; with B-frames the two differ."""
    path = write(tmp_path / "film.avi", [40 * i for i in range(40)], options={"bf": "2"})
    film = VideoFile(path, "film.avi")
    assert len(film) == film.expected_length() == 40
    for first in (0, 7, 20, 33):
        assert indices(film.frames([first, first + 5])) == [first, first + 5]


def test_a_start_where_nothing_can_be_decoded_any_more(tmp_path, monkeypatch):
    film = open_film(tmp_path, TIMES["regular"])
    decode = _Pass.decode
    monkeypatch.setattr(_Pass, "decode", lambda each, container: () if each.first else decode(each, container))
    assert indices(film.frames([30])) == [30], "it is read from its beginning"


def test_a_film_that_cannot_be_sought_is_read_from_its_start(tmp_path, monkeypatch):
    film = open_film(tmp_path, TIMES["regular"])
    monkeypatch.setattr("processing_aullm.video_file_aullm.SEEK_MARGIN_S", -10.0)  # it lands behind the frame
    assert indices(film.frames([12, 13])) == [12, 13]


def test_a_file_cut_short_keeps_its_numbers(tmp_path):
    path = write(tmp_path / "cut.mkv", [40 * i for i in range(48)])
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    film = VideoFile(path, "cut.mkv")
    with pytest.warns(UserWarning, match=r"cut.mkv: .*stays usable"):
        length = len(film)
        assert indices(film.frames([3, length - 1])) == [3, length - 1]
    with pytest.warns(UserWarning), pytest.raises(ClipError, match=rf"cut.mkv: frame {length} does not") as caught:
        list(film.frames([3, length]))
    assert caught.value.code == ClipFault.NO_SUCH_FRAME


def test_a_file_that_goes_while_it_is_read_is_no_broken_one(tmp_path):
    """A broken one has an end, with a warning; the drive of this one may come back."""
    film = open_film(tmp_path, TIMES["regular"])

    class Failing:
        def demux(self, video):
            yield from islice(container.demux(video=video), 5)
            film.source.rename(tmp_path / "away.mp4")
            raise OSError(5, "Input/output error")

    lost = r"film.mp4: the file cannot be read any more, from frame 30 on; read it again when it is back"
    with film.open() as container, pytest.raises(ClipError, match=lost):
        list(_Pass(film, 30).decode(Failing()))
    (tmp_path / "away.mp4").rename(film.source)
    assert film.size == (64, 48)
    film.source.unlink()
    with pytest.raises(ClipError, match=lost):
        next(film.numbered(30))


def test_a_frame_before_the_first_does_not_exist(tmp_path):
    with pytest.raises(ClipError, match="frame -1 does not exist, the video has 50 frames"):
        list(open_film(tmp_path, TIMES["regular"]).frames([-1, 4]))


def test_a_film_that_a_phone_turned_has_the_size_that_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(av.VideoFrame, "rotation", 90, raising=False)
    film = open_film(tmp_path, TIMES["regular"])
    assert film.size == (48, 64) and next(film.frames([4])).shape == (64, 48, 3)


def test_a_picture_of_another_shape_is_shown_whole_in_the_middle_of_the_first_ones(tmp_path):
    film = VideoFile(write_of_sizes(tmp_path / "film.webm", [(64, 48), (48, 64), (80, 60)], 4), "film.webm")
    before, turned, larger = film.frames([3, 5, 9])
    assert film.size == (64, 48) and before.shape == turned.shape == larger.shape == (48, 64, 3)
    assert np.abs(turned[:, 14:50].astype(int) - grey(5)).max() <= 4, "48 x 64 fits in as 36 x 48"
    assert not turned[:, :14].any() and not turned[:, 50:].any()
    assert np.abs(larger.astype(int) - grey(9)).max() <= 4


@pytest.mark.parametrize("fps", [24, Fraction(30000, 1001), 30, 120, 200, 300, 700, 900, 1000])
def test_ticks_of_a_millisecond_do_not_hide_the_rate(tmp_path, fps):
    """Steps of 300 frames a second are 3, 3 and 4 ms, and the middle one is a tenth too short."""
    path = write(tmp_path / "film.mkv", [round(1000 * i / fps) for i in range(90)])  # states 25
    assert VideoFile(path, "film.mkv").fps == pytest.approx(25 if fps == 24 else float(fps), rel=0.01)


HOURS_200 = 200 * 3600 * 1000


def test_a_colon_in_a_name_is_no_protocol(tmp_path, monkeypatch):
    write(tmp_path / "film.mp4", TIMES["regular"]).rename(tmp_path / "12:30.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(VideoFile(Path("12:30.mp4"), "12:30.mp4")) == 50


def test_times_that_span_far_more_than_the_frames_fill_are_refused_before_reading(tmp_path, monkeypatch):
    path = write(tmp_path / "film.mkv", [*TIMES["regular"], HOURS_200])
    film = VideoFile(path, str(path))
    monkeypatch.setattr(_Pass, "__iter__", None)
    for read in (film.refuse_wild_times, lambda: next(film.frames()), lambda: NumberedFrames(film)):
        with pytest.raises(ClipError, match="51 frames have time stamps over 200 hours") as error:
            read()
        assert error.value.code == ClipFault.UNREADABLE
    open_film(tmp_path, TIMES["gap"]).refuse_wild_times()


def test_gaps_are_known_without_decoding(tmp_path, monkeypatch):
    film = open_film(tmp_path, TIMES["gap"])
    assert film.begin == 0  # looked up by decoding one frame, before decoding is forbidden
    monkeypatch.setattr(_Pass, "__iter__", None)
    assert film.longest_gap == (19, 100) and film.holds(0, 20) and film.holds(100, 101)
    assert not film.holds(20, 100) and not film.holds(120, 500)


def test_files_without_times_have_no_gap(tmp_path):
    path = write_without_times(tmp_path / "film.h264", 20)
    film = VideoFile(path, str(path))
    assert film.longest_gap == (0, 0) and film.holds(500, 600)


@pytest.mark.parametrize(("begin", "sound_s"), [(0, 4), (500, 1), (0, 0)])
def test_a_film_is_as_long_as_its_picture(tmp_path, recwarn, begin, sound_s):
    """Matroska and WebM state one length for all, the longest one's."""
    path = write_with_sound(tmp_path / "film.mkv", [begin + 40 * i for i in range(50)], sound_s)
    film = VideoFile(path, str(path))
    assert film.stated_count == len(film) == 50 and not recwarn.list
    assert film.late == (begin / 1000 if sound_s else 0)
    broken = VideoFile(path.read_bytes()[: path.stat().st_size // 2], "broken.mkv")
    with pytest.warns(UserWarning, match=r"broken\.mkv: the video breaks off"):
        assert len(broken) < 50


@pytest.mark.parametrize(("ratio", "stored"), [(2, (100, 200)), (Fraction(1, 2), (200, 100)), (1, (200, 200))])
@pytest.mark.parametrize("turned", [0, 90])
def test_pixels_that_are_not_square_are_stretched_as_a_player_does(tmp_path, monkeypatch, ratio, stored, turned):
    """A disc that a camcorder has stored squeezed, also one that was held upright."""
    disc = 255 * (np.hypot(*(np.mgrid[:200, :200] - 99.5)) < 60).astype(np.uint8)[..., None].repeat(3, 2)
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        (stream.width, stream.height), stream.pix_fmt = stored, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(ratio)
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(cv2.resize(disc, stored), format="rgb24")))
        container.mux(stream.encode())
    monkeypatch.setattr(av.VideoFrame, "rotation", turned, raising=False)
    file = VideoFile(tmp_path / "film.mp4", "film.mp4")
    for pixels in (next(file.frames()), next(iter(NumberedFrames(file)))[1]):
        assert pixels.shape == (200, 200, 3) and file.size == (200, 200)
        assert np.abs(pixels.astype(int) - disc).mean() < 4


@pytest.mark.parametrize(("said", "ratio"), [(None, 1), (Fraction(1081, 1080), 1), (Fraction(1, 50), 1), (1.5, 1.5)])
def test_ratios_that_are_rounding_or_damage_change_nothing(said, ratio):
    assert pixel_ratio(SimpleNamespace(sample_aspect_ratio=said)) == ratio
