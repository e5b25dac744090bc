"""Timeline, bars, graph, what-ifs and pictures: their content, and that nothing is told by colour alone."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from processing_aullm import explained_aullm
from processing_aullm.sentences_aullm import place_name
from tests.space_app.fake_pipe import MEANINGS, UNITS, explanation

VOID = {"img", "input", "br", "circle", "line", "path", "polygon", "polyline"}


class Balanced(HTMLParser):
    """Fails on tags that close in another order than they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def checked(html: str) -> str:
    parser = Balanced()
    parser.feed(html)
    assert not parser.open
    return html


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_every_movement_is_a_button_that_says_what_it_is(reading):
    from timeline import timeline

    html = checked(timeline(reading, 0, chosen=2))
    labels = re.findall(r'<button[^>]*data-movement="(\d)" aria-pressed="(\w+)"[^>]*aria-label="([^"]*)"', html)
    assert [(number, pressed) for number, pressed, _ in labels] == [("1", "false"), ("2", "true"), ("3", "false")]
    assert "brows down and together and eyelids tense. From 1.8 to 2.2 s" in labels[0][2]
    assert html.count('class="blink"') == 1 and "blink at 3.1 s" in html


def test_movements_are_placed_by_time_and_do_not_cover_each_other(reading):
    from timeline import timeline

    tops = re.findall(
        r'data-movement="\d" [^>]*style="left:clamp\(15px,([\d.]+)%[^"]*top:(\d+)px"', timeline(reading, 0)
    )
    places = [(float(left), int(top)) for left, top in tops]
    assert places[0][0] == pytest.approx(100 * 60 / 239, abs=0.01)
    for i, (left, top) in enumerate(places):
        for other, lane in places[i + 1 :]:
            assert abs(other - left) >= 100 * 30 / 340 or lane != top


def test_curves_follow_the_scores_and_skipped_windows_are_0(reading):
    from timeline import timeline

    rows = re.findall(r'<polyline points="([^"]*)"', timeline(reading, 0))
    assert len(rows) == len(UNITS)
    heights = [100 - float(point.split(",")[1]) for point in rows[UNITS.index("AU4")].split()]
    assert max(heights) == pytest.approx(83) and heights[-1] == 0


def test_no_curve_runs_over_a_time_in_which_the_face_was_not_seen(reading):
    from timeline import timeline

    assert "not seen" not in timeline(reading, 0)
    face = reading["faces"][0]
    face["windows"] = [each for each in face["windows"] if each["offset"] < 45 or each["onset"] > 194]
    html = checked(timeline(reading, 0))
    rows = re.findall(r'<polyline points="([^"]*)"', html)
    assert len(rows) == 2 * len(UNITS), "one before, one after"
    ends = [[float(line.split()[k].split(",")[0]) for k in (0, -1)] for line in rows[:2]]
    assert ends[0][1] < 100 * 1.5 / 8 and ends[1][0] > 100 * 6.5 / 8
    assert html.count('class="hole"') == len(UNITS) and "face not seen" in html


def test_the_timeline_of_a_face_that_is_not_seen_well_needs_a_click_and_stays_open_then(reading):
    from timeline import timeline

    assert timeline(reading, 0).startswith('<div class="timeline">')
    reading["faces"][0]["view"] = ["dark"]
    assert checked(timeline(reading, 0)).startswith('<details class="doubted"><summary>')
    assert timeline(reading, 0, chosen=1).startswith('<details class="doubted" open><summary>')


def test_the_table_says_the_same(reading):
    from timeline import timeline

    table = text_of(timeline(reading, 0).split("<details")[1])
    assert "1 1.80–2.20 2.00 Brows down and together (AU4) 0.83, Eyelids tense (AU7) 0.61" in table
    assert "blink 3.00–3.20 3.10 eyes closed for a moment" in table and "not named" in table


def test_bars_carry_number_and_verdict(reading):
    from figures import unit_bars

    rows = checked(unit_bars(explanation(0, 5)["probabilities"], 0.5, MEANINGS)).split("<li")[1:]
    assert "Brows down and together (AU4)" in rows[0] and "0.83" in rows[0] and "seen" in rows[0]
    assert "too low to count" in rows[2] and "width:20.0%" in rows[2]


def test_expert_shares_are_percentages():
    from figures import expert_bars

    assert "looked at small patches of skin 50%" in text_of(expert_bars(explanation(0, 5)["expert_weights"]))
    assert expert_bars({}) == ""


