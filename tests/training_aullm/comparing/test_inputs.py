"""Clips in every form that a method asks for: the same clips in the same order, measured once."""

import numpy as np
import pytest

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.comparing import inputs
from training_aullm.comparing.inputs import FLOWS, Inputs
from training_aullm.runs import release_settings
from training_aullm.runs.release_settings import TRAINING_SEED, VARIETY

SHAPES = {
    "labels": (1,),
    "frames": (6, 1, 64, 64),
    "motion": (3, 5, 28, 28),
    "apex-flow": (2, 1, 14, 14),
    "apex-flow-28": (2, 1, 28, 28),
    "apex-flow-64": (2, 1, 64, 64),
    "clip-flow": (2, 5, 28, 28),
    "amplified-flow": (2, 4, 28, 28),
}


@pytest.fixture
def tables():
    levels = (90, 100, 110, 120, 110, 100)
    one = [clip_row(f"s{k}", "c", levels, states("4" if k else "12"), data_set="one") for k in range(2)]
    return [table_of(one), table_of([clip_row("s0", "c", levels, states("4"), data_set="two")])]


def test_every_form_holds_the_same_clips(tables, tmp_path, language_model_with_tokenizer):
    made = Inputs(tables, ("AU4", "AU12"), tmp_path, language_model_with_tokenizer)
    assert set(SHAPES) == {"labels", "frames", "motion", *FLOWS}
    for kind, shape in SHAPES.items():
        clips = made.clips(kind)
        assert clips.inputs.shape == (3, *shape)
        assert clips.subjects == ("one/s0", "one/s1", "two/s0") and clips.labels.tolist() == [[0, 1], [1, 0], [1, 0]]
        assert made.clips(kind) is clips
    assert made.digest("frames") != made.digest("labels")


def test_macro_clips_are_full_size_and_of_people_of_their_own(tables, tmp_path, monkeypatch):
    asked = {}

    def render(domain, **options):
        asked.update(options, domain=domain)
        return table_of([clip_row("m0", "c", data_set=domain)])

    monkeypatch.setattr(inputs, "load_synthetic", render)
    made = Inputs(tables, ("AU4",), tmp_path, macro_size=(3, 9))
    macro = made.others("macro", "apex-flow-28")
    assert asked["expression"] == "macro" and asked["seed"] != 0 and (asked["subjects"], asked["clips"]) == (3, 9)
    assert not set(macro.subjects) & set(made.clips("labels").subjects)


def test_people_of_the_checkpoint_are_those_that_it_is_trained_on(tables, tmp_path, monkeypatch):
    asked = []

    def render(domain, people, seed, expression="micro", **variety):
        asked.append((domain, people, seed, expression, variety == VARIETY))
        return table_of([clip_row(f"seed{seed}-{expression}", "c", data_set=domain)])

    monkeypatch.setattr(release_settings, "load_synthetic", render)
    made = Inputs(tables, ("AU4",), tmp_path)
    people = made.others("release", "clip-flow")
    domains = ("casme2-like", "samm-like", "casme3-like")
    each = ((200, "micro"), (67, "macro"))
    assert asked == [(domain, count, TRAINING_SEED, kind, True) for domain in domains for count, kind in each]
    assert len(people) == 6 and not set(people.subjects) & set(made.clips("labels").subjects)


def test_a_larger_difference_is_a_larger_flow():
    y, x = np.mgrid[:96, :96].astype(np.float32)

    def frame(shift):
        moved = x - shift * (y > 48)
        return (128 + 50 * np.sin(moved / 3) + 50 * np.cos(y / 4 + moved / 5)).astype(np.uint8)

    field = FLOWS["amplified-flow"]([frame(0), frame(0.1)], 0, 1, 1)
    sizes = np.abs(field[0, :, 20:]).mean((1, 2))
    assert (np.diff(sizes) > 0).all()
