"""The part between two times: its numbers are those of the whole, whatever the file does."""

import warnings

import av
import numpy as np
import pytest
from PIL import Image

from processing_aullm.clip_error_aullm import ClipError
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from processing_aullm.video_file_aullm import _Pass
from tests.processing_aullm.grey_films import FPS, grey, index_of, write


def read(path, **options):
    """[(number, which written frame it is)]."""
    frames = NumberedFrames(open_clip(path), **options)
    return [(number, round((float(pixels.mean()) - 20) / 4)) for number, pixels in frames]


@pytest.fixture
def regular(tmp_path):
    return write(tmp_path / "regular.mp4", [40 * i for i in range(50)])


def test_a_regular_file_gives_its_frames_in_order(regular):
    frames = NumberedFrames(open_clip(regular))
    assert (frames.fps, frames.count, frames.size, frames.last) == (25, 50, (64, 48), 49)
    assert read(regular) == [(i, i) for i in range(50)]


@pytest.mark.parametrize(("start", "end"), [(0.4, 1.2), (1.0, None), (None, 0.2), (1.96, 9.0)])
def test_a_part_has_the_numbers_of_the_whole(regular, start, end):
    first, stop = round((start or 0) * FPS), min(50, round((end or 2) * FPS))
    assert read(regular, start=start, end=end) == [(i, i) for i in range(first, stop)]


def test_a_start_in_the_middle_does_not_decode_what_stands_before(tmp_path, monkeypatch):
    path = write(tmp_path / "long.mp4", [40 * i for i in range(200)])
    frames, decoded, decode = NumberedFrames(open_clip(path), start=7.0), [], _Pass.decode

    def counted(each, container):
        for frame in decode(each, container):
            decoded.append(frame)
            yield frame

    monkeypatch.setattr(_Pass, "decode", counted)
    assert [number for number, _ in frames] == list(range(175, 200))
    assert len(decoded) < 60


def test_irregular_times_are_filled_and_thinned(tmp_path):
    slow = [40 * i for i in range(20)] + [760 + 80 * i for i in range(1, 6)] + [1160 + 40 * i for i in range(1, 20)]
    found = read(write(tmp_path / "slow.mp4", slow))
    assert [number for number, _ in found] == list(range(49))
    assert [frame for _, frame in found[18:32]] == [18, 19, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24, 25, 26]
    fast = [40 * i for i in range(61)] + [2400 + 10 * i for i in range(1, 41)] + [2800 + 40 * i for i in range(1, 40)]
    found = read(write(tmp_path / "fast.mkv", fast))
    assert [number for number, _ in found] == list(range(110))
    assert found[-1] == (109, 139 % 50)


def test_times_that_tremble_leave_no_frame_out(tmp_path):
    rng = np.random.default_rng(0)
    times = (40 * np.arange(48) + rng.integers(-9, 10, 48)).clip(0).tolist()
    assert read(write(tmp_path / "tremble.mp4", times)) == [(i, i) for i in range(48)]


def test_a_long_gap_stays_a_gap(tmp_path):
    path = write(tmp_path / "gap.mp4", [40 * i for i in range(20)] + [4000 + 40 * i for i in range(20)])
    numbers = [number for number, _ in read(path)]
    assert numbers == [*range(20), *range(100, 120)]


def test_a_stated_rate_that_times_contradict_is_not_believed(tmp_path):
    path = write(tmp_path / "film.mkv", [100 * i for i in range(20)])  # says 25, runs at 10
    assert NumberedFrames(open_clip(path)).fps == pytest.approx(10)


def test_a_rate_that_is_given_counts(regular):
    with pytest.warns(UserWarning, match="fps is 200, and the file states 25 frames per second"):
        frames = NumberedFrames(open_clip(regular), start=0.1, end=0.2, fps=200.0)
    assert frames.fps == 200 and [number for number, _ in frames] == list(range(20, 40))


def test_the_rate_that_a_file_states_may_be_given_without_a_word(regular):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert NumberedFrames(open_clip(regular), fps=25.1).fps == 25.1


def test_a_file_cut_short_gives_what_it_has_and_names_the_frame(tmp_path):
    path = write(tmp_path / "broken.mkv", [40 * i for i in range(100)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.6 * len(whole))])
    with pytest.warns(UserWarning, match=r"broken.mkv: .*after frame \d+.*stays usable"):
        found = read(path)
    assert 20 < len(found) < 95 and [number for number, _ in found] == list(range(len(found)))
    assert found[:20] == [(i, i) for i in range(20)]


