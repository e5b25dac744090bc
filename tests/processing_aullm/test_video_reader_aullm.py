"""Videos of fake faces read piece by piece: windows, the gate, movements, blinks, turns, sections, several faces."""

import json

import numpy as np
import pytest

from processing_aullm import AullmProcessor, ClipError, ClipFault, face_reader_aullm, spotting_aullm, video_reader_aullm
from processing_aullm import sections_aullm as sections
from processing_aullm.rises_aullm import Rise
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES
from processing_aullm.video_reader_aullm import ReadingOptions
from tests.processing_aullm.faked_faces import FPS, UNITS, FakeFace, FakeProcessor, crop
from tests.processing_aullm.scenes import Place

MICRO = (30, 32, 35, 4.0, "AU4")
MACRO = (30, 38, 48, 5.0, "AU12")


def overlap(movement: dict, onset: int, offset: int) -> float:
    inner = min(movement["offset"], offset) - max(movement["onset"], onset)
    return inner / (max(movement["offset"], offset) - min(movement["onset"], onset))


def test_a_face_at_rest_is_never_shown_to_the_model():
    processor = FakeProcessor()
    face = processor.read(FakeFace())["faces"][0]
    assert processor.asked == 0
    assert [window["onset"] for window in face["windows"]][:3] == [0, 1, 2]
    assert all(window["probabilities"] is None for window in face["windows"])
    assert face["movements"] == face["blinks"] == []


def test_a_movement_is_found_named_and_timed():
    processor = FakeProcessor()
    face = processor.read(FakeFace(moves=(MICRO,)))["faces"][0]
    (movement,) = face["movements"]
    assert overlap(movement, 30, 35) >= 0.5 and abs(movement["apex"] - 32) <= 1
    assert list(movement["action_units"]) == ["AU4"] and movement["kind"] == "micro"
    assert 0 < movement["score"] <= 1
    assert 0 < processor.asked < len(face["windows"]) / 2
    for window in face["windows"]:  # the model is asked where the movement is inside, and nowhere far from it
        if window["onset"] <= 30 and window["offset"] >= 33:
            assert window["probabilities"] is not None
        if window["offset"] < 27 or window["onset"] > 38:
            assert window["probabilities"] is None


def test_a_long_movement_is_a_macro_expression():
    (movement,) = FakeProcessor().read(FakeFace(moves=(MACRO,)))["faces"][0]["movements"]
    assert movement["kind"] == "macro" and overlap(movement, 30, 48) >= 0.5
    assert list(movement["action_units"]) == ["AU12"]


def test_a_blink_is_named_and_is_no_movement():
    processor = FakeProcessor()
    face = processor.read(FakeFace(blinks=((30, 31, 33),)))["faces"][0]
    assert face["movements"] == [] and processor.asked == 0
    assert face["blinks"][0]["kind"] == "blink"
    (blink,) = face["blinks"]
    assert abs(blink["apex"] - 31) <= 1


@pytest.mark.parametrize("shut", [70, 220])
@pytest.mark.parametrize("last", [400, 270])
def test_eyes_that_are_shut_for_long_are_one_closure(shut, last):
    """Also where the frames in which they shut are forgotten when they open; the blink behind comes behind."""
    closed = ((number, number + 1, number + 2) for number in range(60, 60 + shut))
    face = FakeFace(frames=last, blinks=((40, 41, 43), *closed, (350, 351, 353)))
    told = FakeProcessor().read(face)["faces"][0]["blinks"]
    assert [each["kind"] for each in told] == ["blink", "closure", "blink"][: 3 if last > 350 else 2]
    assert abs(told[1]["onset"] - 60) <= 1
    assert last < 60 + shut or abs(told[1]["offset"] - 61 - shut) <= 1


@pytest.mark.parametrize(("kind", "shut", "every"), [("blink", 1, 13), ("closure", 10, 45)])
@pytest.mark.parametrize("batch_size", [1, 1000])
@pytest.mark.parametrize("moves", [(), ((30, 34, 380, 5.0, "AU12"),)], ids=["quiet", "smiling"])
def test_no_blink_is_forgotten_before_it_is_told(moves, batch_size, kind, shut, every):
    """Pieces of a quiet face are seconds apart, and so are those whose windows have to become a large batch."""
    begins = range(8, 390 - shut, every)
    blinks = tuple((number, number + 1, number + 2) for begin in begins for number in range(begin, begin + shut))
    face = FakeFace(frames=400, moves=moves, holds=True, blinks=blinks)
    told = FakeProcessor().read(face, batch_size=batch_size)["faces"][0]["blinks"]
    assert [(each["kind"], each["onset"]) for each in told] == [(kind, begin) for begin in begins]


def test_a_turn_of_the_head_is_no_movement():
    assert FakeProcessor().read(FakeFace(turn=(25, 35, 45, 3.0)))["faces"][0]["movements"] == []


