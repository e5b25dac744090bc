"""Put each repository's folder together, complete, before anything is looked at or sent.

RUN/hub/model   merged weights, processor, face networks, code, pipeline, card, LICENSE, NOTICE
RUN/hub/metric  the `evaluate` module, standing alone
RUN/hub/clips   the clips as parquet, with their card
RUN/hub/space   the page, with the model that it loads
"""

import json
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from huggingface_hub import RepoCard

from dataset_scripts.whole_files import whole_file
from training_aullm.loading import load_model
from training_aullm.publishing.card import fill_card
from training_aullm.publishing.clips import stage_clips
from training_aullm.publishing.project_files import project_file
from training_aullm.publishing.repo_folders import Parcel, Role, repositories
from training_aullm.publishing.saving import add_notices, save_for_hub
from training_aullm.runs.facts import RunFacts
from training_aullm.score import metrics

METRIC = "training_aullm/au_f1"
NOT_OF_THE_SPACE = shutil.ignore_patterns("__pycache__", ".*", "*.pyc", "model.json")
OUR_IMPORT, ITS_IMPORT = "from training_aullm.score.metrics import score", "from .metrics import score"
PINNED = "model.json"
NOT_YET = "0" * 40
"""Stands for the model's commit until it is known."""


@dataclass(frozen=True)
class Publication:
    """What is published, and as what.

    Attributes:
        run: the run's folder.
        repo: "owner/name" of the model.
        roles: which repositories are made; always the model.
        licence: the Hub's name of the licence of the user's own clips.
    """

    run: Path
    repo: str
    roles: tuple[Role, ...] = ("model", "metric", "clips", "space")
    licence: str | None = None

    @property
    def folder(self) -> Path:
        """Where the repositories' folders are put together."""
        return self.run / "hub"


def stage(publication: Publication, facts: RunFacts) -> dict[Role, Parcel]:
    """Write the folders of all repositories; what an earlier call wrote there goes.

    Args:
        publication: what is published.
        facts: of its run.

    Returns:
        Role -> parcel, in the order in which they are sent.

    Raises:
        FileNotFoundError: a part of the project that is not installed with the package.
        dataset_scripts.cards.sharing.NotAllowedError: clips that must not go.
    """
    names = repositories(publication.repo)
    unfinished = publication.folder.with_name(f".{publication.folder.name}.part")
    for old in (unfinished, publication.folder):
        shutil.rmtree(old, ignore_errors=True)
    for role in publication.roles:
        folder = unfinished / role
        if role == "model":
            stage_model(publication, facts, folder)
        elif role == "metric":
            stage_metric(folder, names["metric"])
        elif role == "clips":
            stage_clips(facts, folder, names["clips"], publication.licence)
            add_notices(folder)
        else:
            stage_space(folder, publication.repo)
    unfinished.rename(publication.folder)
    return {role: Parcel(role, names[role], publication.folder / role) for role in publication.roles}


def stage_model(publication: Publication, facts: RunFacts, folder: Path) -> None:
    """The model's folder: whatever form RUN/model has, this one is merged, complete, and has this version's code."""
    model, processor = load_model(publication.run)
    save_for_hub(model, processor, folder)
    names = repositories(publication.repo)
    card = fill_card(facts, {role: names[role] for role in publication.roles})
    (folder / "README.md").write_text(card, "utf-8")


def stage_metric(folder: Path, repo_id: str) -> None:
    """The metric's folder: the module with the plain functions beside it instead of our package.

    Raises:
        ValueError: the module no longer imports what is replaced here.
    """
    folder.mkdir(parents=True)
    source = files("training_aullm") / "au_f1"
    module = (source / "au_f1.py").read_text("utf-8")
    if module.count(OUR_IMPORT) != 1:
        raise ValueError(f"{source / 'au_f1.py'} must hold {OUR_IMPORT!r} once, so that it can stand alone")
    for name in ("au_f1.py", "README.md"):
        text = (source / name).read_text("utf-8").replace(OUR_IMPORT, ITS_IMPORT).replace(METRIC, repo_id)
        (folder / name).write_text(text, "utf-8")
    shutil.copy(metrics.__file__, folder / "metrics.py")
    add_notices(folder)


def stage_space(folder: Path, repo: str) -> None:
    """The Space's folder: the page as it is, told which model to load."""
    shutil.copytree(project_file("space_app"), folder, ignore=NOT_OF_THE_SPACE)
    add_notices(folder)
    pin(folder, repo, NOT_YET)
    card = RepoCard((folder / "README.md").read_text("utf-8"))
    card.data["models"] = [repo]
    (folder / "README.md").write_text(str(card), "utf-8")


def pin(folder: Path, repo: str, revision: str) -> None:
    """Write which commit of which model a Space loads."""
    with whole_file(folder / PINNED) as unfinished:
        unfinished.write_text(json.dumps({"model": repo, "revision": revision}, indent=2) + "\n", "utf-8")
