"""Fits of the language-model study: who is asked, how many steps, and how small a difference is seen."""

import dataclasses

import numpy as np
import pytest
import typer

from benchmarks import development, language
from benchmarks.development import TEST_SEED, TRAINING_SEEDS, first_people
from benchmarks.language import MODELS, OTHER, TRAINED, over_draws, row_of, run_draw, smallest_seen, with_steps
from dataset_scripts.labels import AU_SETS
from tests.training_aullm.conftest import make_clips
from training_aullm.comparing.inputs import MACRO_SEED
from training_aullm.peers.method import Method
from training_aullm.runs.release_settings import TEST_SEED as RELEASE_TEST
from training_aullm.runs.release_settings import TRAINING_SEED as RELEASE_TRAINING


def named(clips, start):
    """The clips under other names of people and samples."""
    return dataclasses.replace(
        clips,
        subjects=tuple(f"{start}-{name}" for name in clips.subjects),
        sample_ids=tuple(f"{start}-{name}" for name in clips.sample_ids),
    )


def oracle(recipe, train, tests, setup):
    """Says 1 for units that are present in training, and was shown no label of a test clip."""
    assert all((each.labels == -1).all() for each in tests)
    return [np.tile(train.labels.float().mean(0).numpy(), (len(each), 1)) for each in tests]


def test_development_people_are_in_no_table_and_in_no_checkpoint():
    seeds = {*TRAINING_SEEDS, TEST_SEED}
    assert len(seeds) == len(TRAINING_SEEDS) + 1
    assert not seeds & {0, 100, 700, MACRO_SEED, RELEASE_TEST, RELEASE_TRAINING}


def test_fewer_people_are_among_more():
    clips = make_clips(40)
    few, more = (set(first_people(clips, people).subjects) for people in (2, 3))
    assert few < more and (len(few), len(more)) == (2, 3)


def test_a_fit_is_asked_without_labels_and_scored_against_the_first(tmp_path):
    method = Method("motion", oracle)
    train, tests = make_clips(24), {TRAINED: named(make_clips(24, 1), "a"), OTHER: named(make_clips(12, 2), "b")}
    tests[OTHER] = tests[OTHER].select(train.action_units[:2])
    for name in ("one", "two"):
        run_draw(method, train, tests, 0, tmp_path / name)
    row = row_of("two", [tmp_path / "two"], [tmp_path / "one"])
    assert row["difference"].value == row["other_difference"].value == 0 and row["draws"] == [0]
    assert np.isnan(row["seen"]) and 0 < row["f1"].value < 1
    with pytest.raises(ValueError, match="learnt from and tested"):
        run_draw(method, train, {TRAINED: train}, 0, tmp_path / "three")


def test_further_draws_are_other_people_and_have_folders_of_their_own(tmp_path, monkeypatch):
    asked = []

    def clips(domain, seed, people, cache):
        asked.append(seed)
        return named(make_clips(24, seed), f"{domain}-{seed}")

    monkeypatch.setattr(language, "development_clips", clips)
    monkeypatch.setitem(MODELS, "base", Method("motion", oracle, recipe=MODELS["base"].recipe))
    language.main("base", "3", draws=2, first_draw=4, steps=None, out=tmp_path)
    assert asked == [TEST_SEED, TEST_SEED, *TRAINING_SEEDS[4:6]]
    assert sorted(each.name for each in (tmp_path / "base/3-people").iterdir()) == ["draw4", "draw5"]
    with pytest.raises(typer.BadParameter, match="draws 0 to 14"):
        language.main("base", "3", draws=2, first_draw=14, steps=None, out=tmp_path)


def test_few_people_are_trained_for_as_many_steps_and_many_never_shorter():
    base = MODELS["base"]
    few, many = with_steps(base, 30, 192), with_steps(base, 255, 192)
    assert few.recipe.epochs == 96 and many.recipe.epochs == base.recipe.epochs
    assert with_steps(base, 30, None) == base


def test_a_difference_is_seen_the_sooner_the_more_draws_agree():
    together, apart = smallest_seen(0.02, [0.01, 0.01, 0.01]), smallest_seen(0.02, [0.05, -0.03, 0.01])
    assert together == pytest.approx(2.8 * 0.02 / 1.96) and apart > 2 * together


def test_the_interval_over_draws_is_the_one_of_a_textbook():
    # Sleep gained by ten patients ("Student", 1908, as R's `sleep`): mean 1.58, t.test gives 0.70 to 2.46.
    found = over_draws([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert (found.value, found.low, found.high) == pytest.approx((1.58, 0.7001, 2.4599), abs=1e-3)
    assert over_draws([0.3]) is None
    assert over_draws([0.0, 0.1]).high > 0.6  # two draws say next to nothing


def test_a_row_has_its_interval_over_draws_in_both_domains(tmp_path):
    train, tests = make_clips(24), {TRAINED: named(make_clips(24, 1), "a"), OTHER: named(make_clips(12, 2), "b")}
    clever = Method("motion", lambda recipe, train, tests, setup: [np.full((len(each), 4), 0.9) for each in tests])
    for draw in (0, 1):
        run_draw(Method("motion", oracle), train, tests, draw, tmp_path / "one" / str(draw))
        run_draw(clever, train, tests, draw, tmp_path / "two" / str(draw))
    row = row_of(
        "two", [tmp_path / "two" / str(draw) for draw in (0, 1)], [tmp_path / "one" / str(draw) for draw in (0, 1)]
    )
    for prefix in ("", "other_"):
        assert row[f"{prefix}over_draws"].value == pytest.approx(row[f"{prefix}difference"].value)
        assert row[f"{prefix}over_draws"].low == row[f"{prefix}over_draws"].high == row[f"{prefix}draws"][0]


def test_development_clips_are_those_of_a_draw(few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(development, "load_synthetic", few_clips)
    clips = development.development_clips(TRAINED, TRAINING_SEEDS[0], 2, tmp_path)
    assert clips.data_set == TRAINED and clips.input_name == "motion_values" and len(clips) == 4
    assert clips.action_units == tuple(AU_SETS[TRAINED]) and len(set(clips.subjects)) == 2


@pytest.mark.slow
def test_the_program_fits_and_tells_a_row_a_model(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(development, "load_synthetic", few_clips)
    monkeypatch.setattr(language, "MODELS", {"base-mlp": MODELS["base-mlp"].with_epochs(1)})
    settings = ("--models", "base-mlp", "--people", 1, "--draws", 1, "--out", tmp_path)
    told = run_program(language, *settings)
    assert [row["model"] for row in told["results"]] == ["base-mlp"]
    assert told == run_program(language, *settings), "fits are kept"
