"""Films of a whole head."""

import av
import numpy as np
import pytest

from dataset_scripts.synthetic.tables.video import render_video

QUICK = {"size": 160, "fps": 25, "lead_in_s": 0.2, "lead_out_s": 0.2, "gap_s": 0.1}


def decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return np.stack(frames).astype(float), stream.codec_context.name, float(stream.average_rate)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "head.mp4"
    truth = render_video(path, [["AU1", "AU2"], ["AU12"]], subject=1, **QUICK, amplitude_px=2.0)
    return path, truth


def test_the_file_is_what_the_truth_says(film):
    path, truth = film
    frames, codec, rate = decode(path)
    assert frames.shape == (truth["frames"], 160, 160, 3)
    assert codec == "h264" and rate == truth["fps"] == 25
    assert [movement["action_units"] for movement in truth["movements"]] == [["AU1", "AU2"], ["AU12"]]
    assert not list(path.parent.glob(".*"))


def test_movements_come_in_order_with_neutral_time_around_them(film):
    _, truth = film
    first, second = truth["movements"]
    assert first["onset"] == 5
    assert first["onset"] < first["apex"] < first["offset"] < second["onset"] < second["apex"] < second["offset"]
    assert second["offset"] < truth["frames"] - 2
    assert all(0.3 <= pixels <= 2.5 for movement in (first, second) for pixels in movement["amplitude_px"].values())


def test_the_whole_head_is_in_the_picture(film):
    frames, *_ = decode(film[0])
    background = np.median(frames[0, :8].reshape(-1, 3), axis=0)
    head = np.abs(frames[0] - background).max(-1) > 25
    columns = np.flatnonzero(head[:110].any(0))
    assert not head[:12].any() and columns[0] > 15 and columns[-1] < 145
    assert head[60:100, 60:100].mean() > 0.9


def test_seeds_reproduce_a_film(film, tmp_path):
    again = render_video(tmp_path / "again.mp4", [["AU1", "AU2"], ["AU12"]], subject=1, **QUICK, amplitude_px=2.0)
    assert again == film[1]
    difference = decode(tmp_path / "again.mp4")[0] - decode(film[0])[0]
    assert np.abs(difference).mean() < 0.5  # the pictures are equal; the encoder's choices may differ a little


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"action_units": ["AU99"]}, "AU99"),
        ({"action_units": [[]]}, "empty list"),
        ({"action_units": ["AU4"], "size": 161}, "even number"),
        ({"action_units": ["AU4"], "fps": 1}, "fps must be 10 or more"),
        ({"action_units": ["AU4"], "lead_in_s": -1}, "not negative"),
        ({"action_units": ["AU4"], "domain": "mmew"}, "unknown domain 'mmew'"),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        render_video(tmp_path / "no.mp4", **arguments)
    assert not list(tmp_path.iterdir())
