"""The clips of a release: both splits, nobody in both, and names that stay unique."""

import json

from datasets import Dataset, load_dataset

from dataset_scripts.cards.data_card import read_contents
from dataset_scripts.labels import label_vector
from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic.tables.columns import subject_name
from training_aullm.publishing import clips
from training_aullm.runs.facts import RunFacts
from training_aullm.runs.release_settings import TEST_SEED


def rendered(domain, people, seed, **variety):
    """Clips without pictures, named as the source names them."""
    rows = [dict.fromkeys(FEATURES) | {"frames": [], "action_units": label_vector(())} for _ in range(people)]
    for number, row in enumerate(rows):
        subject = subject_name(seed, number)
        row |= {"data_set": domain, "subject": subject, "clip": "c000", "label_release": f"seed {seed}"}
        row["sample_id"] = f"{domain}/{subject}/c000"
    return Dataset.from_list(rows, features=FEATURES)


def test_a_release_has_both_splits_and_unique_names(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "load_synthetic", rendered)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    settings = {"kind": "release", "people": 3, "tested": 2, "domains": ["casme2-like", "samm-like"]}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    clips.stage_clips(RunFacts.read(tmp_path), tmp_path / "hub", "me/aullm-clips")
    loaded = load_dataset(str(tmp_path / "hub"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 6, "test": 4}
    names = [name for rows in loaded.values() for name in rows["sample_id"]]
    assert len(set(names)) == 10 and f"samm-like/seed{TEST_SEED}-s001/c000" in names
    contents = read_contents(tmp_path / "hub")
    assert contents.subjects == {"casme2-like": 5, "samm-like": 5}
    assert list(contents.features) == list(FEATURES)
