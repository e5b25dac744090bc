"""Which action units occur together: clips drawn so that counts follow the published sheets.

Counts of single units, of pairs, and of clips without any of the twelve are those of the CASME II sheet of 2019-07-01
and of the SAMM sheet. Of part A of CAS(ME)^3 we have the counts of single units and 1.25 units per clip; its pairs are
our choice, CASME II's scaled to those two facts. Units beyond the twelve are our choice; clips without any of the
twelve are coded with them.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from dataset_scripts.synthetic.config import Domain

Combination = tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """Published counts of one data set, by unit number.

    clips: in all. none: clips with none of the twelve. units, others: {unit: clips}. pairs: {(unit, unit): clips}.
    """

    clips: int
    none: int
    units: dict[int, int]
    others: dict[int, int]
    pairs: dict[tuple[int, int], int]


def _counts(text: str) -> dict:
    """Read "1:28 2:25" or "1-2:18"."""
    found = {}
    for item in text.split():
        key, count = item.split(":")
        numbers = tuple(int(number) for number in key.split("-"))
        found[numbers if len(numbers) > 1 else numbers[0]] = int(count)
    return found


SHEETS = {
    "casme2-like": Sheet(
        clips=255,
        none=9,
        units=_counts("1:28 2:25 4:125 5:5 6:10 7:38 9:9 10:18 12:39 14:22 15:17 17:26"),
        others=_counts("20:3 24:6 25:3"),
        pairs=_counts(
            "1-2:18 1-4:2 1-5:1 1-7:2 1-12:1 2-4:1 2-5:2 2-7:2 2-12:1 2-14:1 2-15:1 4-5:3 4-6:2 4-7:33 4-9:7 4-10:15 "
            "4-12:3 4-14:2 4-15:1 4-17:5 5-7:2 5-9:1 6-7:4 6-12:3 7-9:4 7-10:5 7-12:1 9-10:2 9-14:1 9-17:1 10-14:1 "
            "12-15:5 12-17:2 15-17:6"
        ),
    ),
    "samm-like": Sheet(
        clips=159,
        none=25,
        units=_counts("1:6 2:18 4:23 5:10 6:3 7:46 9:5 10:6 12:26 14:10 15:4 17:6"),
        others=_counts("20:5 23:3 24:8 25:5 26:5 28:2"),
        pairs=_counts(
            "1-2:4 1-14:1 2-12:1 2-14:1 4-6:2 4-7:8 4-9:2 6-7:2 6-9:1 6-12:1 7-9:1 7-12:3 9-10:1 9-12:1 10-12:1 "
            "12-15:1 14-17:2 15-17:1"
        ),
    ),
    "casme3-like": Sheet(
        clips=860,
        none=131,
        units=_counts("1:153 2:128 4:274 5:44 6:8 7:27 9:50 10:10 12:15 14:193 15:6 17:20"),
        others=_counts("20:12 23:24 24:50 25:28 26:20 28:13"),
        pairs=_counts(
            "1-2:92 1-4:8 1-5:6 1-14:3 2-4:4 2-5:10 2-14:3 4-5:6 4-6:2 4-7:15 4-9:22 4-10:3 4-14:6 4-17:3 5-14:1 "
            "6-12:3 7-9:3 9-10:3 9-14:2 12-14:2 14-17:3 15-17:2"
        ),
    ),
}


@lru_cache
def combination_shares(domain_name: str) -> tuple[tuple[Combination, ...], np.ndarray]:
    """How often each combination of units occurs in a domain.

    Args:
        domain_name: a key of SHEETS.
    Returns:
        combinations, and their shares (C,) that sum to 1.
    Source: Our choice: iterative proportional fitting to the sheet's single and pair counts, from a start that makes
        larger combinations rarer. Only pairs that the sheet has can occur.
    """
    sheet = SHEETS[domain_name]
    sets = _possible_sets(sheet)
    shares = np.array([0.15 ** max(0, len(units) - 1) for units in sets])
    targets = [((unit,), count) for unit, count in (sheet.units | sheet.others).items()]
    targets += list(sheet.pairs.items())
    rows = [(np.array([set(key) <= units for units in sets]), count / sheet.clips) for key, count in targets]
    twelve = set(sheet.units)
    rows.append((np.array([not units & twelve for units in sets]), sheet.none / sheet.clips))
    for _ in range(300):
        for inside, target in rows:
            present = shares[inside].sum() / shares.sum()
            shares = shares * np.where(inside, target / present, (1 - target) / (1 - present))
    names = tuple(tuple(f"AU{unit}" for unit in sorted(units)) for units in sets)
    return names, shares / shares.sum()


def _possible_sets(sheet: Sheet) -> list[frozenset[int]]:
    """Singles, the sheet's pairs, and threes and fours of which every pair is in the sheet."""
    sets = [frozenset({unit}) for unit in (*sheet.units, *sheet.others)]
    sets += [frozenset(pair) for pair in sheet.pairs]
    for size in (3, 4):
        for units in combinations(sheet.units, size):
            if all(pair in sheet.pairs for pair in combinations(units, 2)):
                sets.append(frozenset(units))
    sets += [frozenset({unit, other}) for unit in (12, 14, 17) for other in sheet.others]
    return sets