def test_pieces_hold_each_thing_once_and_end_with_the_video():
    faces = [FakeFace(moves=(MICRO, (60, 62, 65, 4.0, "AU12")), blinks=((15, 16, 18),))]
    seen = []
    processor = FakeProcessor()
    pieces = processor.pieces(*faces, progress=seen.append, batch_size=4)
    assert len(pieces) > 2 and seen == [piece["done"] for piece in pieces] == sorted(seen) and seen[-1] == 1
    joined = processor.join_pieces(pieces)
    onsets = [window["onset"] for window in joined["faces"][0]["windows"]]
    assert onsets == list(range(75))
    assert [m["kind"] for m in joined["faces"][0]["movements"]] == ["micro", "micro"]
    assert len(joined["faces"][0]["blinks"]) == 1
    assert json.loads(json.dumps(joined)) == joined
    assert joined["fps"] == FPS and joined["size"] == [96, 64] and joined["meanings"]["AU4"] == "brow lowerer"


def test_windows_are_shown_to_the_model_from_rest_on_each_crop_once():
    face, shown = FakeFace(moves=((12, 14, 17, 4.0, "AU4"), (46, 48, 51, 4.0, "AU4"))), []  # one a chunk

    class Looking(FakeProcessor):
        def answer(self, crops, windows):
            assert len(crops) < windows.numel()
            shown.extend(row.tobytes() for row in crops[windows].numpy())
            return super().answer(crops, windows)

    windows = Looking().read(face)["faces"][0]["windows"]
    asked = [window for window in windows if window["probabilities"] is not None]
    assert len(shown) > len(asked) > 3, "movements are read by themselves, too"
    for window in asked:
        numbers = np.rint(np.linspace(window["onset"], window["offset"], 4)).astype(int)
        assert window["rest"] <= window["onset"]
        wanted = np.stack([crop(face, number) for number in (window["rest"], *numbers[1:])])
        assert wanted.tobytes() in shown


HELD = FakeFace(frames=120, moves=((30, 34, 80, 5.0, "AU12"),), holds=True)


@pytest.mark.parametrize("onset", [25, 30])
def test_a_movement_is_settled_while_its_frames_are_remembered(onset):
    """In a quiet video few windows wait; the movement's clips may not wait until they are a batch."""
    face = FakeFace(frames=200, moves=((onset, onset + 8, onset + 16, 6.0, "AU4"),))
    at_once, later = (FakeProcessor().read(face, batch_size=size)["faces"][0]["movements"] for size in (1, 16))
    assert at_once == later and len(later) == 1 and abs(later[0]["onset"] - onset) <= 2


def test_a_held_expression_stays_on_and_its_release_is_nothing_else():
    face = FakeProcessor().read(HELD)["faces"][0]
    (movement,) = face["movements"]
    assert list(movement["action_units"]) == ["AU12"] and movement["kind"] == "macro"
    assert abs(movement["onset"] - 30) <= 1 and abs(movement["offset"] - 84) <= 2
    for window in face["windows"]:
        if window["onset"] >= 34 and window["offset"] <= 80:
            assert window["rest"] <= 30 and window["probabilities"][1] > 0.5, "it is on"
        if window["onset"] > 90:
            assert window["probabilities"] is None, "and off"


def test_lips_that_go_back_and_forth_are_speech():
    move = (30, 32, 35, 4.0, "AU12")
    quiet, talking = FakeProcessor(), FakeProcessor()
    assert len(quiet.read(FakeFace(moves=(move,)))["faces"][0]["movements"]) == 1
    assert talking.read(FakeFace(moves=(move,), talks=(22, 44)))["faces"][0]["movements"] == []
    assert talking.asked < quiet.asked, "what they explain anyhow is not given to the model"


def test_how_far_lips_part_is_known_of_a_movement(monkeypatch):
    parted = []

    class Looking(spotting_aullm.MovementSpotter):
        def movement(self, spotted, answer, timed):
            parted.append(spotted.parted)
            return super().movement(spotted, answer, timed)

    monkeypatch.setattr(face_reader_aullm, "MovementSpotter", Looking)
    move = (30, 34, 45, 4.0, "AU12")
    for face in (FakeFace(moves=(move,)), FakeFace(moves=(move,), parts=(30, 34))):
        FakeProcessor().read(face)
    assert parted == [0.0, pytest.approx(0.3, abs=0.1)]


