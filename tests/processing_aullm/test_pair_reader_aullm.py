"""Two pictures: how our model and the second opinion meet, and photographs whose faces stand in different places."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from processing_aullm import AullmImageProcessor, AullmProcessor, ClipError, ClipFault, pair_reader_aullm
from processing_aullm.blendshape_network_aullm import BLENDSHAPES
from processing_aullm.pair_reader_aullm import StillOpinion
from processing_aullm.skin_field_aullm import CELLS, cell_centres
from processing_aullm.skin_traces_aullm import FACE, SkinTraces
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, template_field
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.moving import moved

UNITS = ["AU1", "AU4", "AU12", "AU17"]
LIDS = {"eyeBlinkLeft": 0.7, "eyeBlinkRight": 0.7}
POUT = {"mouthPucker": 0.9}


def shapes(**shown: float) -> np.ndarray:
    """(52,) of a face that shows these."""
    return np.array([shown.get(name, 0.05) for name in BLENDSHAPES], np.float32)


def named(before: dict, after: dict) -> list[dict[str, float]]:
    return [each.units for each in StillOpinion.of(shapes(**before), shapes(**after)).seen]


def test_a_shape_that_is_up_at_the_apex_names_its_unit():
    assert named({}, {"mouthSmileLeft": 0.85}) == [{"AU12": pytest.approx(0.8, abs=0.01)}]
    assert named({}, {"mouthSmileLeft": 0.4}) == [], "by less than the bar"
    assert named({"mouthSmileLeft": 0.85}, {"mouthSmileLeft": 0.85}) == [], "it stands in both"
    opinion = StillOpinion.of(shapes(), shapes(mouthSmileRight=0.85, mouthSmileLeft=0.2))
    assert opinion.seen[0].side == "right" and opinion.units == opinion.seen[0].units


def test_what_parts_lips_farther_is_speech_and_lips_that_stay_shut_pout():
    assert named({}, {"mouthPressLeft": 0.6, "jawOpen": 0.9}) == []
    assert named({}, {"mouthPucker": 0.9}) == [{"AU18": pytest.approx(0.85, abs=0.01)}]
    assert named({"jawOpen": 0.5}, {"mouthPucker": 0.9}) == [] and named({}, {"mouthPucker": 0.6}) == []


def test_brows_are_not_judged_by_a_picture_with_shut_eyes_at_the_apex():
    up = {"browInnerUp": 0.8}
    assert [list(units) for units in named({}, up)] == [["AU1"]]
    assert named({}, up | LIDS) == [] and named(LIDS, up | LIDS) == []
    assert [list(units) for units in named(LIDS, up)] == [["AU1"]], "they are seen up with open eyes"
    assert named(LIDS, {"eyeWideLeft": 0.8}) == []
    assert [list(units) for units in named(LIDS, {"mouthSmileLeft": 0.8} | LIDS)] == [["AU12"]]
    shut = [StillOpinion.of(shapes(**one), shapes(**other)).shut for one, other in (({}, LIDS), (LIDS, {}), ({}, {}))]
    assert shut == [[False, True], [True, False], [False, False]]


def motion_along(unit: str, px: float) -> torch.Tensor:
    """(3, g, g) of skin that goes so far."""
    motion = np.zeros((3, CELLS, CELLS), np.float32)
    field = template_field(UNIT_TEMPLATES[unit])
    motion[:2, FACE] = px * field.T / np.hypot(*field.T).max()
    motion[2] = 1
    return torch.from_numpy(motion)


@pytest.fixture
def read(tokenizer, image_processor, face, monkeypatch):
    """Reads two pictures of a rendered face: what our model answers, how far skin goes, and what blendshapes show."""
    processor = AullmProcessor(image_processor, tokenizer, action_units=UNITS)

    def reading(sure: dict, px: float = 4.0, after: dict | None = None, seen: bool = True, **options) -> dict:
        seen = iter([shapes() if seen else None, shapes(**(after or {}))])
        monkeypatch.setattr(image_processor, "_blendshapes", lambda image, region: next(seen))
        asked = []

        def answer(crops, windows):
            asked.append((tuple(crops.shape), crops.dtype, windows.tolist()))
            return [([sure.get(name, 0.1) for name in UNITS], motion_along(max(sure, key=sure.get), px))]

        video = options.pop("video", [face, moved(face, 2.0, 1.0)])
        told = processor.read_pair(video, answer, **options)
        assert asked == [((6, 224, 224), torch.uint8, [[0, 1, 2, 3, 4, 5]])]
        assert told["probabilities"] == {name: sure.get(name, 0.1) for name in UNITS}, "whatever others say"
        return told

    return reading


def test_where_both_agree_our_model_keeps_its_name(read):
    told = read({"AU12": 0.9}, after={"mouthSmileLeft": 0.8})
    (smile,) = told["movements"]
    assert smile["named_by"] == "aullm" and smile["action_units"] == {"AU12": 0.9} and smile["side"] == "both"
    assert smile["second_opinion"] == told["second_opinion"] == {"AU12": pytest.approx(0.75, abs=0.01)}
    assert smile.keys() == {
        *("score", "action_units", "side", "size_px", "size_mm", "named_by", "second_opinion"),
    }, "and nothing of when"
    assert told["view"] == [] and told["eyes_shut"] == [False, False] and (told["onset"], told["apex"]) == (0, 1)
    assert "AU18" in told["meanings"] and told["action_units"] == UNITS


def test_what_the_second_opinion_alone_sees_is_added_as_its_own(read):
    frown = {"browDownLeft": 0.5}
    told = read({"AU4": 0.9}, after=frown | POUT)
    assert [(each["named_by"], list(each["action_units"])) for each in told["movements"]] == [("aullm", ["AU4"])]
    told = read({"AU4": 0.9}, after={"browDownLeft": 0.3} | POUT)
    assert [list(each["action_units"]) for each in told["movements"]] == [["AU4"], ["AU18"]]
    (pout,) = read({"AU4": 0.2}, after=POUT)["movements"]
    assert (pout["named_by"], pout["action_units"]) == ("blendshapes", {"AU18": pytest.approx(0.85, abs=0.01)})
    assert pout["score"] == pout["action_units"]["AU18"] and pout["second_opinion"] == pout["action_units"]


def test_of_photographs_what_no_shape_shows_is_refuted(read):
    told = read({"AU12": 0.9})
    assert told["movements"] == [] and [each["action_units"] for each in told["refuted"]] == [{"AU12": 0.9}]
    pout = read({"AU12": 0.9}, after={"mouthPucker": 0.9})
    assert [each["named_by"] for each in pout["movements"]] == ["blendshapes"] and len(pout["refuted"]) == 1
    assert read({"AU12": 0.9}, after={"mouthSmileLeft": 0.2})["refuted"] == []


@pytest.mark.parametrize(("px", "after", "stands"), [(3.0, {}, True), (8.0, {}, False), (3.0, POUT, False)])
def test_of_a_clip_what_is_large_or_seen_to_be_another_one_is_refuted(read, face, px, after, stands):
    film = [moved(face, shift, 0) for shift in range(3)]
    told = read({"AU12": 0.9}, px=px, after=after, video=film)
    assert ["AU12" in each["action_units"] for each in told["refuted"]] == [True] * (not stands)
    assert [each["named_by"] for each in told["movements"]] == ["aullm"] * stands + ["blendshapes"] * bool(after)


def test_without_the_second_opinion_nobody_asks_it(read, image_processor, monkeypatch):
    monkeypatch.setattr(AullmImageProcessor, "blendshapes", property(lambda self: pytest.fail("it was asked")))
    told = read({"AU12": 0.9}, px=8.0, second_opinion=False)
    assert told["second_opinion"] is None and told["eyes_shut"] is None and "AU18" not in told["meanings"]
    assert [each["second_opinion"] for each in told["movements"]] == [None] and told["refuted"] == []


def test_a_face_that_its_network_does_not_see_is_left_to_our_model(read):
    told = read({"AU12": 0.9}, after=POUT, seen=False)
    assert told["second_opinion"] is None and [each["named_by"] for each in told["movements"]] == ["aullm"]


def test_what_our_model_is_not_sure_of_is_no_movement(read):
    smile = {"mouthSmileLeft": 0.3}
    assert read({"AU12": 0.3}, after=smile)["movements"] == []
    assert read({"AU12": 0.9}, px=0.05, after=smile)["movements"] == []
    low = read({"AU12": 0.3}, after=smile, threshold=0.2)
    assert low["threshold"] == 0.2 and len(low["movements"]) == 1
    with pytest.raises(ValueError, match="threshold is 2"):
        read({"AU12": 0.3}, threshold=2)


def test_what_is_wrong_with_the_view_is_told(read, face):
    tilted = np.rot90(face).copy()
    assert read({"AU12": 0.9}, video=[tilted, tilted])["view"] == ["tilted"]


def test_photographs_may_differ_in_size_and_place(read, face):
    wide = np.full((500, 900), 90, np.uint8)
    wide[150:470, 560:880] = face
    small = np.full((500, 900), 90, np.uint8)
    small[20:180, 30:190] = cv2.resize(face, (160, 160), interpolation=cv2.INTER_AREA)
    places = []
    for video in ([wide, face], [wide, small], [face, face]):
        told = read({"AU12": 0.9}, video=video)
        assert told["size"] == [*video[0].shape[::-1]]
        places.append(np.array(told["box"]))
        assert told["refuted"][0]["size_px"] == pytest.approx(4.0, abs=0.5)
    assert np.abs(places[0] - places[2] - [560, 150, 560, 150]).max() < 6 and np.abs(places[0] - places[1]).max() < 1


def test_of_photographs_of_unlike_size_view_and_turn_are_those_of_the_pictures(read, face):
    """The squares that are compared show each face upright, and all as large."""
    tiny = np.pad(cv2.resize(face, (120, 120), interpolation=cv2.INTER_AREA), 30, constant_values=90)
    assert "small" in read({"AU12": 0.9}, video=[tiny, np.pad(tiny, 40, constant_values=90)])["view"]
    upright, tilted = (np.pad(each, 40, constant_values=90) for each in (face, np.rot90(face)))
    assert read({"AU12": 0.9}, video=[np.rot90(face).copy(), tilted])["view"] == ["tilted"]
    for other, told in ((upright, 1), (np.pad(moved(face, 0, 0, 15), 40, constant_values=90), 0)):
        seen = read({"AU12": 0.9}, after={"mouthSmileLeft": 0.3}, video=[face, other])
        assert len(seen["movements"]) == told, "a head that is turned speaks against a movement"


def test_a_face_in_the_same_place_may_be_much_smaller(read, face):
    far = np.full_like(face, 90)
    far[80:240, 80:240] = cv2.resize(face, (160, 160), interpolation=cv2.INTER_AREA)
    assert read({"AU12": 0.9}, video=[face, far])["refuted"][0]["size_px"] == pytest.approx(4.0, abs=0.5)


@pytest.mark.parametrize(("coarse", "side"), [("both", "both"), ("left", "left")])
def test_a_movement_has_one_side_only_if_the_traces_say_so_too(read, monkeypatch, coarse, side):
    whole, field = motion_along, template_field(UNIT_TEMPLATES["AU12"])

    def left_alone(unit: str, px: float) -> torch.Tensor:
        motion = whole(unit, px)
        motion[:2, :, : CELLS // 2] = 0
        return motion

    class Traces(SkinTraces):
        def add(self, chunk):
            super().add(chunk)
            if coarse == "left":
                field[cell_centres()[0][FACE] < 0] = 0
            self.skin = np.stack([0 * field, 4 * field])

    monkeypatch.setitem(globals(), "motion_along", left_alone)
    monkeypatch.setattr(pair_reader_aullm, "SkinTraces", Traces)
    (smile,) = read({"AU12": 0.9}, after={"mouthSmileLeft": 0.8})["movements"]
    assert smile["side"] == side


def noting(crops: list, units: int = len(UNITS)):
    """An answer that sees nothing and keeps the crops that it is asked about."""

    def answer(asked, windows):
        crops.append(asked.float())
        return [([0.1] * units, None)]

    return answer


def test_of_several_faces_the_one_of_the_same_size_is_taken(image_processor, tokenizer, face):
    small, crops = cv2.resize(face, (160, 160), interpolation=cv2.INTER_AREA), []
    pictures = [np.full((340, 560), 90, np.uint8) for _ in range(2)]
    for picture, left, level in zip(pictures, (0, 240), (1.0, 0.6), strict=True):
        picture[10:330, left : left + 320] = face * level
    pictures[0][20:180, 390:550] = pictures[1][20:180, 40:200] = small
    processor = AullmProcessor(image_processor, tokenizer, action_units=UNITS)
    answer = noting(crops)
    told = processor.read_pair(pictures, answer, face=1, second_opinion=False)
    assert told["box"][0] > 390 and abs(crops[0][0].mean() - crops[0][-1].mean()) < 10, "not the dark one"


@pytest.fixture
def people() -> tuple[np.ndarray, np.ndarray]:
    """Two rendered people, (240, 240) each."""
    (frame,) = open_clip("space_app/examples/two-people.mp4").frames(np.array([0]))
    return frame[80:320, 49:289], frame[80:320, 360:600]


def test_of_two_people_the_same_one_is_compared_wherever_they_stand(image_processor, tokenizer, people):
    one, other = people
    rest, apex = (np.full((300, 800, 3), 90, np.uint8) for _ in range(2))
    rest[30:270, :240], rest[30:270, 400:640] = one, other
    apex[30:270, 560:] = one
    apex[:, 20:320] = cv2.resize(other, (300, 300))  # now the larger one
    processor = AullmProcessor(image_processor, tokenizer, action_units=UNITS)
    larger = int(processor.read_pair([rest, rest], noting([]), second_opinion=False)["box"][0] > 400)
    told = processor.read_pair([rest, apex], noting([]), face=larger, second_opinion=False)
    assert told["box"][2] < 240 and told["box_at_apex"][0] > 560
    apex[:, 20:320], apex[30:270, :240] = 90, one * np.linspace(0.05, 1, 240)[None, :, None]
    apex[30:270, 560:] = other
    told = processor.read_pair([rest, apex], noting([]), face=larger, second_opinion=False)
    assert told["box_at_apex"][2] < 240, "in another light it is known by its place"
    apex[:, :320] = 90
    with pytest.raises(ClipError, match=r"like face .*crop both") as raised:
        processor.read_pair([rest, apex], noting([]), face=larger, second_opinion=False)
    assert raised.value.code == ClipFault.NO_SUCH_FACE


def test_a_small_face_beside_a_large_one_is_read_where_it_is_asked_for(image_processor, tokenizer, face):
    picture = np.full((480, 720), int(face[0, 0]), np.uint8)
    picture[:, :480], picture[:140, 530:670] = cv2.resize(face, (480, 480)), cv2.resize(face, (140, 140))
    processor = AullmProcessor(image_processor, tokenizer, action_units=UNITS)
    told = processor.read_pair([picture, picture], noting([]), face=1, second_opinion=False)
    assert told["box"][0] > 530


def test_of_several_faces_in_a_picture_twice_as_large_the_same_one_is_taken(image_processor, tokenizer, face):
    """In pixels, a small face of the larger picture stands near the large one of the other, and is as large."""
    crops, rest = [], np.full((340, 560), 90, np.uint8)
    rest[10:330, 190:510] = face
    rest[10:170, 20:180] = cv2.resize(face, (160, 160), interpolation=cv2.INTER_AREA) * 0.6
    apex = cv2.resize(rest, None, fx=2, fy=2)
    processor = AullmProcessor(image_processor, tokenizer, action_units=UNITS)
    answer = noting(crops)
    processor.read_pair([rest, apex], answer, second_opinion=False)
    assert abs(crops[0][0].mean() - crops[0][-1].mean()) < 10, "not the dark one"


def test_a_head_that_is_turned_and_lips_that_part_speak_against_a_movement(read, face, monkeypatch):
    smile, chin = {"mouthSmileLeft": 0.3}, {"mouthShrugLower": 0.3}
    for degrees, told in ((2, 1), (15, 0)):
        video = [face, moved(face, 0, 0, degrees)]
        assert len(read({"AU12": 0.9}, after=smile, video=video)["movements"]) == told
    assert len(read({"AU17": 0.9}, after=chin)["movements"]) == 1
    openness = iter([0.0, 0.4])
    monkeypatch.setattr(pair_reader_aullm, "mouth_openness", lambda points: next(openness))
    assert read({"AU17": 0.9}, after=chin)["movements"] == []


def test_a_marked_clip_is_read_from_one_frame_to_the_other(read, face):
    film = [moved(face, shift, 0) for shift in range(8)]
    told = read({"AU12": 0.9}, video=film, onset=2, apex=7)
    assert (told["onset"], told["apex"]) == (2, 7)


@pytest.mark.parametrize(
    ("marks", "said", "code"),
    [
        ({"onset": 7, "apex": 2}, "the apex, 2, must come after the onset, 7", ClipFault.BAD_SPAN),
        ({"apex": 0}, "the apex, 0, must come after the onset, 0", ClipFault.BAD_SPAN),
        ({"onset": -1, "apex": 2}, "onset -1: frames are counted from 0", ClipFault.NO_SUCH_FRAME),
        ({"onset": 0.5, "apex": 2}, r"onset is 0\.5: give the number of a frame", None),
        ({"apex": "2"}, "apex is '2': give the number of a frame", None),
    ],
)
def test_marks_that_are_no_frames_are_refused_in_the_words_of_a_pair(read, face, marks, said, code):
    with pytest.raises(ValueError, match=said) as refused:
        read({"AU12": 0.9}, video=[face] * 8, **marks)
    assert getattr(refused.value, "code", None) is code


@pytest.mark.parametrize(("empty", "which"), [(0, "at rest"), (1, "at the apex")])
def test_a_picture_without_a_face_is_named(read, face, empty, which):
    pictures = [face, face]
    pictures[empty] = np.full_like(face, 120)
    with pytest.raises(ClipError, match=f"the picture {which} shows no face$") as refused:
        read({"AU12": 0.9}, video=pictures)
    assert refused.value.code is ClipFault.NO_FACE


def test_a_picture_file_without_a_face_is_called_by_its_path(read, face, tmp_path):
    files = [tmp_path / "rest.png", tmp_path / "apex.png"]
    for file, picture in zip(files, (face, np.full_like(face, 120)), strict=True):
        Image.fromarray(picture).save(file)
    with pytest.raises(ClipError, match=r"apex\.png shows no face$"):
        read({"AU12": 0.9}, video=files)


@pytest.mark.parametrize("face_number", [1, -1])
def test_a_face_that_is_not_in_the_picture_at_rest_is_refused(read, face, face_number):
    with pytest.raises(ClipError, match=f"the picture at rest shows 1 face, face {face_number} was asked") as refused:
        read({"AU12": 0.9}, video=[face, face], face=face_number)
    assert refused.value.code is ClipFault.NO_SUCH_FACE


def test_a_marked_clip_without_a_face_is_not_told_to_switch_off_alignment(read, face):
    with pytest.raises(ClipError, match=r"frame 0 shows no face$"):
        read({"AU12": 0.9}, video=[np.full_like(face, 120)] * 4, onset=0, apex=3)


def test_registered_clips_are_refused(tokenizer):
    processor = AullmProcessor.from_parts(tokenizer, align=False)
    with pytest.raises(ValueError, match="align=False"):
        processor.read_pair([], None)


def test_real_networks_see_no_movement_in_a_face_that_keeps_still(processor, face):
    told = processor.read_pair([face, moved(face, 3.0, 2.0, 2.0)], noting([], units=3))
    assert told["movements"] == [] and told["eyes_shut"] == [False, False]
    assert all(rise < 0.3 for rise in told["second_opinion"].values())
