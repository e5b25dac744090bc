"""A stream gives every frame of every face once, in chunks that overlap by one window, whatever the faces do."""

import tracemalloc
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from processing_aullm import AullmImageProcessor, stream_aullm
from processing_aullm.clip_error_aullm import ClipError
from processing_aullm.geometry_aullm import apply, compose, invert
from processing_aullm.stream_aullm import FaceMemory, FollowedFace
from processing_aullm.tracking_aullm import AlignedFrame
from processing_aullm.video_aullm import FrameList
from tests.processing_aullm.scenes import ForTheLargest, Place

GRID = np.stack(np.meshgrid(np.linspace(6, 57, 4), np.linspace(6, 57, 4)), axis=-1).reshape(-1, 2)
WINDOW = 5  # frames: 0.5 s


def sway(count):
    """Places of a head that sways by some pixels."""
    return [Place(150 + 6 * np.sin(i / 7), 60 + 3 * np.cos(i / 5), 1 + 0.02 * np.sin(i / 9)) for i in range(count)]


def drawn(scenes, places):
    """One frame for each place, or for each tuple of places."""
    return [scenes.frame(*(p if isinstance(p, tuple) else (p,)), seed=i) for i, p in enumerate(places)]


def test_each_window_lies_whole_in_one_chunk(scenes, open_stream):
    chunks = list(open_stream(drawn(scenes, sway(130))))
    assert [chunk.new_from for chunk in chunks] == [0, *[WINDOW] * (len(chunks) - 1)] and len(chunks) == 4
    windows = [
        (chunk.first + at - WINDOW, chunk.first + at)
        for chunk in chunks
        for at in range(max(WINDOW, chunk.new_from), len(chunk))
    ]
    assert windows == [(at, at + WINDOW) for at in range(130 - WINDOW)]
    assert [chunk.last for chunk in chunks] == [False, False, False, True]
    assert chunks[-1].done == 1 and all(a.done < b.done for a, b in pairwise(chunks))
    for chunk in chunks:
        assert chunk.crops.shape == (len(chunk), 64, 64) and chunk.crops.dtype == np.uint8
        assert chunk.transforms.shape == (len(chunk), 2, 3) and chunk.boxes.shape == (len(chunk), 4)
        for known, shape in ((chunk.eye_openness, (2,)), (chunk.pose, (3,)), (chunk.mouth, ())):
            assert known.shape == (len(chunk), *shape) and np.isfinite(known).all()


def test_a_chunk_is_held_on_its_first_frame_and_framing_does_not_jump(scenes, open_stream):
    places = sway(100)
    chunks = list(open_stream(drawn(scenes, places)))
    for chunk in chunks:
        start = compose(invert(places[chunk.first].matrix), chunk.transforms[0])
        for at, matrix in enumerate(chunk.transforms):
            truth = compose(places[chunk.first + at].matrix, start)
            wrong = np.abs(apply(matrix, GRID) - apply(truth, GRID))
            assert wrong.max() < 0.3 and wrong.mean() < 0.1
    for before, after in pairwise(chunks):
        same = before.transforms[after.first - before.first]
        assert np.abs(apply(same, GRID) - apply(after.transforms[0], GRID)).max() < 1.0


def test_a_face_that_looks_otherwise_gets_a_new_reference(scenes, open_stream):
    """As after a turn of the head: what was 45 frames on one reference is cut once there are two windows."""
    frames = drawn(scenes, sway(40))
    shade = np.random.default_rng(0).integers(0, 256, (15, 24)).astype(np.float32).repeat(20, 0).repeat(20, 1)
    for frame in frames[20:]:
        frame[8:] = np.rint(0.7 * frame[8:] + 0.3 * shade[8:])  # the first rows say where the face is
    same, cut = (list(open_stream(each)) for each in (drawn(scenes, sway(40)), frames))
    assert [len(chunk) for chunk in same] == [40]
    assert len(cut) >= 2 and 20 <= len(cut[0]) <= 23 and not cut[0].last
    assert cut[1].first == cut[0].first + len(cut[0]) - WINDOW and cut[1].new_from == WINDOW


def test_landmarks_are_read_rarely_and_the_detector_once(scenes, open_stream):
    list(open_stream(drawn(scenes, sway(90)), fps=30.0))
    assert scenes.detected == 1
    assert scenes.meshed <= 90 / 5 + 4


