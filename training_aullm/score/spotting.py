"""Spotted intervals against the truth, as the MEGC challenges score them.

    counts = count_hits(found, truth)             # of one video; sum those of all videos, quiet ones too
    spotting_scores(counts)["micro"]["f1"]

An interval is a dict with `onset`, `offset` (frames, both included), `kind`, and `score` where it was spotted. It hits
a true one of its kind where they overlap by half; each true one is hit once, and the surest choose first. What hits
nothing is a false alarm. "both" sums the two kinds.

Source: Li et al., "MEGC2022: ACM Multimedia 2022 micro-expression grand challenge", ACM MM 2022: intersection over
union of 0.5, F1 over all videos, of micro-, macro-, and all expressions. Who chooses first is our choice.
"""

from collections import Counter
from collections.abc import Sequence

from dataset_scripts.layout import EXPRESSIONS

BOTH = "both"
MIN_OVERLAP = 0.5


def overlap(a: dict, b: dict) -> float:
    """Intersection over union of two intervals with `onset` and `offset`, last frames included."""
    inner = min(a["offset"], b["offset"]) - max(a["onset"], b["onset"]) + 1
    both = a["offset"] - a["onset"] + b["offset"] - b["onset"] + 2 - inner
    return max(0, inner) / both


def match(found: Sequence[dict], truth: Sequence[dict]) -> list[tuple[dict, dict]]:
    """Pairs of (found, true) intervals that overlap by half; the surest choose first, each is used once."""
    left, pairs = list(truth), []
    for interval in sorted(found, key=lambda each: -each.get("score", 0)):
        best = max(left, key=lambda each: overlap(interval, each), default=None)
        if best is not None and overlap(interval, best) >= MIN_OVERLAP:
            left.remove(best)
            pairs.append((interval, best))
    return pairs


def count_hits(found: Sequence[dict], truth: Sequence[dict], kinds: Sequence[str] = EXPRESSIONS) -> Counter:
    """Hits, found and true intervals of one video.

    Args:
        found: spotted intervals.
        truth: true ones; those of other kinds are passed over.
        kinds: those that are scored, each against its own.

    Returns:
        Counts under "micro hits", "micro found", "micro true" and so on.
    """
    counts = Counter()
    for kind in kinds:
        own, known = ([each for each in some if each["kind"] == kind] for some in (found, truth))
        counts.update({f"{kind} hits": len(match(own, known)), f"{kind} found": len(own), f"{kind} true": len(known)})
    return counts


def spotting_scores(
    counts: Counter, kinds: Sequence[str] = EXPRESSIONS, named: Sequence[str] = EXPRESSIONS
) -> dict[str, dict[str, float | int | None]]:
    """Scores of summed counts.

    Args:
        counts: of all videos. kinds: as they were counted.
        named: kinds that the truth names; of another nobody knows when it happens.

    Returns:
        For each kind, and for "both" as their sum: "f1", "precision", "recall" (None where there is nothing to divide
        by), "hits", "found", "true". All are None for a kind that is not named, and for "both" then.
    """
    parts = {kind: [counts[f"{kind} {part}"] for part in ("hits", "found", "true")] for kind in kinds}
    parts[BOTH] = [sum(column) for column in zip(*parts.values(), strict=True)]
    scores = {kind: rates(*part) for kind, part in parts.items()}
    unknown = [] if {*kinds} <= {*named} else [BOTH, *({*kinds} - {*named})]
    return scores | {kind: dict.fromkeys(scores[kind]) for kind in unknown}


def rates(hits: int, found: int, true: int) -> dict[str, float | int | None]:
    """F1, precision and recall beside the counts that they are made of."""
    return {
        "f1": round(2 * hits / (found + true), 3) if found + true else None,
        "precision": round(hits / found, 3) if found else None,
        "recall": round(hits / true, 3) if true else None,
        "hits": hits,
        "found": found,
        "true": true,
    }