def draw_labels(domain: Domain, subjects: int, clips: int, seed: int) -> list[list[Combination]]:
    """Deal combinations to subjects.

    Args:
        domain: whose counts to follow. subjects, clips: how many. seed: of the data set.
    Returns:
        for each subject, the units of each of its clips. Every subject has at least one clip.
    Source: Our choice: combinations are drawn systematically, so that counts scale with `clips` with little scatter;
        every subject favours some of them, as in the real sets.
    """
    rng = np.random.default_rng([seed, 6] if domain.variety.expression == "micro" else [seed, 6, 1])
    names, shares = combination_shares(domain.name)
    steps = np.floor(np.cumsum(shares) * clips + rng.random()).astype(int)
    drawn = np.repeat(np.arange(len(names)), np.diff(steps, prepend=0))
    drawn = np.resize(rng.permutation(drawn), clips) if len(drawn) != clips else rng.permutation(drawn)
    room = _clips_per_subject(domain, subjects, clips, rng)
    taste = rng.gamma(2.0, 0.5, size=(subjects, len(names)))
    dealt: list[list[Combination]] = [[] for _ in range(subjects)]
    for index in drawn:
        chance = taste[:, index] * room
        subject = rng.choice(subjects, p=chance / chance.sum())
        room[subject] -= 1
        dealt[subject].append(names[index])
    return dealt


def deal_neutral(dealt: list[list[Combination]], share: float, seed: int) -> list[int]:
    """How many clips without any expression each subject has besides those of `draw_labels`.

    Args:
        dealt: from `draw_labels`. share: of neutral clips among all, below 1. seed: of the data set.
    Returns:
        one number for each subject, uneven as the clips themselves are.
    """
    clips = np.array([len(units) for units in dealt])
    wanted = clips * share / (1 - share)
    steps = np.floor(np.cumsum(wanted) + np.random.default_rng([seed, 13]).random()).astype(int)
    return np.diff(steps, prepend=0).tolist()


def _clips_per_subject(domain: Domain, subjects: int, clips: int, rng: np.random.Generator) -> np.ndarray:
    """Uneven counts (subjects,) that sum to `clips`, within the domain's fewest and most where that is possible."""
    fewest, most = domain.clips_per_subject
    fewest, most = min(fewest, clips // subjects), max(most, -(-clips // subjects))
    count = np.full(subjects, fewest)
    appetite = rng.dirichlet(np.full(subjects, 1.6))
    for _ in range(clips - fewest * subjects):
        wanting = np.where(count < most, appetite * clips - count, -np.inf)
        count[np.argmax(wanting)] += 1
    return count
