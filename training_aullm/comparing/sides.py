"""Keeps training and test apart: nobody on both sides, and no test label within a method's reach."""

from collections.abc import Sequence

import torch

from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.splits import Split
from training_aullm.learn.people import people_seen, refuse_people
from training_aullm.loading import load_config
from training_aullm.peers.method import Method


def two_sides(clips: ClipSet, split: Split) -> tuple[ClipSet, ClipSet]:
    """Training and test clips of a split.

    Args:
        clips: of all data sets, joined.
        split: who is trained on and who is tested.

    Returns:
        Training clips, and test clips *with* their labels, for scoring only: methods are given `without_labels`.

    Raises:
        ValueError: somebody is on both sides.
    """
    train, test = (clips.subset(side).select(split.trained_units) for side in (split.fold.train, split.fold.test))
    refuse_shared_people(train, test, f"{split.group}, {split.fold.name}")
    return train, test


def without_labels(clips: ClipSet) -> ClipSet:
    """The same clips with every label unknown: what a method may see of those it is tested on.

    Thresholds, priors, early stopping and settings cannot come from test labels that are not there.
    """
    return ClipSet(**{**vars(clips), "labels": torch.full_like(clips.labels, -1)})


def refuse_shared_people(learnt: ClipSet, tested: ClipSet, where: str) -> None:
    """No person whose clips are learnt from, or calibrated on, may be tested.

    Args:
        learnt, tested: clips whose people carry their data set's name.
        where: the split, for the message.

    Raises:
        ValueError: a person or a clip is in both.
    """
    for what in ("subjects", "sample_ids"):
        if shared := sorted(set(getattr(learnt, what)) & set(getattr(tested, what))):
            raise ValueError(
                f"{where}: {len(shared)} {what.replace('_', ' ')} ({', '.join(shared[:3])} ...) are learnt from and "
                "tested: scores would not be of people unseen; give each person one name, each clip to one side, and "
                "of data sets that show the same people (samm and samm_long) compare one"
            )


def refuse_seen_people(start: str, tested: ClipSet, where: str) -> dict[str, int]:
    """Nobody may be tested whom a finished model was trained on before; the model's config says whom.

    Args:
        start: the finished model that a method goes on from.
        tested: clips whose people carry their data set's name.
        where: the split, for the message.

    Returns:
        How many people of each data set the model was trained on.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: it was trained on somebody, or does not say on whom.
    """
    config = load_config(start)
    seen = people_seen(config, tested.people)
    refuse_people(seen or (), f"{where} would be tested by {start}, which knows them; name another start with --from")
    if seen is None:
        raise ValueError(f"{start} does not say whom it was trained on: people of {where} may be among them")
    return config.trained_on["data_sets"]


def refuse_start(start: str, name: str, method: Method, action_units: Sequence[str]) -> None:
    """A finished model must read what a method gives it, and know all units where it learns nothing more.

    Args:
        start: the finished model.
        name, method: what goes on from it.
        action_units: that are asked.

    Raises:
        ValueError: it does not.
    """
    config = load_config(start)
    reads = "frames" if config.front_end == "led" else "motion"
    if method.clips != reads:
        raise ValueError(f"{start} reads {reads}, and {name} gives it {method.clips}: name another start with --from")
    if method.recipe is None and (unknown := [unit for unit in action_units if unit not in config.action_units]):
        raise ValueError(f"{start} does not know {', '.join(unknown)}: leave out {name}, or these units")
