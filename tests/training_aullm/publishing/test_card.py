"""The card says what was recorded, says what was not, and warns whatever the scores are."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from training_aullm.prepare.sources import Source
from training_aullm.publishing.card import fill_card
from training_aullm.runs.facts import RunFacts, trained_on
from training_aullm.runs.group_scores import Groups, weights_hash
from training_aullm.score.predictions import Predictions

UNITS = ("AU4", "AU12")
NAMES = {"model": "me/aullm", "clips": "me/aullm-clips", "metric": "me/au_f1", "space": "me/aullm"}


def predictions(data_set, right=True):
    labels = np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    probabilities = np.where(labels == 1, 0.9, 0.1) if right else np.full((4, 2), 0.1)
    ids = tuple(f"{data_set}/s{row}" for row in range(4))
    return Predictions(ids, ids, data_set, ("x",) * 4, 0, UNITS, probabilities, labels)


def write(run, language_model="bundled", domain="casme2-like", changes=(), **results):
    """A run with recorded predictions, and no model to speak of."""
    (run / "model").mkdir()
    (run / "model" / "config.json").write_text("{}")
    settings = {"source": {"domain": domain}, "action_units": UNITS, "language_model": language_model}
    settings |= {"preset": "base", "layers": None, "epochs": 12.5, "seed": 3} | dict(changes)
    (run / "settings.json").write_text(json.dumps(settings))
    for name, result in results.items():
        result.save(run / "predictions" / f"{name}.parquet")
    return RunFacts.read(run)


def header(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_recorded_scores_become_tables_and_metadata(tmp_path):
    facts = write(tmp_path, unseen=predictions("casme2-like"), other=predictions("samm-like", right=False))
    card = fill_card(facts, NAMES)
    first, second = header(card)["model-index"][0]["results"]
    assert (first["dataset"]["type"], second["dataset"]["type"]) == ("me/aullm-clips", "samm-like")
    assert [each["metrics"][0]["value"] for each in (first, second)] == [1.0, 0.0]
    assert "synthetic" in first["dataset"]["name"] and "synthetic" in header(card)["tags"]
    assert "| casme2-like (rendered), people never seen in training | 4 | 4 | 2 | 1.000" in card
    assert "another domain" in card and "| AU4 | brow lowerer | 1.000" in card and "12.5" in card
    assert header(card)["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"


def test_the_faces_of_its_start_are_a_models_own(tmp_path):
    write(tmp_path)
    seen = {"data_sets": {"casme2": 24}, "label_releases": ["1"], "people": ["0123456789ab"] * 24}
    (tmp_path / "model" / "config.json").write_text(json.dumps({"trained_on": seen}))
    facts = RunFacts.read(tmp_path)
    assert facts.data_sets == ("casme2", "casme2-like") and facts.licensed == ("casme2",)


def test_scores_of_folds_are_not_this_checkpoints(tmp_path):
    card = fill_card(write(tmp_path, folds5=predictions("casme2-like")), NAMES)
    assert "model-index" not in header(card) and "No score was recorded for this checkpoint" in card
    assert "scores of other weights" in card and "| casme2-like, folds5 |" in card


@pytest.mark.parametrize(
    "said",
    ["detect lies", "hiring", "covertly", "Article 5(1)(f)", "education", "rendered faces only", "arXiv 2603.08387"],
)
def test_what_it_must_not_be_used_for_is_always_said(tmp_path, said):
    assert said in fill_card(write(tmp_path))


def test_nothing_is_left_unfilled_and_no_path_of_the_run_is_told(tmp_path):
    card = fill_card(write(tmp_path, unseen=predictions("casme2-like")), NAMES)
    assert "{%" not in card and "{{" not in card.split("```bibtex")[0] and str(tmp_path) not in card
    assert "None" not in card.split("## Citation")[0].replace("None says", "")


def test_groups_come_in_when_they_were_measured_with_these_weights(tmp_path):
    facts = write(tmp_path)
    assert "Not measured for this checkpoint" in fill_card(facts)
    (tmp_path / "model").mkdir(exist_ok=True)
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    Groups("casme2-like", 7000, 20, 80, weights_hash(tmp_path / "model"), ()).save(tmp_path)
    card = fill_card(facts)
    assert "Not measured for this checkpoint" not in card and "80 rendered clips (casme2-like, seed 7000)" in card


def test_spotting_comes_in_as_its_benchmark_wrote_it(tmp_path):
    facts = write(tmp_path)
    scores = {kind: {"f1": 0.62, "hits": 8, "found": 12, "true": 14} for kind in ("micro", "macro", "blink")}
    line = {
        "scores": {"samm-like": scores | {"false_alarms_per_minute": 1.25}},
        "subjects": 4,
        "seconds": 30,
        "seed": 9,
    }
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "spotting.json").write_text(json.dumps(line))
    card = fill_card(facts)
    assert "| samm-like | 0.62 (8 of 14) | 0.62 (8 of 14) | 1.250 | 0.620 |" in card
    assert "4 takes of 30 s of each domain, seed 9" in card
    (tmp_path / "measured" / "spotting.json").write_text("{}")
    with pytest.raises(ValueError, match=r"measured/spotting\.json"):
        fill_card(facts)


def test_another_language_model_brings_its_own_licence(tmp_path):
    card = fill_card(write(tmp_path, language_model="somebody/llm"), NAMES)
    assert header(card)["base_model"] == "somebody/llm" and header(card)["license"] == "other"
    assert "under **its** licence" in card


def test_the_release_names_what_it_saw(tmp_path):
    write(tmp_path)
    settings = {"kind": "release", "people": 7, "tested": 3, "films": 2, "seconds": 20.0, "epochs": 4, "seed": 0}
    settings |= {"action_units": UNITS, "language_model": "bundled", "preset": "base"}
    settings["domains"] = ["casme2-like", "samm-like"]
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    predictions("samm-like").save(tmp_path / "predictions" / "samm-like.parquet")
    card = fill_card(RunFacts.read(tmp_path), NAMES)
    assert "7 people of each of casme2-like, samm-like" in card and "2 rendered takes of 20 s" in card
    assert "samm-like (rendered), people never seen in training" in card
    assert "A resting face gets answers" not in card


RENDERED_LIMITS = ("A resting face gets answers", "glasses and beards are not in", "Faces of children")


def test_a_run_that_went_on_with_own_clips_says_what_it_was_made_of_and_no_limit_of_others(tmp_path):
    pq.write_table(pa.table({"data_set": ["folder"]}), tmp_path / "mine.parquet")
    source = {"domain": None, "data": str(tmp_path / "mine.parquet")}
    write(tmp_path, changes={"start": "runs/first/model"})
    seen = {"data_sets": {"casme2-like": 9, "samm-like": 9}, "label_releases": ["1"], "people": ["0123456789ab"] * 18}
    (tmp_path / "model" / "config.json").write_text(json.dumps({"trained_on": seen}))
    settings = json.loads((tmp_path / "settings.json").read_text()) | {"source": source}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    Groups("casme2-like", 7000, 20, 80, weights_hash(tmp_path / "model"), ()).save(tmp_path)
    card = fill_card(RunFacts.read(tmp_path))
    made_of = "rendered clips (casme2-like, samm-like); clips of the publisher's own (folder)"
    assert f"| trained on | {made_of} |" in card and "| started from | first; what that model says" in card
    assert not [limit for limit in (*RENDERED_LIMITS, "hardly any has dark skin") if limit in card]


def test_limits_of_rendered_clips_are_those_of_their_domain(tmp_path):
    for domain, limits in (("casme2-like", RENDERED_LIMITS), ("casme3-like", RENDERED_LIMITS[::2])):
        (tmp_path / domain).mkdir()
        card = fill_card(write(tmp_path / domain, domain=domain))
        assert tuple(limit for limit in RENDERED_LIMITS if limit in card) == limits
        assert f"| trained on | rendered clips ({domain}) |" in card and "started from" not in card


def test_the_demo_keeps_people_back(tmp_path):
    card = fill_card(write(tmp_path, unseen=predictions("casme2-like")))
    assert "| trained on | rendered clips (most people of casme2-like) |" in card


def test_whose_faces_they_were_is_asked_of_the_clips_not_of_the_files_name(tmp_path):
    assert trained_on(Source(domain="samm-like")) == ("samm-like",)
    pq.write_table(pa.table({"data_set": ["smic", "casme2-like", "smic"]}), tmp_path / "rendered.parquet")
    assert trained_on(Source(data=str(tmp_path / "rendered.parquet"))) == ("casme2-like", "smic")
    assert trained_on(Source(data=str(tmp_path))) == ("casme2-like", "smic")
    with pytest.raises(FileNotFoundError, match="nobody can say whose faces"):
        trained_on(Source(data=str(tmp_path / "gone.parquet")))
