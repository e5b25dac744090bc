"""A comparison from clips to table: shared out, broken off, gone on with, and refused where it would be mixed."""

import dataclasses
import io
import json
import shutil
from unittest.mock import Mock

import numpy as np
import pytest
from rich.console import Console

from dataset_scripts.whole_files import write_whole
from modeling_aullm import AullmConfig
from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.comparing.comparison import Comparison
from training_aullm.comparing.report import show_comparison
from training_aullm.comparing.results import collect, result_rows
from training_aullm.comparing.sharing import Shard
from training_aullm.comparing.work import Piece
from training_aullm.learn.recipes import recipe_base, tuning_recipe
from training_aullm.peers.method import Method
from training_aullm.peers.methods import METHODS
from training_aullm.prepare.sources import Source
from training_aullm.score.label_free import LabelFree
from training_aullm.score.metrics import score
from training_aullm.score.predictions import Predictions

CODED = ["4", "12", "4 12", "", "7", "4 7"]


def write_table(folder, data_set, people=4):
    """Clips of a few people, each showing other units; returns their source."""
    rows = [
        clip_row(f"s{person}", f"c{k}", (90 + 7 * k,) * 4, states(CODED[(k + person) % 6]), data_set=data_set)
        for person in range(people)
        for k in range(4)
    ]
    folder.mkdir()
    table_of(rows).to_parquet(folder / "clips.parquet")
    return Source(data=str(folder))


def half_sure(recipe, train, tests, setup):
    """Says of each unit how often it was seen in training, moved a little by the seed."""
    share = (train.labels == 1).float().mean(0).numpy()
    return [np.clip(np.tile(share, (len(each), 1)) + 0.01 * setup.seed, 0, 1) for each in tests]


METHODS_HERE = {"all-present": METHODS["all-present"], "half-sure": Method("labels", half_sure)}


@pytest.fixture
def make(tmp_path):
    one, two = write_table(tmp_path / "a", "one"), write_table(tmp_path / "b", "two", people=3)

    def build(protocol="loso", sources=(one,), **changes):
        settings = {"methods": METHODS_HERE, "action_units": ("AU4", "AU7", "AU12"), "folds": 2} | changes
        return Comparison(settings.pop("out", tmp_path / "out"), sources, protocol=protocol, **settings)

    build.both = (one, two)
    return build


def finished(comparison):
    comparison.run(Shard())
    return comparison.write_manifest()


def test_a_row_holds_pooled_scores_and_the_difference_to_the_first(make):
    comparison = make(seeds=2)
    rows = result_rows(comparison, finished(comparison))
    (overall, *_) = collect(comparison, "all-present").overall
    assert rows[0]["f1"].value == pytest.approx(
        score(np.ones_like(overall.labels), overall.labels, overall.action_units).mean_f1
    )
    assert "minus_first" not in rows[0] and len(rows[1]["f1_seeds"]) == 2
    assert rows[1]["minus_first"].value == pytest.approx(rows[1]["f1"].value - rows[0]["f1"].value)
    assert rows[0]["auc"] == 0.5 and len(overall.labels) == 16


def test_decisions_without_labels_stand_beside_the_others(make):
    comparison = make("cross", sources=make.both, methods=METHODS_HERE | {"flow-lr": METHODS["flow-lr"]})
    finished(comparison)
    console = Console(width=200, file=io.StringIO(), record=True)
    told = json.loads(show_comparison(comparison, console))
    results = told["results"]
    assert told["label_releases"] == {"one": ["1"], "two": ["1"]}
    assert "one (16 clips, labels 1), two (12 clips, labels 1)" in (comparison.out / "results.md").read_text("utf-8")
    found = collect(comparison, "flow-lr")
    assert set(np.unique(found.free_overall[0].probabilities)) <= {0.0, 1.0}
    shares = LabelFree.of(found.groups["one to two"][0], {}).shares
    (decided,) = found.free["one to two"]
    assert np.allclose(decided.probabilities.mean(0), np.rint(shares * 12) / 12)
    assert results[2]["free_f1"] and "free_f1" not in results[0] and collect(comparison, "all-present").free is None
    assert console.export_text().count("label-free F1") == 2  # a column, and each direction by itself


def test_the_manifest_says_who_was_tested_by_what(make):
    manifest = finished(make())
    assert len(manifest["done"]) == 8 and manifest["left"] == 0
    for record in manifest["done"]:
        assert not set(record["trained"]["people"]) & set(record["tested"]["people"])
        assert record["tested"]["people"] == [record["fold"]] and record["trained"]["clips"] == 12
    assert {record["fold"] for record in manifest["done"]} == {f"one/s{k}" for k in range(4)}


