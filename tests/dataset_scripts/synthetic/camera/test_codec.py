"""Films, and what their compression does."""

import numpy as np
import pytest

from dataset_scripts.synthetic.camera import codec


def scene(count=6, size=64, colour=False):
    """A bright square that wanders over noise."""
    rng = np.random.default_rng(0)
    frames = []
    for number in range(count):
        picture = rng.integers(60, 90, (size, size)).astype(np.uint8)
        picture[20:40, 10 + 2 * number : 30 + 2 * number] = 200
        frames.append(np.dstack([picture, picture // 2, picture // 3]) if colour else picture)
    return frames


@pytest.mark.parametrize("colour", [False, True])
def test_a_film_comes_back_as_it_was(tmp_path, colour):
    frames = scene(colour=colour)
    assert codec.write_mp4(tmp_path / "film.mp4", iter(frames), 25, 10) == len(frames)
    back = list(codec.frames_of(tmp_path / "film.mp4", colour))
    assert len(back) == len(frames) and back[0].shape == frames[0].shape
    assert np.abs(np.stack(back).astype(float) - frames).mean() < 8
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_compression_is_stronger_with_a_larger_factor():
    frames = scene()
    error = [np.abs(np.stack(codec.compress(frames, factor)).astype(float) - frames).mean() for factor in (10, 40)]
    assert 0 < error[0] < error[1] < 30


def test_a_picture_depends_on_earlier_ones_only():
    frames = scene()
    changed = [*frames[:3], *(255 - frame for frame in frames[3:])]
    first, second = codec.compress(frames, 30), codec.compress(changed, 30)
    assert all(np.array_equal(a, b) for a, b in zip(first[:3], second[:3], strict=True))
    assert not np.array_equal(first[3], second[3])


def test_there_is_a_way_without_h264(monkeypatch, tmp_path):
    monkeypatch.setattr(codec, "_H264", ())
    assert codec.video_encoder() == "mpeg4"
    assert codec.write_mp4(tmp_path / "film.mp4", scene(), 25, 20) == 6
    assert len(list(codec.frames_of(tmp_path / "film.mp4"))) == 6
    assert len(codec.compress(scene(), 30)) == 6


def test_an_interrupted_film_leaves_nothing(tmp_path):
    def broken():
        yield scene()[0]
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        codec.write_mp4(tmp_path / "film.mp4", broken(), 25, 20)
    assert not list(tmp_path.iterdir())