def test_a_leap_is_followed(scenes, open_stream):
    places = [Place(100)] * 8 + [Place(140, 75)] * 8
    (chunk,) = open_stream(drawn(scenes, places))
    step = apply(chunk.transforms[10], GRID) - apply(chunk.transforms[0], GRID)
    assert len(chunk) == 16 and np.abs(step - [40, 15]).max() < 0.3


def test_the_largest_faces_are_followed(scenes, open_stream):
    pair = (Place(10, scale=0.8), Place(240, scale=1.2))
    frames = drawn(scenes, [pair] * 12)
    chunks = {chunk.face: chunk for chunk in open_stream(frames, faces=2)}
    assert sorted(chunks) == [0, 1]
    assert chunks[0].boxes[0, 0] > 240 > chunks[1].boxes[0, 2]
    (chunk,) = open_stream(frames, faces=1)
    assert chunk.face == 0 and chunk.boxes[0, 0] > 240


def test_a_person_behind_a_hand_is_followed_again_though_another_is_larger(scenes, open_stream):
    one, other = Place(20, scale=1.0), Place(250, scale=1.1, other=True)
    frames = drawn(scenes, [(one,)] * 12 + [()] * 6 + [(one, other)] * 22)
    assert [chunk.face for chunk in open_stream(frames)] == [0, 0]
    assert {chunk.face for chunk in open_stream(frames, faces=2)} == {0, 1}, "another is found, too"


def test_more_than_the_largest_face_is_looked_for_where_that_is_not_enough(scenes):
    reader = AullmImageProcessor(size=64)
    reader.use_faces(ForTheLargest(scenes), scenes.mesh)
    one, other = Place(20, scale=1.0), Place(250, scale=1.1, other=True)
    frames = drawn(scenes, [(one, other)] * 20)
    assert {chunk.face for chunk in reader.open_stream(frames, faces=2, fps=10.0)} == {0, 1}
    (known,) = reader.open_stream(frames, fps=10.0, known=[[30.0, 60.0, 180.0, 220.0]])
    assert known.boxes[0, 2] < 240
    hidden = drawn(scenes, [(one,)] * 12 + [()] * 6 + [(one, other)] * 12)
    assert [chunk.face for chunk in reader.open_stream(hidden, fps=10.0)] == [0, 0]


def test_a_leap_of_the_smaller_face_is_followed_though_the_detector_is_content_with_the_larger(scenes):
    reader = AullmImageProcessor(size=64)
    reader.use_faces(ForTheLargest(scenes), scenes.mesh)
    large = Place(250, scale=1.1, other=True)
    frames = drawn(scenes, [(Place(10, 40), large)] * 8 + [(Place(60, 80), large)] * 8)
    chunks = [chunk for chunk in reader.open_stream(frames, faces=2, fps=10.0) if chunk.face == 1]
    assert [len(chunk) for chunk in chunks] == [16]


@pytest.mark.parametrize("unseen", [0, 6])
def test_known_faces_come_before_larger_ones(scenes, open_stream, unseen):
    pair = (Place(20, scale=1.0), Place(250, scale=1.1))
    frames = drawn(scenes, [()] * unseen + [pair] * 20)
    (chunk,) = open_stream(frames, known=[[30.0, 60.0, 180.0, 220.0]])
    assert chunk.boxes[0, 2] < 240, "not the largest"
    (chunk,) = open_stream(frames, known=[[30.0, 0.0, 60.0, 30.0]])
    assert chunk.boxes[0, 0] > 240, "nobody is there"


@pytest.mark.parametrize("count", [30, 70])
def test_the_first_chunks_come_in_the_order_of_size_also_where_the_smaller_face_leaves_first(
    scenes, open_stream, count
):
    large, small = Place(240, scale=1.2), Place(10, scale=0.8)
    chunks = list(open_stream(drawn(scenes, [(large, small)] * 20 + [(large,)] * (count - 20)), faces=2))
    assert [chunk.face for chunk in chunks] == ([0, 1] if count == 30 else [0, 1, 0])
    assert [len(chunk) - chunk.new_from for chunk in chunks if chunk.face == 1] == [20]
    assert sum(len(chunk) - chunk.new_from for chunk in chunks if chunk.face == 0) == count


def test_a_face_that_comes_later_is_found(scenes, open_stream):
    frames = drawn(scenes, [(Place(20),)] * 15 + [(Place(20), Place(250))] * 20)
    chunks = list(open_stream(frames, faces=2))
    assert {chunk.face for chunk in chunks} == {0, 1}
    late = next(chunk for chunk in chunks if chunk.face == 1)
    assert 15 <= late.first <= 25 and late.first + len(late) == 35


