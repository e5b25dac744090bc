"""The same number is the same picture for whoever asks: a processor, an explanation, a reading, a table of clips."""

import io

import numpy as np
import pytest
from PIL import Image

from dataset_scripts.frames.video_clips import open_video
from processing_aullm import AullmProcessor
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.grey_films import index_of, write, write_of_sizes, write_without_times

SLOW = [40 * i for i in range(20)] + [760 + 80 * i for i in range(1, 6)] + [1160 + 40 * i for i in range(1, 20)]
"""Between 0.76 and 1.16 s only every second frame was filmed, so frame 39 is the 35th picture."""


def irregular(folder):
    return write(folder / "slow.mp4", SLOW)


def regular(folder):
    return write(folder / "regular.mp4", [40 * i for i in range(49)])


def without_times(folder):
    return write_without_times(folder / "bare.h264", 49)


def cut_short(folder):
    path = write(folder / "cut.mkv", [40 * i for i in range(95)], options={"g": "12"})
    path.write_bytes(path.read_bytes()[: int(0.75 * path.stat().st_size)])
    return path


def turned(folder):
    """As `regular`; the test below lets every frame say that it was filmed on its side."""
    return regular(folder)


def of_two_sizes(folder):
    """From frame 36 on in half the size, as a browser writes where the line is slow."""
    return write_of_sizes(folder / "sizes.webm", [(64, 48), (32, 24)], 36)


@pytest.fixture
def processor(tokenizer):
    return AullmProcessor.from_parts(tokenizer, align=False, num_frames=7, size=16)


def by_processor(processor, path, onset, offset):
    inputs = processor(videos=str(path), onset=onset, offset=offset, return_tensors="np")
    return dict(zip(inputs["frame_indices"][0].tolist(), inputs["pixel_values"][0] * 255, strict=True))


def by_explanation(processor, path, onset, offset):
    """What `pipe.explain` and `aullm explain` show."""
    _, pictures = processor.read_clip(path, onset=onset, offset=offset)
    return dict(zip(pictures["frame_indices"].tolist(), pictures["frames"], strict=True))


def by_reading(processor, path, onset, offset):
    """What `pipe(...)`, `aullm predict` and the Space follow faces in."""
    return {number: frame for number, frame in NumberedFrames(open_clip(path)) if onset <= number <= offset}


def by_part_of_a_reading(processor, path, onset, offset):
    fps = open_clip(path).fps
    return dict(NumberedFrames(open_clip(path), start=onset / fps, end=(offset + 1) / fps))


def by_table_of_clips(processor, path, onset, offset):
    """What `aullm prepare folder` stores."""
    numbers = tuple(range(onset, offset + 1))
    jpegs = open_video(path).read(numbers)
    return {number: np.asarray(Image.open(io.BytesIO(each))) for number, each in zip(numbers, jpegs, strict=True)}


FILMS = (irregular, regular, without_times, cut_short, turned, of_two_sizes)
DOORS = (by_processor, by_explanation, by_reading, by_part_of_a_reading, by_table_of_clips)


@pytest.mark.filterwarnings("ignore:.*stays usable")
@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.__name__)
@pytest.mark.parametrize(("onset", "offset"), [(33, 39), (40, 46), (0, 6)])
def test_equal_numbers_are_equal_frames(processor, tmp_path, monkeypatch, film, onset, offset):
    if film is turned:
        monkeypatch.setattr("av.VideoFrame.rotation", 90, raising=False)
    path = film(tmp_path)
    found = {door.__name__: door(processor, path, onset, offset) for door in DOORS}
    shown = {name: {number: index_of(frame) for number, frame in each.items()} for name, each in found.items()}
    expected = np.searchsorted(np.array(SLOW), 40 * np.arange(49), "right") - 1 if film is irregular else np.arange(49)
    wanted = {number: int(expected[number]) for number in range(onset, offset + 1)}
    assert shown == dict.fromkeys(shown, wanted)
    size = (64, 48) if film is turned else (48, 64)
    for door in (by_explanation, by_reading, by_part_of_a_reading, by_table_of_clips):
        assert {frame.shape[:2] for frame in found[door.__name__].values()} == {size}
