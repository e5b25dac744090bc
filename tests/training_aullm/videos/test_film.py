"""The annotated film: what is drawn, and that it keeps the video's time."""

import av
import numpy as np
import pytest

from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.grey_films import write
from training_aullm.videos import film as annotated_film
from training_aullm.videos.film import FaceTrail, ReadingPart, check_film, draw_face, write_film
from training_aullm.videos.journal import Journal, parts_folder
from training_aullm.videos.per_frame import frames_of
from training_aullm.videos.summary import Summary


def draw_film(base, journal, video, **options):
    shares = []
    path = write_film(base, journal, Summary.of(journal), video, options, shares.append)
    assert shares == sorted(shares) and shares[-1] in (0, 1) and not parts_folder(base).exists()
    return path


def test_the_film_shows_what_was_read(film, tmp_path, journal, short_parts):
    with av.open(str(draw_film(tmp_path / "a", journal, film, start=2.0, end=7.0))) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert len(frames) == 50 and frames[0].shape == (64, 96, 3)
    calm, moving = frames[2][50, 10], frames[12][50, 10]  # the left side of the box
    assert abs(calm - 90).max() > 20 and np.abs(moving - calm).max() > 40
    assert np.abs(frames[45] - frames[12])[50, 10].max() > 40  # calm again, in the second part


@pytest.mark.filterwarnings("ignore:.*the file states 10 frames")
def test_the_film_is_played_as_the_video_whatever_the_camera_filmed(film, tmp_path, journal):
    with av.open(str(draw_film(tmp_path / "a", journal, film, fps=40.0))) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.frames) == (10, 200)


def test_side_and_size_are_written_beside_the_face(pieces, summary, monkeypatch):
    written = []
    monkeypatch.setattr(annotated_film, "_write", lambda picture, text, *_: written.append(text))
    trail, movement = FaceTrail(pieces, 0), summary.events[0]
    mine = {"side": "left", "size_mm": 1.24, "kind": "micro", "action_units": "AU6:0.61 AU12:0.83"}
    for row in (movement | mine, movement | mine | {"side": "both", "size_mm": None}, movement | {"score": None}):
        draw_face(np.zeros((64, 96, 3), np.uint8), trail, [row], 30)
    for said in ("micro L AU6 0.61 AU12 0.83 1.2 mm", "micro AU6 0.61 AU12 0.83", movement["kind"]):
        assert said in written


def test_a_part_shows_what_the_whole_would(pieces, monkeypatch):
    monkeypatch.setattr(annotated_film, "LATE_S", 3.0)  # what is further away is left out
    monkeypatch.setattr(annotated_film, "STRIP_S", 2.0)
    whole, part = ReadingPart(pieces, 0, 200, 10.0), ReadingPart(pieces, 50, 80, 10.0)
    assert len(part.trails[0].windows) < len(whole.trails[0].windows)
    changed = 0
    for frame in range(50, 80):
        pictures = [np.full((64, 96, 3), 90, np.uint8) for _ in range(2)]
        for read, picture in zip((whole, part), pictures, strict=True):
            read.draw(picture, frame)
        assert np.array_equal(*pictures)
        changed += (pictures[0] != 90).sum()
    assert changed


@pytest.mark.parametrize("hole", [(30, 130), (27, 130)])
def test_the_film_keeps_the_time_of_a_video_with_a_hole(tmp_path, short_parts, hole):
    video, (last, after) = tmp_path / "hole.mp4", hole
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for number in (*range(last), *range(after, 160)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), number, np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    path = draw_film(tmp_path / "hole", Journal(tmp_path / "hole.pieces.jsonl", {}), video)
    with av.open(str(path)) as container:
        shades = {round(f.pts * f.time_base * 10): f.to_ndarray(format="gray")[5, 5] for f in container.decode(video=0)}
    assert sorted(shades) == list(range(160))
    assert abs(int(shades[140]) - int(shades[150])) > 5 and abs(int(shades[20]) - 20) < 8
    assert all(abs(int(shades[number]) - last) < 8 for number in range(last, after)), "the picture before it stays"


def test_the_film_of_a_video_that_does_not_say_its_length_goes_to_its_end(tmp_path, journal, short_parts):
    video = tmp_path / "live.mkv"
    with av.open(str(video), "w", format="matroska", options={"live": "1"}) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for number in (*range(40), *range(150, 235)):  # parts without any frame between, and frames after the last face
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), number, np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert NumberedFrames(open_clip(video)).last is None
    with av.open(str(draw_film(tmp_path / "live", journal, video))) as container:
        times = [round(frame.pts * frame.time_base * 10) for frame in container.decode(video=0)]
    assert times == list(range(235))


def test_a_face_is_looked_up_by_frame(pieces):
    trail = FaceTrail(pieces, 0)
    first, second = trail.windows[:2]
    between = (first["onset"] + second["onset"]) / 2
    assert np.array_equal(trail.box(first["onset"]), first["box"])
    assert np.allclose(trail.box(between), (np.array(first["box"]) + second["box"]) / 2)
    assert trail.box(first["onset"] - 1) is None and trail.box(trail.last + 1) is None
    asked = next(window for window in trail.windows if window["probabilities"])
    assert trail.answer((asked["onset"] + asked["offset"] + 1) // 2) == asked["probabilities"]
    assert trail.answer(first["onset"]) == [0.0, 0.0]


def test_the_bars_are_those_of_the_window_whose_middle_is_nearest(pieces):
    """As in the tables by frame; also of windows that are not equally long, as where a face leaves."""
    spans = ((0, 11), (4, 15), (8, 19), (16, 27), (20, 24))
    window = {"box": [0.0, 0.0, 9.0, 9.0]}
    windows = [{**window, "onset": at, "offset": end, "probabilities": [float(at)]} for at, end in spans]
    trail = FaceTrail([{**pieces[0], "faces": [{**pieces[0]["faces"][0], "windows": windows, "last": 24}]}], 0)
    for frame in range(25):
        assert trail.answer(frame)[0] == min(spans, key=lambda span: abs(sum(span) / 2 - frame))[0]
    assert all(trail.answer(frame) == shown["probabilities"] for frame, shown in frames_of(iter(windows)))


def test_a_short_last_window_does_not_hide_the_box_between_the_others(pieces):
    """As where a face leaves: the windows before it are as long and as far apart as ever."""
    window = {"box": [0.0, 0.0, 9.0, 9.0], "probabilities": None}
    windows = [{**window, "onset": at, "offset": end} for at, end in ((0, 10), (10, 20), (20, 22))]
    part = {**pieces[0]["faces"][0], "windows": windows, "last": 22}
    trail = FaceTrail([{**pieces[0], "faces": [part]}], 0)
    assert trail.span == 10 and all(trail.box(frame) is not None for frame in range(23))


def test_a_film_that_would_stand_still_is_refused_before_reading(tmp_path):
    path = write(tmp_path / "gap.mp4", [*(40 * i for i in range(50)), 900_000])
    for fps in (None, 250.0):  # it is played as the file is, whatever the camera filmed
        with pytest.raises(ValueError, match=r"gap\.mp4: holds no frame from 2 s to 900 s"):
            check_film(path, fps)
    check_film(write(tmp_path / "short.mp4", [*(40 * i for i in range(50)), 9000]), None)
