"""Nobody who was trained on is scored as unseen, whatever the two tables are called."""

from types import SimpleNamespace

import datasets
import pytest

from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.takes import load_takes_from
from tests.dataset_scripts.trees.samm_long import write_samm_long
from tests.training_aullm.clip_tables import clip_row, table_of
from training_aullm.learn.people import remember_people
from training_aullm.prepare.sources import Source
from training_aullm.runs.known_people import people_in, refuse_known
from training_aullm.runs.settings import RunSettings


def trained_on(*people: str) -> SimpleNamespace:
    """The config of a model that has seen these."""
    config = SimpleNamespace(trained_on={"data_sets": {}, "label_releases": [], "people": [], "complete": True})
    remember_people(config, SimpleNamespace(people=people, label_releases=()))
    return config


def people(*names: str) -> datasets.Dataset:
    split = [name.split("/") for name in names]
    return datasets.Dataset.from_dict({"data_set": [s[0] for s in split], "subject": [s[1] for s in split]})


def test_a_person_on_both_sides_is_named(tmp_path):
    config = trained_on("casme2-like/s001", "casme2-like/s002")
    with pytest.raises(ValueError, match=r"1 people .*casme2-like/s002"):
        refuse_known(config, tmp_path, people_in(people("casme2-like/s002", "samm-like/s001")))


def test_the_same_name_in_another_data_set_is_another_person(tmp_path):
    assert refuse_known(trained_on("casme2-like/s001"), tmp_path, people_in(people("samm-like/s001")))


def test_people_of_another_seed_are_other_people(tmp_path):
    """Rendered people are counted from s000 with every seed, but they are not the same people."""
    trained, tested = (
        people_in(load_synthetic("casme2-like", 2, 2, 2, 64, seed, num_proc=1, cache_dir=tmp_path, progress=False))
        for seed in (500, 900)
    )
    assert refuse_known(trained_on(*trained), tmp_path, tested)
    with pytest.raises(ValueError, match="2 people of these clips were trained on"):
        refuse_known(trained_on(*trained), tmp_path, trained)


def test_people_of_recordings_are_those_of_the_clips(tmp_path):
    takes, _ = load_takes_from("samm_long", write_samm_long(tmp_path / "SAMMLV"))
    with pytest.raises(ValueError, match=r"1 people of these clips were trained on \(samm/006\)"):
        refuse_known(trained_on("samm/006", "samm/099"), tmp_path, people_in(takes))


def test_a_model_that_does_not_say_is_asked_through_its_run(tmp_path):
    """As versions left it whose models did not carry whom they saw."""
    clips, silent = tmp_path / "clips.parquet", SimpleNamespace(trained_on=None)
    table_of([clip_row("006", "c", data_set="samm")]).to_parquet(clips)
    assert not refuse_known(silent, tmp_path / "run", ["samm/006"])
    RunSettings(Source(data=str(clips)), ("AU4",)).save(tmp_path / "run")
    with pytest.raises(ValueError, match="samm/006"):
        refuse_known(silent, tmp_path / "run", ["samm/006"])
    assert refuse_known(silent, tmp_path / "run", ["samm/011"])
