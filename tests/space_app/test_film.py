"""Films that the page makes: points drawn where they were followed, and in the video's time."""

import io

import av
import numpy as np
import pytest

from processing_aullm.stream_aullm import FaceChunk

FPS, SIDE, COUNT, SHARED = 20.0, 8, 10, 2


class FollowedStream:
    """A stream of grey pictures with one face, whose points all stand in one place a frame."""

    fps = FPS

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def __iter__(self):
        for first, stop in ((0, 6), (6 - SHARED, COUNT)):
            n = stop - first
            points = np.stack([np.full((468, 2), place(number)) for number in range(first, stop)])
            crops, transforms = np.zeros((n, SIDE, SIDE), np.uint8), np.tile([[2.0, 0, 60], [0, 2.0, 60]], (n, 1, 1))
            rest = np.zeros((n, 4)), np.zeros((n, 2)), np.zeros((n, 3)), np.zeros(n)
            yield FaceChunk(0, first, crops, transforms, *rest, SHARED if first else 0, stop == COUNT, 0.0, points)

    def pictures(self):
        return ((number, np.full((*self.size[::-1], 3), 90, np.uint8)) for number in range(COUNT))


def place(number: int) -> float:
    return 16.0 + 4 * number


def frames_of(content: bytes) -> list[tuple[float, np.ndarray]]:
    with av.open(io.BytesIO(content)) as container:
        return [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize(("size", "scale"), [((120, 96), 1.0), ((1280, 720), 0.5)])
def test_points_stand_where_the_face_was_followed_in_each_frame(size, scale):
    import film

    shown = frames_of(film.with_points(lambda: FollowedStream(size)))
    assert [round(seconds * FPS) for seconds, _ in shown] == list(range(COUNT))
    for number, (_, picture) in enumerate(shown):
        assert picture.shape[1] <= film.WIDEST
        before_outline = round(scale * 58)
        bright = np.argwhere(picture[:before_outline, :before_outline, 2] > 140)
        assert len(bright) >= 4 and np.abs(bright.mean(0) - scale * place(number)).max() < 1.5


def test_late_and_odd_pictures_are_left_out_of_a_film():
    import film

    grey = np.full((48, 64, 3), 100, np.uint8)
    pictures = [(5.0, grey), (5.1, grey), (5.1, grey), (5.05, grey), (5.2, grey[:24]), (5.3, grey)]
    shown = frames_of(film.encoded(pictures, "20"))
    assert [round(seconds, 2) for seconds, _ in shown] == [0.0, 0.1, 0.3]