def test_the_graph_names_who_tells_whom_and_leaves_weak_relations_out():
    from figures import relation_graph

    explained = explanation(0, 5)
    explained["relations"][0, 4] = -0.4
    html = checked(relation_graph(explained, UNITS, {"AU4"}, MEANINGS))
    assert re.findall(r"<li>(.*?)</li>", html) == [
        "“brows down and together” (AU4) supports “eyelids tense” (AU7), strength 0.70",
        "“mouth corners up” (AU12) speaks against “inner brows up” (AU1), strength 0.40",
    ]
    assert html.count("stroke-dasharray") == 1 and html.count('class="seen"') == 1
    assert relation_graph({"relations": None}, UNITS, set(), MEANINGS) == ""


def test_where_all_were_tied_before_the_graph_tells_what_training_changed():
    from figures import relation_graph

    explained = explanation(0, 5)
    tied = 1 - np.eye(len(UNITS))
    changed = tied.copy()
    changed[3, 2], changed[0, 4] = 1.7, 0.6
    html = checked(relation_graph(explained | {"relations": changed, "prior": tied}, UNITS, {"AU4"}, MEANINGS))
    assert re.findall(r"<li>(.*?)</li>", html) == [
        "“brows down and together” (AU4) tells more than before training about “eyelids tense” (AU7), by 0.70",
        "“mouth corners up” (AU12) tells less about “inner brows up” (AU1), by 0.40",
    ]


def test_what_ifs_are_told_for_what_was_seen():
    from figures import counterfactuals

    html = checked(counterfactuals(explanation(0, 5), ["AU4"], MEANINGS))
    assert "If the model did not see “brows down and together” (AU4)" in html
    assert "Eyelids tense (AU7) 0.61 0.38 ▼ down 0.23" in text_of(html)
    assert "Outer brows up" not in html, "what does not change is left out"
    assert "Brows down and together (AU4)" not in html, "the flipped one itself says nothing"
    assert "If the model did see" in counterfactuals(
        explanation(0, 5) | {"probabilities": dict.fromkeys(UNITS, 0.1)}, [], {}
    )


def test_pictures_stand_in_the_page_and_have_words():
    from pictures import looked, moved, strongest_moment

    explained = explanation(54, 66)
    caption = looked(explained, "AU4", MEANINGS, place_name)
    html = checked(strongest_moment(explained, explained["frames"][0], 30.0, caption))
    assert 'alt="The face at 2.20 s. Coloured: where the model looked for “Brows down and together (AU4)”' in html
    assert "most at the brows." in html
    assert moved(explained, place_name).endswith("1.5 pixels of a face 64 pixels wide, down.")
    content = base64.b64decode(re.search(r"base64,([^\"]+)", html).group(1))
    assert Image.open(io.BytesIO(content)).size == (240, 240), "the crop's outline and a margin, not the whole frame"


def test_what_moved_is_told_of_the_frame_that_arrows_are_drawn_on():
    from pictures import moved, strongest_moment

    explained = explanation(54, 66)
    explained["displacement"][:] = 0
    explained["displacement"][1, 0] = -1.2  # all of the face, in the frame at 1.97 s
    explained["displacement"][3, 1, 2, 7] = 3.0  # one cell of the brows, later
    told = moved(explained, place_name)
    assert "1.2 pixels" in told and told.endswith("to the left.")
    assert "at 1.97 s" in strongest_moment(explained, explained["frames"][2], 30.0, told)


@pytest.mark.parametrize("measured", [True, False])
def test_times_are_of_the_frame_that_the_pipeline_draws_on(measured):
    """A published model cannot be asked for its number, so the page counts for itself, the same way."""
    from pictures import shown_step

    explained, random = explanation(54, 66), np.random.default_rng(0)
    for _ in range(20):
        explained["displacement"] = random.normal(size=(5, 2, 14, 14)) if measured else None
        assert shown_step(explained) == explained_aullm.shown_step(explained)


def test_the_flip_book_steps_through_both_sides():
    from pictures import flip_book

    explained = explanation(54, 66)
    html = checked(flip_book(explained, explained["frames"], 8, 15.0, 30.0))
    assert html.count("data-flip=") == 12 and html.count(" hidden ") == 10
    assert 'data-last="5" data-times="1.80,1.87,1.97,2.03,2.13,2.20"' in html
    assert 'type="range"' in html and ">Play</button>" in html


def test_grey_crops_become_pictures_too():
    from pictures import data_uri

    assert data_uri(np.zeros((64, 64), np.uint8)).startswith("data:image/jpeg;base64,")