def test_a_face_that_leaves_and_returns_keeps_its_number(scenes, open_stream):
    away = [()] * 12
    chunks = list(open_stream(drawn(scenes, [Place(150)] * 12 + away + [Place(170)] * 12)))
    assert [(chunk.face, chunk.new_from, chunk.last) for chunk in chunks] == [(0, 0, True)] * 2
    assert (chunks[0].first, len(chunks[0])) == (0, 12)
    assert 24 <= chunks[1].first <= 28 and chunks[1].first + len(chunks[1]) == 36


def test_a_stream_counts_the_frames_that_it_decodes_with_a_face_or_without(scenes, open_stream):
    stream = open_stream(drawn(scenes, [Place(150)] * 12 + [()] * 8), start=0.5)
    assert stream.decoded == 0
    list(stream)
    assert stream.decoded == 20


def test_a_cut_to_another_person_starts_another_face(scenes, open_stream):
    chunks = list(open_stream(drawn(scenes, [Place(150)] * 12 + [Place(150, other=True)] * 12)))
    assert [chunk.face for chunk in chunks] == [0, 1]
    assert chunks[0].last and len(chunks[0]) == 12
    assert 12 <= chunks[1].first <= 16


@pytest.mark.parametrize("cut", [False, True])
def test_a_head_that_turns_at_once_is_the_same_face_where_the_film_is_not_cut(scenes, open_stream, cut):
    frames, face = drawn(scenes, [Place(150)] * 24), np.s_[60:220, 150:310]
    for number, frame in enumerate(frames):  # a room in which it gets light from the right
        light = np.linspace(-8.0, 8.0, 480) * number
        room = np.clip(frame + (light[::-1] if cut and number >= 12 else light), 0, 255).astype(np.uint8)
        turned = np.rint(0.2 * frame[face] + 0.8 * frame[face][::-1])
        room[face], room[0] = turned if number >= 12 else frame[face], frame[0]
        frames[number] = room
    chunks = [(chunk.face, chunk.first, len(chunk)) for chunk in open_stream(frames)]
    assert chunks == [(0, 0, 12), (int(cut), 12, 12)]


def seen(scenes, number, x=0.0, shade=0.0, seed=0):
    """A face in a frame, its picture mixed with a share of something else."""
    other = np.random.default_rng(seed).integers(0, 256, (8, 8)).astype(np.float32).repeat(20, 0).repeat(20, 1)
    picture = np.rint((1 - shade) * scenes.picture + shade * other).astype(np.uint8)
    matrix = np.array([[1.0, 0, x], [0, 1, 0]])
    return AlignedFrame(number, picture, np.array([x, 0.0]), matrix, scenes.points, np.ones(2))


def track(*frames):
    """Of a face that was first and last seen so."""
    return SimpleNamespace(reference=frames[0], aligned=frames[-1])


@pytest.mark.parametrize(
    ("found", "cut", "number"),
    [
        ({"number": 40, "shade": 0.0}, True, 0),  # as it was at first
        ({"number": 32, "shade": 0.25}, True, 0),  # a moment later, where it was lost, as it was lost
        ({"number": 60, "shade": 0.25}, True, 1),  # later
        ({"number": 32, "shade": 0.25, "x": 200.0}, True, 1),  # elsewhere
        ({"number": 32, "shade": 0.25, "seed": 1}, True, 1),  # one who is a little like it
        ({"number": 32, "shade": 0.25, "seed": 1}, False, 0),  # but in one shot it is the same: the head has turned
        ({"number": 60, "shade": 0.25, "seed": 1}, False, 1),  # later
        ({"number": 32, "shade": 0.25, "seed": 1, "x": 200.0}, False, 1),  # elsewhere
        ({"number": 32, "shade": 0.8, "seed": 1}, False, 1),  # another one there, however he came
    ],
)
def test_a_face_is_known_by_its_picture_at_rest_or_by_its_place(scenes, found, cut, number):
    memory = FaceMemory(fps=10.0)
    room, room_again = (scenes.frame(Place(150), seed=seed) for seed in (0, 1))
    first, grin = seen(scenes, 0), seen(scenes, 30, shade=0.25)
    face = FollowedFace(
        memory.number_of(track(first), set(), room), track(first, grin), SimpleNamespace(overlap=5, crop_size=64)
    )
    memory.keep(face, room)
    shot = room[::-1] if cut else room_again
    assert memory.number_of(track(seen(scenes, **found)), set(), shot) == number


