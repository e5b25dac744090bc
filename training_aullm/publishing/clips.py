"""The clips of a run as a data set repository: parquet files by split, with the data card."""

from collections.abc import Callable, Iterator
from pathlib import Path

import datasets
from huggingface_hub import DatasetCard

from dataset_scripts.cards.data_card import data_card, read_contents
from dataset_scripts.cards.sharing import check_allowed
from dataset_scripts.synthetic import load_synthetic
from training_aullm.prepare.sources import Source
from training_aullm.runs.facts import RELEASE, UNSEEN, RunFacts
from training_aullm.runs.release_settings import TEST_SEED, TRAINING_SEED, VARIETY
from training_aullm.runs.settings import RunSettings

ROWS_PER_FILE = 500
Loader = Callable[[], datasets.Dataset]


def stage_clips(facts: RunFacts, folder: Path, repo_id: str, licence: str | None = None) -> None:
    """Write the data set's folder.

    Args:
        facts: of the run.
        folder: to fill; it is made.
        repo_id: where it will stand.
        licence: the Hub's name of the licence of the user's own clips.

    Raises:
        dataset_scripts.cards.sharing.NotAllowedError: clips under a signed licence, or own clips without `licence`.
    """
    splits = _split_tables(facts)
    for split, loaders in splits.items():
        for number, rows in enumerate(_pieces(loaders)):
            path = folder / "data" / f"{split}-{number:05d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows.to_parquet(str(path))
    contents = read_contents(folder)
    check_allowed(contents, licence=licence)
    card = DatasetCard(data_card(contents, repo_id, licence))
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    card.data.configs = [{"config_name": "default", "data_files": files}]
    (folder / "README.md").write_text(f"{card}\n".rstrip("\n") + "\n", "utf-8")


def _split_tables(facts: RunFacts) -> dict[str, list[Loader]]:
    """The clips a run was trained on ("train") and, where people were kept back, tested on ("test").

    Each table is loaded when its turn comes; what is not in the cache is rendered then. The long takes of a release are
    not among them.
    """
    if facts.kind == RELEASE:
        domains, settings = facts.settings["domains"], facts.settings
        return {
            "train": [_rendered(domain, settings["people"], TRAINING_SEED, **VARIETY) for domain in domains],
            "test": [_rendered(domain, settings["tested"], TEST_SEED) for domain in domains],
        }
    source = RunSettings.load(facts.folder).source
    if facts.kind == "train":
        return {"train": [source.load]}
    tested = frozenset(facts.results[UNSEEN].predictions.sample_ids)
    return {"train": [lambda: _part(source, tested, False)], "test": [lambda: _part(source, tested, True)]}


def _rendered(domain: str, people: int, seed: int, **variety) -> Loader:
    return lambda: load_synthetic(domain, people, seed=seed, **variety)


def _part(source: Source, tested: frozenset[str], kept_back: bool) -> datasets.Dataset:
    """The clips that were kept back for the test, or the others.

    Raises:
        ValueError: the predictions are of clips that the source does not have.
    """
    table = source.load()
    names = table["sample_id"]
    if foreign := sorted(tested.difference(names)):
        raise ValueError(
            f"predictions/{UNSEEN}.parquet scores {len(foreign)} clips that {source.name} does not have ({foreign[0]} "
            "...): it was written by another version of the clip source; make the run again, or pass --no-dataset"
        )
    return table.select([row for row, name in enumerate(names) if (name in tested) is kept_back])


def _pieces(loaders: list[Loader]) -> Iterator[datasets.Dataset]:
    for load in loaders:
        table = load()
        for start in range(0, len(table), ROWS_PER_FILE):
            yield table.select(range(start, min(start + ROWS_PER_FILE, len(table))))
