"""The model card: model_card.md filled with what a run recorded, and the metadata that the Hub reads.

text = fill_card(RunFacts.read(Path("runs/demo")), {"model": "me/aullm", "clips": "me/aullm-clips"})

The words stand in the template, the numbers in the run: what was not recorded is said to be missing.
"""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from dataset_scripts.cards.licences import kind_of
from dataset_scripts.labels import AU_MEANINGS
from dataset_scripts.synthetic.config import get_domain
from dataset_scripts.synthetic.variety import Variety
from training_aullm.prepare.prepared import package_version
from training_aullm.publishing.card_tables import overview_table, spotting_table, unit_table
from training_aullm.publishing.project_files import project_file
from training_aullm.runs.facts import OTHER, RunFacts
from training_aullm.runs.group_scores import Groups
from training_aullm.runs.scoring import Result
from training_aullm.runs.settings import short_name

BUNDLED = "HuggingFaceTB/SmolLM2-135M-Instruct"
KINDS = {"synthetic": "rendered clips", "own": "clips of the publisher's own", "licensed": "licensed clips"}
METRICS = {"f1": "mean F1", "macro_f1": "mean macro F1", "auc": "mean ROC-AUC", "average_precision": "mean AP"}


def fill_card(facts: RunFacts, repositories: Mapping[str, str] | None = None) -> str:
    """Write the card of a run's model.

    Args:
        facts: of the run.
        repositories: role -> "owner/name" of what is published with it; None for a folder that stays here.

    Returns:
        Markdown with YAML front matter.
    """
    repositories = dict(repositories or {})
    own, folds = facts.of_this_checkpoint(), facts.of_its_settings()
    spotting = facts.measured("spotting")
    card = ModelCard.from_template(
        _card_data(facts, repositories),
        template_path=str(project_file("model_card.md")),
        title=_title(repositories),
        facts=facts,
        repositories=repositories,
        meanings=AU_MEANINGS,
        kinds=[kind_of(name) for name in facts.data_sets],
        trained_on=_trained_on(facts),
        start=short_name(facts.settings.get("start") or ""),
        variety=_variety(facts),
        base=_base(facts),
        scores=overview_table([(_tested_on(facts, name, result), result) for name, result in own.items()]),
        unit_scores=unit_table(own),
        fold_scores=overview_table([(f"{each.predictions.data_set}, {name}", each) for name, each in folds.items()]),
        groups=Groups.of_run(facts.folder),
        spotting=None if spotting is None else spotting_table(spotting),
        version=package_version(),
    )
    return f"{card}".rstrip("\n") + "\n"


def _trained_on(facts: RunFacts) -> str:
    """The data sets of a run and of the checkpoint that it started from, by kind."""
    names = {kind: [name for name in facts.data_sets if kind_of(name) == kind] for kind in KINDS}
    most = "most people of " if facts.kind == "demo" else ""
    return "; ".join(f"{words} ({most}{', '.join(names[kind])})" for kind, words in KINDS.items() if names[kind])


def _variety(facts: RunFacts) -> Variety | None:
    """What a rendered domain holds, where a model from fresh weights was trained on that alone; else None."""
    domain = facts.settings.get("source", {}).get("domain")
    return None if domain is None or facts.settings.get("start") else get_domain(domain).variety


def _card_data(facts: RunFacts, repositories: Mapping[str, str]) -> ModelCardData:
    """The metadata that the Hub reads: licence, base model, data set, and this checkpoint's scores as a model-index."""
    bundled, base = facts.settings["language_model"] == "bundled", _base(facts)
    fields = {"license": "apache-2.0"} if bundled else {"license": "other", "license_name": "that-of-the-base-model"}
    results = facts.of_this_checkpoint().items()
    synthetic = [name for name in facts.data_sets if kind_of(name) == "synthetic"]
    return ModelCardData(
        library_name="transformers",
        pipeline_tag="video-classification",
        tags=["micro-expression", "action-units", "facs", "custom_code", *(["synthetic"] if synthetic else [])],
        metrics=["f1", "roc_auc"],
        datasets=[repositories["clips"]] if "clips" in repositories else None,
        model_name=_title(repositories),
        eval_results=[entry for name, result in results for entry in _entries(name, result, repositories)] or None,
        **fields,
        **({"base_model": base} if "/" in base else {}),
    )


def _entries(name: str, result: Result, repositories: Mapping[str, str]) -> list[EvalResult]:
    """One result as entries of the model-index."""
    data_set = result.predictions.data_set
    rendered = kind_of(data_set) == "synthetic"
    published = name != OTHER and not name.startswith("cross") and "clips" in repositories
    where = (
        {"dataset_type": repositories["clips"], "dataset_split": "test"} if published else {"dataset_type": data_set}
    )
    units = f"over {len(result.scores.action_units) - len(result.scores.undefined)} action units"
    return [
        EvalResult(
            task_type="video-classification",
            task_name="action unit detection",
            dataset_name=f"{data_set} (rendered faces, synthetic)" if rendered else data_set,
            metric_type=metric,
            metric_name=f"{METRICS[metric]} {units}",
            metric_value=round(value, 4),
            **where,
        )
        for metric, value in result.scores.summary().items()
    ]


def _tested_on(facts: RunFacts, name: str, result: Result) -> str:
    """What a result of this checkpoint was tested on, in words."""
    data_set = result.predictions.data_set
    kind = " (rendered)" if kind_of(data_set) == "synthetic" else ""
    other = name == OTHER or data_set not in facts.data_sets
    whom = "another domain: other people, cameras and ways to move" if other else "people never seen in training"
    return f"{data_set}{kind}, {whom}"


def _title(repositories: Mapping[str, str]) -> str:
    return repositories.get("model", "aullm").split("/")[-1]


def _base(facts: RunFacts) -> str:
    """The language model's id on the Hub, or only the last name of a folder."""
    name = facts.settings["language_model"]
    if name == "bundled":
        return BUNDLED
    is_hub_id = name.count("/") == 1 and not name.startswith((".", "/")) and not Path(name).is_dir()
    return name if is_hub_id else Path(name).name
