"""Put each repository's folder together, complete, before anything is looked at or sent.

RUN/hub/model   merged weights, processor, face networks, code, pipeline, card, LICENSE, NOTICE
RUN/hub/metric  the `evaluate` module, standing alone
RUN/hub/clips   the clips as parquet, with their card
RUN/hub/space   the page, with the model that it loads

Tested in tests/commands/test_publish_run.py.
"""

import json
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from huggingface_hub import RepoCard

from dataset_scripts.whole_files import whole_file
from training_aullm.loading import load_model
from training_aullm.publishing.card import fill_card
from training_aullm.publishing.clips import stage_clips
from training_aullm.publishing.project_files import project_file
from training_aullm.publishing.repo_folders import RepoFolder, Role
from training_aullm.publishing.saving import add_notices, save_for_hub
from training_aullm.publishing.shipped import Shipped
from training_aullm.runs.facts import RunFacts
from training_aullm.score import metrics

METRIC = "training_aullm/au_f1"
NOT_OF_THE_SPACE = shutil.ignore_patterns("__pycache__", ".*", "*.pyc", "model.json")
OUR_IMPORT, ITS_IMPORT = "from training_aullm.score.metrics import score", "from .metrics import score"
NOT_YET = "0" * 40
"""Stands for the model's commit until it is known."""


def stage(facts: RunFacts | Shipped, names: Mapping[Role, str], licence: str | None = None) -> dict[Role, RepoFolder]:
    """Write the folders of all repositories below RUN/hub; what an earlier call wrote there goes.

    Args:
        facts: of the run, or of the shipped checkpoint, which has no clips.
        names: role -> "owner/name" of what is published; always the model.
        licence: the Hub's name of the licence of the user's own clips.

    Returns:
        Role -> folder, in the order in which they are sent.

    Raises:
        dataset_scripts.cards.sharing.NotAllowedError: clips that must not go.
    """
    finished, unfinished = facts.folder / "hub", facts.folder / ".hub.part"
    for old in (unfinished, finished):
        shutil.rmtree(old, ignore_errors=True)
    for role, repo_id in names.items():
        folder = unfinished / role
        if role == "model":
            shipped = isinstance(facts, Shipped)
            model, processor = load_model(facts.source if shipped else facts.folder)
            save_for_hub(model, processor, folder)
            (folder / "README.md").write_text(facts.card(names) if shipped else fill_card(facts, names), "utf-8")
        elif role == "metric":
            _stage_metric(folder, repo_id)
        elif role == "clips":
            stage_clips(facts, folder, repo_id, licence)
        else:
            stage_space(folder, names["model"])
        add_notices(folder)
    unfinished.rename(finished)
    return {role: RepoFolder(role, repo_id, finished / role) for role, repo_id in names.items()}


def stage_space(folder: Path, repo: str) -> None:
    """The Space's folder: the page as it is, told which model to load."""
    shutil.copytree(project_file("space_app"), folder, ignore=NOT_OF_THE_SPACE)
    pin(folder, repo, NOT_YET)
    card = RepoCard((folder / "README.md").read_text("utf-8"))
    card.data["models"] = [repo]
    (folder / "README.md").write_text(str(card), "utf-8")


def pin(folder: Path, repo: str, revision: str) -> None:
    """Write which commit of which model a Space loads."""
    with whole_file(folder / "model.json") as unfinished:
        unfinished.write_text(json.dumps({"model": repo, "revision": revision}, indent=2) + "\n", "utf-8")


def _stage_metric(folder: Path, repo_id: str) -> None:
    """The module with the plain functions beside it instead of our package."""
    folder.mkdir(parents=True)
    source = files("training_aullm") / "au_f1"
    for name in ("au_f1.py", "README.md"):
        text = (source / name).read_text("utf-8").replace(OUR_IMPORT, ITS_IMPORT).replace(METRIC, repo_id)
        (folder / name).write_text(text, "utf-8")
    shutil.copy(metrics.__file__, folder / "metrics.py")