@pytest.mark.parametrize("protocol", ["cross", "leave-one-data-set-out"])
def test_across_data_sets_every_direction_has_a_score_and_people_count_once(make, protocol):
    comparison = make(protocol, sources=make.both)
    rows = result_rows(comparison, finished(comparison))
    groups = [key for key in rows[0] if key.startswith("f1 ")]
    assert len(groups) == 2
    (overall,) = collect(comparison, "half-sure").overall
    assert overall.labels.shape == (28, 6) and (overall.labels == -1).sum() == 28 * 3
    assert rows[0]["f1"].value == pytest.approx(np.mean([rows[0][key].value for key in groups]))


def test_two_shards_do_what_one_process_does(make, tmp_path):
    whole, parts = make(out=tmp_path / "whole"), make(out=tmp_path / "parts")
    finished(whole)
    parts.run(Shard(0, 2))
    assert 0 < len(parts.left) < len(parts.pieces)
    make(out=tmp_path / "parts").run(Shard(1, 2))
    assert not parts.left
    for piece in whole.pieces:
        assert piece.path(whole.out).read_bytes() == piece.path(parts.out).read_bytes()


def test_a_record_that_another_process_took_back_is_written_again(make):
    """A process takes back the record of its first fit where that breaks off, and another may be fitting beside it."""

    def taken_back(recipe, train, tests, setup):
        record.unlink(missing_ok=True)
        return half_sure(recipe, train, tests, setup)

    comparison = make(methods={"half-sure": Method("labels", taken_back)})
    record = comparison.out / "predictions" / "half-sure" / "made_with.json"
    finished(comparison)
    assert record.is_file()


def test_a_comparison_that_was_killed_goes_on_where_it_stopped(make):
    fitted = []

    def killed(recipe, train, tests, setup):
        if len(fitted) == 2:
            raise KeyboardInterrupt
        return counted(recipe, train, tests, setup)

    def counted(recipe, train, tests, setup):
        fitted.append(tests[0].subjects[0])
        return half_sure(recipe, train, tests, setup)

    killed.__name__ = counted.__name__  # one method to the record; it was the process that ended
    with pytest.raises(KeyboardInterrupt):
        make(methods={"counted": Method("labels", killed)}).run(Shard())
    again = make(methods={"counted": Method("labels", counted)})
    assert len(again.left) == 2
    finished(again)
    assert sorted(fitted) == [f"one/s{k}" for k in range(4)]


def test_folds_at_once_are_what_one_by_one_gives_and_are_done_together(make, tmp_path):
    groups = []

    def together(recipe, trains, tests, setup):
        groups.append((setup.seed, [sets[0].subjects[0] for sets in tests]))
        if len(groups) == 2:
            raise KeyboardInterrupt
        return (half_sure(recipe, *each, setup) for each in zip(trains, tests, strict=True))

    methods = METHODS_HERE | {"half-sure": dataclasses.replace(METHODS_HERE["half-sure"], run_at_once=together)}
    one_by_one = make(out=tmp_path / "one", seeds=2)
    finished(one_by_one)
    with pytest.raises(KeyboardInterrupt):
        make(methods=methods, seeds=2).run(Shard(), at_once=3)
    again = make(methods=methods, seeds=2)
    assert [piece.split.fold.name for piece in again.left] == ["one/s0", "one/s1", "one/s2", "one/s3"]
    again.run(Shard(), at_once=3)
    names = ["one/s0", "one/s1", "one/s2"]  # the fourth of a seed is alone, and nobody's seeds are mixed
    assert groups == [(0, names), (1, names), (1, names)]
    for piece in one_by_one.pieces:
        assert piece.path(one_by_one.out).read_bytes() == piece.path(again.out).read_bytes()
    records = again.write_manifest()["done"]
    assert all(record["tries"]["number"] == 1 and record["trained"]["clips"] == 12 for record in records)


def test_folds_at_once_have_one_setting(make):
    with pytest.raises(ValueError, match="--tries chooses one for each"):
        make(tries=2).run(Shard(), at_once=2)


def test_other_clips_settings_or_units_are_not_mixed(make):
    finished(make())
    with pytest.raises(ValueError, match=r"protocol.*choose another --out"):
        make("kfold").run(Shard())
    with pytest.raises(ValueError, match="units"):
        make(action_units=("AU4",)).run(Shard())
    more = make(seeds=2, tries=3)
    with pytest.raises(ValueError, match=r"tries: 1, now 3\): delete"):
        more.run(Shard())


