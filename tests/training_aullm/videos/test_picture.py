"""Curves of a reading, and the picture of them."""

import numpy as np
from matplotlib.image import imread

from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.faked_faces import FakeProcessor
from tests.processing_aullm.grey_films import write
from training_aullm.videos import picture
from training_aullm.videos.picture import FaceTimeline, draw_reading, pictures_at, short_name


def test_a_timeline_is_what_the_windows_say(pieces):
    timeline, reading = FaceTimeline.of(pieces, 1), FakeProcessor().join_pieces(pieces)
    windows = reading["faces"][1]["windows"]
    assert np.array_equal(timeline.starts, [window["onset"] / 10 for window in windows])
    answers = [window["probabilities"] or [0, 0] for window in windows]
    assert np.array_equal(timeline.probabilities, answers) and timeline.action_units == ("AU4", "AU12")
    assert np.array_equal(timeline.boxes, [window["box"] for window in windows])


def test_curves_keep_their_peaks_when_neighbours_are_joined(pieces):
    whole, joined = FaceTimeline.of(pieces), FaceTimeline.of(pieces, max_points=20)
    assert len(joined.starts) <= 20 < len(whole.starts)
    size = -(-len(whole.starts) // 20)
    for place, start in enumerate(range(0, len(whole.starts), size)):
        assert np.array_equal(joined.probabilities[place], whole.probabilities[start : start + size].max(0))
    assert np.array_equal(joined.starts, whole.starts[::size]) and joined.probabilities.max() == 0.9


def test_a_picture_shows_what_was_read(pieces, summary, film, tmp_path):
    draw_reading(tmp_path / "a.png", pieces, summary, film, face=1)
    draw_reading(tmp_path / "b.png", pieces, summary, film, face=0)
    first, second = imread(tmp_path / "a.png"), imread(tmp_path / "b.png")
    assert first[..., :3].std() > 0.02 and not np.array_equal(first, second)


def test_pictures_of_a_short_film_are_decoded_in_one_go(tmp_path, monkeypatch):
    film, opened, sought = write(tmp_path / "film.mp4", [40 * i for i in range(300)], {}, (64, 48)), [], []
    monkeypatch.setattr(picture, "open_clip", lambda video: opened.append(video) or open_clip(video))
    monkeypatch.setattr(
        picture, "NumberedFrames", lambda clip, **part: sought.append(part["start"]) or NumberedFrames(clip, **part)
    )
    seconds = [0.0, 0.4, 0.4, 2.0, 9.0, 11.9]
    pictures = list(pictures_at(film, seconds, 25.0))
    assert sought == [0.0, 9.0], "the way from 2 to 9 s is sought"
    assert len(opened) == 1, "what is looked up of a file serves all of its pictures"
    for shown, start in zip(pictures, seconds, strict=True):
        assert np.array_equal(shown, next(iter(NumberedFrames(open_clip(film), start=start, fps=25.0)))[1])
    assert len(list(pictures_at(film, [11.9, 12.3], 25.0))) == 1, "none is made up behind the end"


def test_what_was_spotted_is_named_as_coders_write_it():
    assert short_name({"action_units": "AU4:0.83 AU7:0.61", "side": "both"}) == "AU4+7"
    assert short_name({"action_units": "AU12:0.90", "side": "left"}) == "L AU12"
    assert short_name({"action_units": "", "side": None}) == ""