@pytest.mark.parametrize("brief", [True, False])
def test_around_a_brief_movement_head_and_lips_have_to_keep_still(monkeypatch, brief):
    """Both move just after its rise, and the lips once only: of a longer one nothing is held against that."""
    weighed = []

    class Looking(spotting_aullm.MovementSpotter):
        def still(self, spotted):
            weighed.append(spotted)
            return super().still(spotted)

    rise = Rise(30, 33, 33, 36, np.ones(len(UNIT_TEMPLATES)), 5.0 if brief else 0.0)
    monkeypatch.setattr(face_reader_aullm, "MovementSpotter", Looking)
    monkeypatch.setattr(face_reader_aullm, "find_rises", lambda *_: [rise])
    FakeProcessor().read(FakeFace(turn=(34, 37, 40, 0.0), parts=(34, 38)))
    FakeProcessor().read(FakeFace(turn=(34, 37, 40, 1.0)))
    parting, turning = weighed[0], weighed[-1]
    assert (parting.talk, turning.turn) == (pytest.approx(0.3 if brief else 0.0), pytest.approx(4.0 if brief else 0.0))


def test_what_lids_do_is_not_shown_to_the_model():
    """The brow moves while the eyes blink: frames in which lids move are passed over."""
    face, blink = FakeFace(moves=((30, 36, 46, 5.0, "AU4"),), blinks=((32, 34, 36),)), range(33, 36)
    unseen = {crop(face, number).tobytes() for number in blink}

    class Looking(FakeProcessor):
        def answer(self, crops, windows):
            assert not any(row.numpy().tobytes() in unseen for row in crops)
            return super().answer(crops, windows)

    read = Looking().read(face)["faces"][0]
    assert [each["kind"] for each in read["blinks"]] == ["blink"]
    assert [list(each["action_units"]) for each in read["movements"]] == [["AU4"]]


@pytest.fixture
def short_sections(monkeypatch):
    monkeypatch.setattr(sections, "SECTION_S", 6.0)


TWO = (
    FakeFace(frames=200, moves=((65, 67, 70, 4.0, "AU4"), (150, 155, 165, 5.0, "AU12")), blinks=((80, 81, 83),)),
    FakeFace(frames=200, moves=((120, 122, 125, 4.0, "AU12"),), seed=1, box=(70.0, 10.0, 90.0, 30.0)),
)


def test_sections_keep_faces_apart_and_find_what_lies_at_a_cut(short_sections):
    processor = FakeProcessor()
    pieces = processor.pieces(*TWO)
    assert sum(piece["resume"] is not None for piece in pieces) == 3
    first, second = processor.join_pieces(pieces)["faces"]
    assert [m["action_units"].keys() for m in first["movements"]] == [{"AU4"}, {"AU12"}]
    assert [m["action_units"].keys() for m in second["movements"]] == [{"AU12"}]
    for face in (first, second):
        onsets = [window["onset"] for window in face["windows"]]
        assert onsets == sorted(set(onsets)) and onsets[0] == 0 and face["last"] == 199
    assert second["box"] == [70.0, 10.0, 90.0, 30.0]


@pytest.mark.parametrize("length", [0.5, 5.0, 7.0])
def test_no_window_is_lost_at_a_cut_however_long_it_is(short_sections, length):
    (face,) = FakeProcessor().read(FakeFace(frames=200), length=length)["faces"]
    assert [window["onset"] for window in face["windows"]] == list(range(200 - round(length * FPS)))


@pytest.mark.parametrize("section_s", [6.0, 1000.0])
def test_the_last_window_before_an_end_is_read_in_sections_too(monkeypatch, section_s):
    """Windows begin every five frames; the last one ends with what is read, between two steps."""
    monkeypatch.setattr(sections, "SECTION_S", section_s)
    (face,) = FakeProcessor().read(FakeFace(frames=200), hop=0.5, end=19.8)["faces"]
    assert face["windows"][-1]["offset"] == 197


def test_a_face_that_leaves_just_behind_a_cut_is_still_the_same_there(short_sections):
    (face,) = FakeProcessor().read(FakeFace(frames=200, seen=(0, 80)))["faces"]
    assert (face["first"], face["last"]) == (0, 79), "the first section ends with frame 66 and is read to frame 116"


@pytest.mark.parametrize("kept", [1, 2])
def test_a_broken_reading_goes_on_with_equal_pieces(short_sections, kept):
    whole = FakeProcessor().pieces(*TWO)
    ends = [place for place, piece in enumerate(whole) if piece["resume"] is not None]
    resume = json.loads(json.dumps(whole[ends[kept - 1]]["resume"]))
    assert FakeProcessor().pieces(*TWO, after=resume) == whole[ends[kept - 1] + 1 :]


