"""What the page says about a reading, and what can be saved."""

import base64
import csv
import io
import json
import re

import pytest

from tests.space_app.fake_pipe import FakePipe


def test_movements_are_numbered_and_told_in_plain_words(reading):
    from readings import movements_of

    first, second, third = movements_of(reading, 0)
    assert (first.number, first.start, first.end) == (1, pytest.approx(1.8), pytest.approx(2.2))
    assert list(first.units) == ["AU4", "AU7"], "strongest first, none below the threshold"
    told = first.sentence()
    assert "At 2.0 s the eyebrows were drawn down and together (AU4, 0.83) and the eyelids" in told
    assert "micro-expression" in told and "longer than half a second" in second.sentence()
    assert "The model is fairly sure of it (score 0.80)" in told
    assert "would rather not say what" in third.sentence()


@pytest.mark.parametrize(
    ("unit", "side", "told"),
    [
        ("AU12", "left", "the left corner of the mouth was pulled up"),
        ("AU2", "right", "the outer end of the right eyebrow went up"),
        ("AU12", "both", "the corners of the mouth were pulled up"),
        ("AU12", None, "the corners of the mouth were pulled up"),
        ("AU17", "left", "the chin was pushed up, on the left side only"),
    ],
)
def test_one_side_is_named_where_one_side_moved(reading, unit, side, told):
    from readings import movements_of

    reading["faces"][0]["movements"][0] |= {"action_units": {unit: 0.9}, "side": side, "size_mm": 2.13}
    movement = movements_of(reading, 0)[0]
    assert told in movement.sentence() and "about 2.1 mm" in movement.sentence()
    assert (f", {side} side" in movement.short()) == (side in ("left", "right"))


@pytest.mark.parametrize(
    ("fps", "frames", "told"),
    [
        (30.0, 16, "It lasted 0.53 s, longer than half a second"),
        (240.0, 10, "It lasted 0.04 s, very short"),
        (30.0, 72, "It lasted 2.4 s, longer"),
    ],
)
def test_how_long_a_movement_lasts_agrees_with_its_kind(reading, fps, frames, told):
    from readings import movements_of

    reading["fps"] = fps
    kind = "micro" if frames <= fps / 2 else "macro"
    reading["faces"][0]["movements"][0] |= {"offset": 54 + frames, "kind": kind}
    assert told in movements_of(reading, 0)[0].sentence()


def test_a_size_that_rounds_to_nothing_is_left_out(reading):
    from readings import movements_of

    reading["faces"][0]["movements"][0]["size_mm"] = 0.03
    assert "mm" not in movements_of(reading, 0)[0].sentence()


def test_a_second_opinion_is_told_as_one(reading):
    from downloads import as_csv, as_webvtt
    from readings import movements_of
    from timeline import timeline

    first, second = reading["faces"][0]["movements"][:2]
    reading["meanings"] |= {"AU24": "lip pressor"}
    first |= {"named_by": "blendshapes", "second_opinion": {"AU24": 0.41}, "action_units": {"AU24": 0.41}}
    second |= {"named_by": "aullm", "second_opinion": {}}
    seen, ours = movements_of(reading, 0)[:2]
    assert seen.units == {"AU24": 0.41} and "(second opinion)" in seen.short()
    assert "This is a second opinion" in seen.sentence() and "The model is" not in seen.sentence()
    assert "does not see it" in ours.sentence()
    second["second_opinion"] = dict.fromkeys(second["action_units"], 0.5)
    assert "sees it in the pictures, too" in movements_of(reading, 0)[1].sentence()
    assert "lips pressed" in as_webvtt(reading) and "(second opinion)" in as_webvtt(reading)
    drawn = timeline(reading, 0)
    assert drawn.count("0.41 (second opinion)") == 1
    spans = drawn.count('class="present"')
    first |= {"action_units": {reading["action_units"][0]: 0.41}}
    assert timeline(reading, 0).count('class="present"') == spans, "no score of our model's reaches its threshold there"
    first |= {"action_units": {"AU24": 0.41}}
    row = next(csv.DictReader(io.StringIO(as_csv(reading))))
    assert row["named_by"] == "blendshapes" and row["AU24"] == "0.41"


def test_how_sure_the_model_is_is_told_in_words():
    from words import sure

    assert [sure(score) for score in (0.95, 0.7, 0.5)] == [
        "The model is sure of it",
        "The model is fairly sure of it",
        "The model is not very sure of it",
    ]


def test_a_face_that_is_not_seen_well_is_told_before_anything_is_and_movements_need_a_click(reading):
    import page
    from readings import movements_of

    well = page.found(reading, 0, movements_of(reading, 0))
    assert "<details>" not in well and "rather not say anything" not in well
    reading["faces"][0]["view"] = ["small", "dark"]
    badly = page.found(reading, 0, movements_of(reading, 0))
    assert badly.index("less than 80 pixels wide and it is very dark") < badly.index("seconds were read")
    assert badly.index("<details>") < badly.index("seconds were read"), "and the rest needs a click"