def test_what_is_done_is_not_shown_for_other_settings(make):
    """Nothing is left to fit, so the settings are looked at before."""
    finished(make(seeds=2))
    with pytest.raises(ValueError, match=r"tries: 1, now 2\): delete .*choose another --out"):
        make(tries=2).run(Shard())
    with pytest.raises(ValueError, match=r"language_model"):
        make(language_model="nosuch/model").run(Shard())
    make().run(Shard())  # fewer seeds are no other setting


def test_folders_of_several_machines_are_joined_only_where_they_were_made_alike(make, tmp_path):
    """A folder's one record is that of whoever was copied last: each fit says by itself how it was made."""
    one, other, joined = (make(out=tmp_path / name) for name in ("one", "other", "joined"))
    one.run(Shard(0, 2))
    other = make(out=tmp_path / "other", tries=2)
    other.run(Shard(1, 2))
    for each in (other, one):
        shutil.copytree(each.out / "predictions", joined.out / "predictions", dirs_exist_ok=True)
    with pytest.raises(ValueError, match="was made with other clips, labels or settings than this call names"):
        joined.check()
    shutil.rmtree(other.out)
    make(out=tmp_path / "other").run(Shard(1, 2))
    shutil.copytree(other.out / "predictions", joined.out / "predictions", dirs_exist_ok=True)
    assert finished(joined)["left"] == 0


def test_units_that_start_fresh_are_learned_at_higher_rates(make, monkeypatch):
    """As `aullm evaluate --from` learns them; the record of the fit says so."""
    monkeypatch.setattr("training_aullm.comparing.comparison.load_config", lambda start: Mock(action_units=["AU4"]))
    comparison = make(methods={"base-pretrained": METHODS["base-pretrained"]})
    piece = comparison.pieces[0]
    known = dataclasses.replace(piece, split=dataclasses.replace(piece.split, trained_units=("AU4",)))
    rates = [comparison._method_for(each).recipe.learning_rate for each in (known, piece)]
    assert rates == pytest.approx([tuning_recipe(recipe_base(), knows).learning_rate for knows in (True, False)])


def test_a_finished_method_is_not_shown_for_another_start(make, monkeypatch):
    monkeypatch.setattr("training_aullm.comparing.comparison.load_model", lambda start: (start, None))
    monkeypatch.setattr("training_aullm.comparing.comparison.weights_digest", lambda model: f"digest of {model}")
    monkeypatch.setattr("training_aullm.comparing.comparison.refuse_seen_people", lambda *_: {})
    monkeypatch.setattr("training_aullm.comparing.comparison.refuse_start", lambda *_: None)
    monkeypatch.setattr("training_aullm.comparing.work.refuse_seen_people", lambda *_: {})
    started = {"started": dataclasses.replace(METHODS_HERE["half-sure"], starts=True)}
    finished(make(methods=started))
    with pytest.raises(ValueError, match=r"start: .*release.*mine"):
        make(methods=started, start="mine").run(Shard())


def test_a_finished_method_is_not_shown_for_another_language_model_of_the_name(make, monkeypatch):
    def asked(sha256, name):
        monkeypatch.setattr("training_aullm.comparing.comparison.find_base", lambda _: Mock(sha256=sha256))
        return make(methods={name: METHODS[name]}, language_model="mine")

    for name in ("base", "flow-lr"):
        write_whole(asked("one", name)._record(name), json.dumps(asked("one", name)._made_with(name), default=str))
        asked("one", name).check()
    with pytest.raises(ValueError, match=r"language_weights: .one., now .another."):
        asked("another", "base").check()
    asked("another", "flow-lr").check()  # it reads none


def test_units_are_known_by_their_names_not_by_their_places(make):
    comparison = make()
    finished(comparison)
    before = result_rows(comparison, comparison.write_manifest())
    for piece in comparison.pieces[::2]:
        told = Predictions.load(piece.path(comparison.out))
        told.select(told.action_units[::-1]).save(piece.path(comparison.out))
    assert result_rows(comparison, comparison.write_manifest()) == before


def test_people_with_dots_in_their_names_have_files_of_their_own(make):
    (split, *_) = make().splits
    splits = [
        dataclasses.replace(split, fold=dataclasses.replace(split.fold, name=name)) for name in ("s.1", "s.2", "s")
    ]
    paths = [Piece("base", 0, each).path(make().out) for each in splits]
    assert len({path.with_suffix(".json") for path in paths}) == 3


def test_a_data_set_is_given_once(make):
    with pytest.raises(ValueError, match="two sources hold clips of one data set"):
        make(sources=make.both[:1] * 2).run(Shard())