def test_whoever_is_followed_is_followed_behind_a_cut_too(short_sections, monkeypatch, tokenizer, scenes):
    """Somebody else leans forward and is the larger one; a reading that broke off goes on as one that did not."""
    monkeypatch.setattr(sections, "LEAD_S", 1.0)
    processor = AullmProcessor.from_parts(tokenizer, action_units=UNITS, size=64)
    processor.image_processor.use_faces(scenes.detector, scenes.mesh)
    frames = [scenes.frame(Place(20), Place(250, scale=0.9 if i < 30 else 1.1), seed=i) for i in range(180)]

    def read(after=None):
        """Pieces, and how many landmarks were read before each: their errors are drawn by that."""
        answer = FakeProcessor().answer
        return [
            (piece, scenes.meshed)
            for piece in processor.read_video(frames, answer, after=after, fps=FPS, second_opinion=False)
        ]

    whole = read()
    (face,) = processor.join_pieces(piece for piece, _ in whole)["faces"]
    assert (face["first"], face["last"]) == (0, 179)
    assert all(window["box"][2] < 240 for window in face["windows"])
    end = next(place for place, (piece, _) in enumerate(whole) if piece["resume"] is not None)
    last, scenes.meshed = whole[end]
    assert read(json.loads(json.dumps(last["resume"]))) == whole[end + 1 :]


def test_a_part_without_a_face_is_passed_over(short_sections):
    processor = FakeProcessor()
    face = processor.read(FakeFace(frames=200, seen=(0, 50)))["faces"][0]
    assert face["last"] == 49
    assert face["windows"][-1]["offset"] == 49
    with pytest.raises(ClipError, match="no face"):
        processor.read(FakeFace(frames=200, seen=(0, 0)))


def test_a_video_that_does_not_say_its_length_has_the_frames_that_were_read():
    class Unknown(FakeProcessor):
        def open_stream(self, *args, **options):
            stream = super().open_stream(*args, **options)
            stream.frames, stream.decoded = None, 80
            return stream

    assert Unknown().read(FakeFace(frames=80, seen=(0, 50)))["frames"] == 80, "nobody is seen in the last ones"


@pytest.mark.parametrize("fault", [ClipFault.UNREADABLE, ClipFault.NOT_FOUND, ClipFault.NOT_A_CLIP])
def test_what_cannot_be_read_in_the_middle_ends_no_reading_well(short_sections, fault):
    """Its pieces would look like those of a shorter video; they go on where they stopped once the fault is mended."""

    class Breaking(FakeProcessor):
        def open_stream(self, video, start=None, **options):
            if start:
                raise ClipError("fake.mp4: gone", fault)
            return super().open_stream(video, start=start, **options)

    face, pieces, processor = FakeFace(frames=200), [], Breaking()
    with pytest.raises(ClipError, match="gone"):
        for piece in processor.read_video([face], processor.answer, second_opinion=False):
            pieces.append(piece)
    assert pieces == FakeProcessor().pieces(face)[: len(pieces)] and pieces[-1]["resume"]["section"] == 0


def test_start_and_end_bound_what_is_read():
    face = FakeProcessor().read(FakeFace(), start=2.0, end=5.0)["faces"][0]
    assert (face["first"], face["last"]) == (20, 49)
    assert face["windows"][0]["onset"] == 20 and face["windows"][-1]["offset"] == 49


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"hop": 0}, "hop"),
        ({"length": -1}, "length"),
        ({"threshold": 2}, "threshold"),
        ({"start": 5, "end": 4}, "end"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_impossible_options_are_named(options, word):
    with pytest.raises(ValueError, match=word):
        FakeProcessor().pieces(FakeFace(), **options)


def test_many_videos_fill_batches_together_and_read_as_each_alone(monkeypatch):
    monkeypatch.setattr(video_reader_aullm, "AT_ONCE", 3)
    faces = [FakeFace(frames=90, moves=((30 + n, 32 + n, 35 + n, 4.0, "AU4"),), seed=n) for n in range(5)]
    processor, batches = FakeProcessor(), []

    def answer(crops, windows):
        batches.append(len(windows))
        return processor.answer(crops, windows)

    together = processor.read_videos([[face] for face in faces], answer, batch_size=64)
    over_videos = list(batches)
    batches.clear()
    alone = [processor.join_pieces(processor.read_video([face], answer, batch_size=64)) for face in faces]
    assert together == alone and sum(over_videos) == sum(batches) and len(over_videos) < len(batches)
    batches.clear()
    assert processor.read_videos([[face] for face in faces], answer, batch_size=4) == alone and max(batches) == 4
    assert processor.read_videos([], answer) == []


def test_one_of_many_videos_that_cannot_be_read_is_an_error():
    processor, nobody = FakeProcessor(), FakeFace(frames=60, seen=(0, 0))
    with pytest.raises(ClipError):
        processor.read_videos([[FakeFace(frames=60)], [nobody]], processor.answer)


def test_an_option_that_is_none_is_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"no option treshold, is threshold meant\? There are faces, start, end"):
        ReadingOptions.of({"treshold": 0.3})
    with pytest.raises(ValueError, match=r"no option zzz\. There are faces"):
        ReadingOptions.of({"zzz": 1})
    assert ReadingOptions.of({"threshold": 0.3}).threshold == 0.3