def test_what_is_saved_of_a_face_that_is_not_seen_well_says_so(make_reader, video):
    from downloads import as_csv, as_webvtt

    reading = make_reader(FakePipe(faces=2)).read(video)
    assert {row["view"] for row in csv.DictReader(io.StringIO(as_csv(reading)))} == {""}
    assert "NOTE" not in as_webvtt(reading)
    reading["faces"][1]["view"] = ["dark", "blurred"]
    views = {(row["face"], row["view"]) for row in csv.DictReader(io.StringIO(as_csv(reading)))}
    assert views == {("Face 1", ""), ("Face 2", "dark blurred")}
    blocks = as_webvtt(reading).split("\n\n")
    assert blocks[0] == "WEBVTT" and blocks[1].startswith(
        "NOTE Face 2: This face is not seen well: it is very dark and"
    )


def test_no_word_of_the_page_names_a_feeling():
    import words

    told = " ".join(f"{plain.short} {plain.happened}" for plain in words.PLAIN.values()).lower()
    for feeling in ("happy", "sad", "angry", "anger", "fear", "disgust", "surprise", "joy", "smile", "frown"):
        assert feeling not in told


def test_an_action_unit_without_plain_words_gets_its_facs_name():
    from words import label

    assert label("AU38", {"AU38": "nostril dilator"}) == "Nostril dilator (AU38)"


def test_the_summary_counts_movements_and_names_blinks_apart(reading):
    from readings import summary

    told = " ".join(summary(reading, 0))
    assert "3 movements found" in told and "one blink, at 3.1 s" in told
    reading["faces"][0]["movements"] = []
    assert "nothing was found to move" in " ".join(summary(reading, 0))


def lost(reading, first: int, last: int) -> None:
    """The face is not seen from one frame to another; found again, it keeps its number."""
    face = reading["faces"][0]
    face["windows"] = [each for each in face["windows"] if each["offset"] < first or each["onset"] > last]


def test_seconds_in_which_the_face_was_not_seen_are_not_told_to_be_read(reading):
    from readings import holes_of, summary

    assert holes_of(reading, 0) == []
    lost(reading, 45, 194)
    assert summary(reading, 0)[:2] == [
        "2.9 of 8.0 seconds were read, and 3 movements found.",
        "The face was not seen from 1.4 to 6.5 s.",
    ]
    lost(reading, 216, 216)
    assert len(holes_of(reading, 0)) == 1, "a moment is no hole"
    reading["faces"][0]["windows"] = []
    assert holes_of(reading, 0) == []


def test_winks_and_closures_are_called_by_their_names(reading):
    import page
    from readings import summary
    from timeline import timeline

    marks = {"onset": 100, "apex": 120, "offset": 150}
    reading["faces"][0]["blinks"] += [marks | {"kind": "wink"}, marks | {"kind": "wink"}, marks | {"kind": "closure"}]
    told = " ".join(summary(reading, 0))
    assert "one blink, at 3.1 s; one closure, at 4.0 s; 2 winks, at 4.0 s and 4.0 s. This" in told
    drawn = timeline(reading, 0)
    for kind, what in (("wink", "one eye closed"), ("closure", "eyes closed for longer than a blink")):
        assert f'title="{kind} at 4.0 s"' in drawn and what in drawn
    assert drawn.count('title="blink at') == 1 and "wink at 4.0 s</span>" in drawn
    assert "1 blink, 1 closure, 2 winks)" in page.live([reading], True, 3.0)


def test_places_of_faces_are_told_as_seen(reading):
    from readings import place_of

    for left, place in ((0, "left"), (220, "middle"), (430, "right")):
        reading["faces"][0]["box"] = [left, 0, left + 200, 200]
        assert place_of(reading, 0) == place


def test_csv_has_a_row_per_event_in_order_of_time(reading):
    from downloads import as_csv

    rows = list(csv.DictReader(io.StringIO(as_csv(reading))))
    assert [row["event"] for row in rows] == ["micro", "blink", "macro", "micro"]
    assert {"side", "size_px", "size_mm"} < rows[0].keys()
    assert rows[0]["apex_s"] == "2.0" and rows[0]["AU4"] == "0.83" and rows[1]["AU4"] == ""


def test_what_is_saved_calls_faces_as_the_page_does(make_reader, video):
    from downloads import as_csv, as_webvtt, links
    from handlers import _faces

    reading = make_reader(FakePipe(faces=2)).read(video)
    for face, name in zip(reading["faces"], ("Face 1", "Face 2"), strict=True):
        face["movements"] = face["movements"][:1]
        assert [told.startswith(name) for told, number in _faces(reading) if number == face["face"]] == [True]
    rows = [row["face"] for row in csv.DictReader(io.StringIO(as_csv(reading)))]
    assert rows == ["Face 1"] * 2 + ["Face 2"] * 2
    assert as_webvtt(reading).count("Face 1: ") == as_webvtt(reading).count("Face 2: ") == 2
    assert "faces from 0" in links(reading), "the JSON is the pipeline's own"


def test_webvtt_is_cued_in_plain_words(reading):
    from downloads import as_webvtt

    lines = as_webvtt(reading).splitlines()
    assert lines[0] == "WEBVTT" and lines[1] == ""
    assert lines[2:4] == ["00:00:01.800 --> 00:00:02.200", "brows down and together and eyelids tense AU4 AU7"]
    times = [line.split(" --> ") for line in lines if "-->" in line]
    assert len(times) == 4 and times == sorted(times) and all(start < end for start, end in times)


def test_links_carry_their_content(reading):
    from downloads import links

    html = links(reading)
    content = re.search(r'download="reading.json" href="data:application/json;charset=utf-8;base64,([^"]+)"', html)
    assert json.loads(base64.b64decode(content.group(1))) == reading
    assert html.count("download=") == 3
