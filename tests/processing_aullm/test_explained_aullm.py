"""An explanation with its pictures, and its sentences."""

import numpy as np
import pytest

from processing_aullm import AullmProcessor
from processing_aullm.clip_error_aullm import ClipError
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.explained_aullm import (
    ExplainedClips,
    apex_step,
    draw,
    magnify,
    most_magnified,
    read_clip,
    shown_step,
    zoom,
)
from processing_aullm.prompt_aullm import ACTION_UNIT_MEANINGS
from processing_aullm.sentences_aullm import (
    PLAIN,
    describe,
    place_name,
    region_course,
    region_movement,
    say_place,
    say_relation,
    say_what_if,
)
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.grey_films import write

UNITS = ["AU4", "AU7", "AU12"]
NOISE = np.random.default_rng(0)


@pytest.fixture
def explanation() -> dict:
    """Three units; the brows go down by a pixel in the second of five fields."""
    displacement = np.zeros((5, 2, 28, 28), np.float32)
    displacement[1, 1, 4:8, 8:20] = 1.0
    attentions = {}
    for name, row in zip(UNITS, (2, 4, 10), strict=True):
        attentions[name] = np.zeros((2, 14, 14), np.float32)
        attentions[name][:, row : row + 2, 4:10] = 1 / 24
    return {
        "action_units": UNITS,
        "probabilities": {"AU4": 0.93, "AU7": 0.71, "AU12": 0.08},
        "attentions": attentions,
        "displacement": displacement,
        "expert_weights": {"fine detail": 0.5, "whole face": 0.3, "edges": 0.2},
        "relations": np.array([[0, 0.6, 0], [0.5, 0, -0.1], [0, 0, 0]]),
        "prior": np.array([[0, 0.7, 0], [0.7, 0, -0.1], [0, 0, 0]]),
        "counterfactuals": {
            "AU4": {"AU4": 0.02, "AU7": 0.38, "AU12": 0.19},
            "AU7": {"AU4": 0.92, "AU7": 0.03, "AU12": 0.09},
            "AU12": {"AU4": 0.80, "AU7": 0.71, "AU12": 0.97},
        },
        "onset": 0,
        "offset": 5,
        "frame_indices": np.arange(6),
        "crops": NOISE.integers(0, 256, (6, 224, 224)).astype(np.uint8),
        "frames": NOISE.integers(0, 256, (6, 240, 320, 3)).astype(np.uint8),
        "crop_transforms": np.stack([np.array([[1.0, 0, 40], [0, 1, 8]])] * 6),
    }


def test_the_pictures_are_the_frames_that_the_model_read(tokenizer):
    processor = AullmProcessor.from_parts(tokenizer, align=False, num_frames=4)
    video = NOISE.integers(0, 256, (9, 60, 80, 3)).astype(np.uint8)
    inputs, pictures = read_clip(processor, video, onset=2, offset=8)
    assert pictures["frame_indices"].tolist() == [2, 4, 6, 8] and (pictures["onset"], pictures["offset"]) == (2, 8)
    assert np.array_equal(pictures["frames"], video[[2, 4, 6, 8]])
    assert np.array_equal(pictures["crops"] / np.float32(255), inputs["pixel_values"][0, :, 0].numpy())
    assert pictures["crop_transforms"].shape == (4, 2, 3)


@pytest.fixture
def slow_film(tmp_path):
    """25 frames a second; between 0.76 and 1.16 s only every second one was filmed, so frame 39 is the 35th picture."""
    slow = [40 * i for i in range(20)] + [760 + 80 * i for i in range(1, 6)] + [1160 + 40 * i for i in range(1, 20)]
    return write(tmp_path / "slow.mp4", slow)


def test_frames_of_an_irregular_film_have_the_numbers_that_a_reading_gives_them(tokenizer, slow_film):
    processor = AullmProcessor.from_parts(tokenizer, align=False, num_frames=4)
    _, pictures = read_clip(processor, slow_film, onset=33, offset=39)
    numbered = dict(NumberedFrames(open_clip(slow_film)))
    assert pictures["frame_indices"].tolist() == [33, 35, 37, 39]
    for number, frame in zip(pictures["frame_indices"], pictures["frames"], strict=True):
        assert np.array_equal(frame, numbered[number]), number
    assert pictures["crop_transforms"].shape == (4, 2, 3)


def test_a_frame_behind_the_end_is_named(tokenizer, slow_film):
    processor = AullmProcessor.from_parts(tokenizer, align=False, num_frames=4)
    with pytest.raises(ClipError, match=r"slow\.mp4: frame 60 does not exist"):
        read_clip(processor, slow_film, onset=40, offset=60)
    with pytest.raises(ClipError, match="onset 9 must come before offset 9"):
        read_clip(processor, slow_film, onset=9, offset=9)


def test_pictures_of_two_sizes_are_named(tokenizer):
    processor = AullmProcessor.from_parts(tokenizer, align=False, num_frames=3, size=16)
    pictures = [np.zeros(shape, np.uint8) for shape in ((8, 8), (8, 8), (6, 10))]
    with pytest.raises(ClipError, match="clip: frame 2 is 10 x 6 pixels, the first is 8 x 8: give"):
        read_clip(processor, pictures)