def test_noise_in_the_middle_is_survived(tmp_path):
    path = write(tmp_path / "noise.mp4", [40 * i for i in range(100)])
    data = bytearray(path.read_bytes())
    begin = data.find(b"mdat") + 4  # of the pictures; their length stands before the word
    length = int.from_bytes(data[begin - 8 : begin - 4], "big")
    noise = np.random.default_rng(0).integers(0, 255, length // 8, np.uint8)
    data[begin + length // 2 : begin + length // 2 + len(noise)] = noise.tobytes()
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = read(path)
    assert found[-1][0] == 99 and [number for number, _ in found] == sorted({number for number, _ in found})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 3.0}, "start 3.0 s lies behind the end at 2.00 s"),
        ({"start": -1.0}, "start is -1.0 s"),
        ({"start": 1.0, "end": 0.5}, "end 0.5 s must come after start 1.0 s"),
    ],
)
def test_parts_that_are_none_are_refused(regular, options, message):
    with pytest.raises(ClipError, match=f"regular.mp4: {message}"):
        NumberedFrames(open_clip(regular), **options)


def test_frames_without_a_rate_need_one():
    frames = np.zeros((10, 48, 64), np.uint8)
    with pytest.raises(ValueError, match="pass the frames per second"):
        NumberedFrames(open_clip(frames))
    assert [number for number, _ in NumberedFrames(open_clip(frames), fps=5.0, start=1.0)] == [5, 6, 7, 8, 9]
    with pytest.raises(ValueError, match="fps is -5"):
        NumberedFrames(open_clip(frames), fps=-5)


def test_a_turned_phone_video_has_the_size_that_is_seen(regular, monkeypatch):
    monkeypatch.setattr(av.VideoFrame, "rotation", 90, raising=False)
    frames = NumberedFrames(open_clip(regular))
    assert frames.size == (48, 64) and next(iter(frames))[1].shape == (64, 48, 3)


def write_images(folder, names):
    folder.mkdir()
    for place, name in enumerate(names):
        Image.fromarray(np.full((8, 8, 3), grey(place), np.uint8)).save(folder / f"{name}.png")
    return folder


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["a3", "a4", "a6", "a7"], [0, 1, 2, 3, 4]),
        (["a030", "a040", "a060", "a070"], [0, 1, 2, 3, 4]),  # every tenth frame was kept
        (["0001", "0002", "0099"], [0, 1, 2]),  # of two films, or times of day: one behind the other
        (["one", "two"], [0, 1]),
        (["a1", "b1", "c1"], [0, 1, 2]),
    ],
)
def test_a_missing_image_does_not_shift_the_times_of_the_others(tmp_path, names, numbers):
    folder = write_images(tmp_path / "images", names)
    shown = [0, 1, 1, 2, 3] if len(numbers) > 4 else [*range(len(names))]
    assert read(folder, fps=100) == list(zip(numbers, shown, strict=True))
    assert read(folder, fps=100, start=0.01) == list(zip(numbers, shown, strict=True))[1:]
    clip = open_clip(folder)
    assert len(clip) == len(numbers) and [index_of(frame) for frame in clip.frames(numbers)] == shown
    with pytest.raises(ClipError, match=f"frame {len(numbers)} does not exist"):
        list(clip.frames([len(numbers)]))


def test_nothing_is_made_up_across_a_long_gap_of_images(tmp_path):
    folder = write_images(tmp_path / "images", [f"{i:03d}" for i in (*range(30), *range(60, 70))])
    assert [number for number, _ in read(folder, fps=10)] == [*range(30), *range(60, 70)]
    assert [number for number, _ in read(folder, fps=10, start=4.0)] == [*range(60, 70)]


@pytest.mark.parametrize("fps", [1e9, 0, -1, float("nan"), float("inf")])
def test_a_frame_rate_that_no_camera_has_is_refused(regular, fps):
    with pytest.raises(ValueError, match="give the frames per second"):
        NumberedFrames(open_clip(regular), fps=fps)


def test_pictures_of_two_sizes_are_no_film(tmp_path):
    folder = write_images(tmp_path / "images", ["a1", "a2"])
    Image.fromarray(np.zeros((6, 10, 3), np.uint8)).save(folder / "a3.png")
    with pytest.raises(ClipError, match="frame 2 is 10 x 6 pixels, the first is 8 x 8"):
        read(folder, fps=100)
