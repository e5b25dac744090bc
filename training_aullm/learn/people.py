"""Whom a model was trained on: written into its config, so that it travels with every copy of the weights.

    remember_people(model.config, clips)
    people_seen(model.config, ["samm/006", "samm/011"])  # those of them that were trained on; None: nobody knows

A name may be a person's own, as in a folder of one's own clips, so hashes travel and no names. Whoever holds the clips
can tell whether a person is among them; whoever guesses a name can check the guess.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from training_aullm.clips.clip_set import ClipSet

DIGITS = 12
UNKNOWN = {"data_sets": {}, "label_releases": [], "people": [], "complete": False}
"""Of a model from before there was a record: it stays incomplete, whatever it is trained on further."""


def remember_people(config, clips: ClipSet) -> None:
    """Add the people of training clips to those whom the model has seen already.

    Args:
        config: an `AullmConfig`; changed in place.
        clips: what is trained on.
    """
    before = config.trained_on or UNKNOWN
    people = sorted(set(clips.people))
    fresh = [name for name in people if _hashed(name) not in before["people"]]
    sets = Counter(before["data_sets"]) + Counter(name.split("/")[0] for name in fresh)
    config.trained_on = {
        "data_sets": dict(sorted(sets.items())),
        "label_releases": sorted({*before["label_releases"], *clips.label_releases}),
        "people": sorted({*before["people"], *map(_hashed, fresh)}),
        "complete": before["complete"],
    }


def people_seen(config, people: Iterable[str]) -> list[str] | None:
    """Those of some people whom a model was trained on.

    Args:
        config: an `AullmConfig`.
        people: as `registry.person` names them.

    Returns:
        Their names, sorted; None where the model does not say whom else it was trained on, and none of them is known.
    """
    record = config.trained_on or UNKNOWN
    seen = sorted({name for name in people if _hashed(name) in record["people"]})
    return seen if seen or record["complete"] else None


def refuse_people(seen: Sequence[str], advice: str) -> None:
    """Stop where somebody is on both sides.

    Args:
        seen: people to test who were trained on.
        advice: what the user can do.

    Raises:
        ValueError: there is one; names some.
    """
    if seen:
        some = ", ".join(seen[:3]) + (" ..." if len(seen) > 3 else "")
        raise ValueError(f"{len(seen)} people of these clips were trained on ({some}): {advice}")


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:DIGITS]