def test_pictures_are_drawn_on_the_frame_that_moved_most(explanation):
    assert apex_step(explanation["displacement"]) == shown_step(explanation) == 2
    still = {**explanation, "frames": np.full_like(explanation["frames"], 100)}
    still["frames"][2] = 200
    assert draw(still, "motion")[3, 3].tolist() == [200] * 3
    assert shown_step({**explanation, "displacement": None}) == 3


def test_the_course_is_how_far_a_region_has_gone_in_each_frame(explanation):
    region = np.zeros((14, 14), bool)
    region[2:4, 4:10] = True  # the brows, which go down by a pixel in the second of five fields
    assert region_course(explanation["displacement"], region).tolist() == [0.0, 1.0, 0.0, 0.0, 0.0]
    assert not region_course(explanation["displacement"], region[::-1]).any()


def test_where_all_were_tied_before_no_tie_is_called_for_or_against(explanation):
    tied = 1 - np.eye(3)
    changed = tied * [[1, 1.4, 0.5], [1, 1, 1], [0.7, 0.8, 1]]
    explanation |= {"prior": tied, "relations": changed}
    told = {name: say_relation(explanation, name) for name in UNITS}
    assert told["AU4"] == "In its graph AU4 listens most to AU7 (strength 1.40 in this clip, 1.00 before training)."
    assert told["AU7"] == told["AU12"] == "", "nobody is listened to more than before"


def test_each_unit_has_its_own_picture(explanation):
    brows, lips = draw(explanation, "attention", "AU4"), draw(explanation, "attention", "AU12")
    assert not np.array_equal(brows, lips)
    assert np.array_equal(draw(explanation, "attention"), brows), "the most probable unit where none is named"


def test_what_cannot_be_drawn_says_why(explanation):
    with pytest.raises(ValueError, match="kind='heat'"):
        draw(explanation, "heat")
    with pytest.raises(ValueError, match=r"AU99.*AU4, AU7, AU12"):
        draw(explanation, "attention", "AU99")
    unmeasured = {**explanation, "displacement": None}
    for drawing in (lambda: draw(unmeasured, "motion"), lambda: magnify(unmeasured, 3)):
        with pytest.raises(ValueError, match="front_end='led'"):
            drawing()


def test_magnified_frames(explanation):
    assert np.array_equal(magnify(explanation, 1), explanation["frames"])
    larger = magnify(explanation, 6)
    assert [bool((a != b).any()) for a, b in zip(larger, explanation["frames"], strict=True)] == [
        *[False] * 2,
        True,
    ] + [False] * 3
    assert most_magnified(explanation) > 5


def test_a_zoomed_explanation_is_drawn_as_before(explanation):
    near = zoom(explanation, 300)
    assert draw(near, "attention").shape == draw(near, "motion").shape == (300, 300, 3)
    assert np.array_equal(magnify(near, 1), near["frames"])
    assert explanation["frames"].shape == (6, 240, 320, 3)


def test_the_mixin_offers_the_functions(explanation):
    assert ExplainedClips.describe(explanation) == describe(explanation)
    assert np.array_equal(ExplainedClips().draw(explanation, "motion"), draw(explanation, "motion"))


def test_sentences_are_made_from_the_numbers(explanation):
    told = describe(explanation)
    assert told[0] == (
        "The model sees AU4 (brow lowerer): the brows are pulled down and together (0.93); "
        "AU7 (lid tightener): the eyelids are tightened (0.71)."
    )
    assert "Without AU4, AU7 falls from 0.71 to 0.38 and AU12 rises from 0.08 to 0.19." in told
    assert "Without AU7, no other answer would change by 0.05 or more." in told
    assert any(
        "hint for AU4 comes from AU7 (strength 0.60 in this clip, 0.70 before training)" in each for each in told
    )
    assert told[-1] == "Of its views of the movement, “fine detail” counts most (50%; whole face 30% and edges 20%)."


def test_a_unit_that_was_not_seen_is_added(explanation):
    assert say_what_if(explanation, "AU12") == "With AU12, AU4 falls from 0.93 to 0.80."


def test_where_and_how_far(explanation):
    assert say_place(explanation, "AU4") == (
        "For AU4 it looks mostly at the brows; the skin there moves down by up to 1.0 px in the crop, about 0.7 mm on "
        "an adult's face."
    )
    assert "looks mostly at the mouth" in say_place({**explanation, "displacement": None}, "AU12")
    length, (across, down) = region_movement(explanation["displacement"], explanation["attentions"]["AU12"][0] > 0)
    assert (length, across, down) == (0, 0, 0)
    assert [place_name(height) for height in (0.05, 0.2, 0.35, 0.5, 0.75, 0.95)] == [
        "the forehead",
        "the brows",
        "the eyes",
        "the nose and cheeks",
        "the mouth",
        "the chin",
    ]


def test_nothing_seen_and_nothing_known(explanation):
    bare = {**explanation, "attentions": {}, "counterfactuals": {}, "relations": None, "expert_weights": {}}
    told = describe({**bare, "probabilities": {"AU4": 0.3, "AU7": 0.1, "AU12": 0.2}})
    assert told == ["The model sees no action unit here; the nearest is AU4 (brow lowerer) with 0.30."]


def test_every_action_unit_has_plain_words():
    assert PLAIN.keys() == ACTION_UNIT_MEANINGS.keys()