def test_of_too_many_faces_the_one_that_was_seen_longest_ago_is_forgotten(scenes, monkeypatch):
    monkeypatch.setattr(stream_aullm, "MAX_REMEMBERED", 2)
    memory, room = FaceMemory(fps=10.0), scenes.frame(Place(150))
    for number in (0, 1, 0, 2):  # 0 comes back
        one = track(seen(scenes, number))
        memory.keep(FollowedFace(number, one, SimpleNamespace(overlap=5, crop_size=64)), room)
    assert list(memory.numbers) == [0, 2]


def test_a_face_that_slides_out_of_the_picture_ends_there(scenes, open_stream):
    places = [Place(200 + 12 * i) for i in range(25)]
    (chunk,) = open_stream(drawn(scenes, places))
    assert chunk.last and 6 <= len(chunk) < 20


def test_a_video_without_any_face_says_so(scenes, open_stream):
    with pytest.raises(ClipError, match="video: no face in any of the frames 10 to 19"):
        list(open_stream(drawn(scenes, [()] * 30), start=1.0, end=2.0))


def test_shut_eyes_are_seen_in_the_frames_where_they_are_shut(scenes, open_stream):
    places = [Place(150, shut=24 <= i < 30) for i in range(60)]
    frames = drawn(scenes, places)
    for eye in ((33, 133, 159, 145), (362, 263, 386, 374)):  # corners and lids: the watch sees skin there
        x, y = (scenes.points[list(eye)] + [150, 60]).T.astype(int)
        for frame in frames[24:30]:
            frame[y.min() - 1 : y.max() + 2, x.min() : x.max()] = 150
    (chunk,) = open_stream(frames, fps=30.0)
    openness = chunk.eye_openness.mean(1)
    shut = openness < 0.6 * np.median(openness)
    assert np.flatnonzero(shut).tolist() == list(range(24, 30))


@pytest.mark.parametrize(("options", "message"), [({"faces": 0}, "faces is 0"), ({"length": 0}, "length is 0")])
def test_options_are_checked_before_reading(scenes, open_stream, options, message):
    with pytest.raises(ValueError, match=message):
        open_stream(drawn(scenes, [Place(150)] * 3), **options)


class Drawing:
    """A clip that draws its frames when they are asked for, and keeps none."""

    def __init__(self, scenes, count):
        self.scenes, self.count = scenes, count

    def __len__(self):
        return self.count

    def __getitem__(self, at):
        return self.scenes.frame(Place(150 + 4 * np.sin(at / 6)), seed=at % 7)


@pytest.mark.slow
def test_memory_does_not_grow_with_length(scenes, open_stream):
    peaks = []
    for count in (150, 900):
        tracemalloc.start()
        assert (
            sum(len(chunk) - chunk.new_from for chunk in open_stream(FrameList(Drawing(scenes, count), "x"))) == count
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_a_processor_for_registered_clips_reads_no_videos():
    with pytest.raises(ValueError, match="align=False"):
        AullmImageProcessor(size=64, align=False).open_stream([np.zeros((64, 64), np.uint8)] * 3, fps=10.0)


def test_blendshapes_are_read_in_the_same_frames_of_a_video_wherever_reading_begins(scenes):
    """Of the face as it is followed, six times a second; chunks keep them, and other frames have none."""
    asked = []

    def blendshapes(frame, region):
        asked.append(region.center)
        return np.full(52, frame.mean(), np.float32)

    reader = AullmImageProcessor(size=64)
    reader.use_faces(scenes.detector, scenes.mesh)
    reader._blendshapes = blendshapes
    frames, places = drawn(scenes, sway(90)), sway(90)
    for start in (None, 0.7):
        asked.clear()
        chunks = list(reader.open_stream(frames, fps=18.0, start=start, second_opinion=True))
        read = {c.first + n for c in chunks for n in range(len(c)) if not np.isnan(c.shapes[n]).any()}
        first = chunks[0].first
        assert read == {number for number in range(first + 1, 90) if number % 3 == 0}
        assert len(asked) == len(read), "in no frame twice, though chunks share frames"
        assert all(
            np.all(c.shapes[n] == np.float32(frames[c.first + n].mean()))
            for c in chunks
            for n in range(len(c))
            if c.first + n in read
        )
    assert np.ptp([center[0] for center in asked]) > 0.8 * np.ptp([place.x for place in places])
    assert next(iter(reader.open_stream(frames, fps=18.0))).shapes is None