def test_results_are_written_in_every_form(make):
    comparison = make("cross", sources=make.both)
    finished(comparison)
    console = Console(width=160, file=io.StringIO(), record=True)
    line = show_comparison(comparison, console, old_scoring=True)
    printed = console.export_text()
    for text in (printed, (comparison.out / "results.md").read_text("utf-8")):
        assert "minus all-present" in text and "one to two" in text and "no result" in text
    tex = (comparison.out / "results.tex").read_text("utf-8")
    assert tex.count(r"\begin{tabular}") == tex.count(r"\bottomrule") == 3 and r"mean F1 (95\%)" in tex
    results = json.loads(line)["results"]
    assert [row["method"] for row in results] == list(METHODS_HERE) and "synthetic" not in printed
    assert results[1]["old_f1"] >= results[1]["f1"][0]
    assert (comparison.out / "results.png").stat().st_size > 1000


def test_rendered_people_are_called_synthetic(tmp_path, make):
    rendered = make(sources=(write_table(tmp_path / "r", "casme2-like"),), out=tmp_path / "rendered")
    finished(rendered)
    console = Console(width=160, file=io.StringIO(), record=True)
    show_comparison(rendered, console)
    assert "synthetic" in console.export_text() and "synthetic" in (rendered.out / "results.tex").read_text("utf-8")


def test_settings_that_were_chosen_are_recorded(make):
    method = dataclasses.replace(METHODS_HERE["half-sure"], others=(METHODS["all-present"].run,))
    manifest = finished(make(methods={"chosen": method}, tries=2))
    for record in manifest["done"]:
        assert record["tries"]["number"] == 2 and len(record["tries"]["f1_on_training_people"]) == 2
        assert record["tries"]["chosen"] == 1 and record["setting"]


def test_a_call_that_is_refused_leaves_nothing_that_refuses_the_corrected_one(make):
    with pytest.raises(ValueError, match="needs two data sets"):
        make("cross").run(Shard())
    assert not make().out.exists()

    def refusing(recipe, train, tests, setup):
        raise ValueError("no such language model")

    refusing.__name__ = half_sure.__name__
    with pytest.raises(ValueError, match="no such"):
        make(methods={"half-sure": Method("labels", refusing)}).run(Shard())
    assert finished(make(methods={"half-sure": Method("labels", half_sure)}, tries=2))["left"] == 0


@pytest.mark.parametrize("protocol", ["cross", "leave-one-data-set-out"])
def test_two_sets_of_the_same_people_are_not_held_against_each_other(make, tmp_path, protocol):
    sources = write_table(tmp_path / "c", "samm"), write_table(tmp_path / "d", "samm_long", people=3)
    with pytest.raises(ValueError, match=r"3 subjects \(samm/s0, .* are learnt from and tested.*compare one"):
        make(protocol, sources=sources).run(Shard())
    within = make("loso", sources=sources)
    finished(within)
    assert set(collect(within, "half-sure").overall[0].subjects) == {f"samm/s{person}" for person in range(4)}


@pytest.mark.parametrize(
    ("unit", "method", "said"),
    [("AU4", "base-pretrained", "reads frames, and started gives it motion"), ("AU7", "paper", "does not know AU7")],
)
def test_a_start_that_cannot_be_asked_is_refused_before_anything_is_written(make, tmp_path, unit, method, said):
    nobody = {"data_sets": {}, "people": [], "label_releases": [], "complete": True}
    AullmConfig.preset("paper", None, ["AU4"], trained_on=nobody).save_pretrained(tmp_path / "start")
    recipe = METHODS[method].recipe if unit == "AU4" else None
    started = dataclasses.replace(METHODS[method], starts=True, recipe=recipe)
    settings = {"start": str(tmp_path / "start"), "action_units": (unit,)}
    with pytest.raises(ValueError, match=said):
        make(methods=METHODS_HERE | {"started": started}, **settings).run(Shard())
    assert not (tmp_path / "out").exists()


def test_people_whom_the_start_has_seen_are_refused_before_anything_is_written(make, monkeypatch):
    def refuse(start, tested, where):
        raise ValueError(f"{where}: {start} knows {tested.people[0]}")

    monkeypatch.setattr("training_aullm.comparing.comparison.refuse_seen_people", refuse)
    method = dataclasses.replace(METHODS_HERE["half-sure"], starts=True)
    with pytest.raises(ValueError, match="release knows one/s0"):
        make(methods=METHODS_HERE | {"started": method}).run(Shard())
    assert not make().out.exists()
