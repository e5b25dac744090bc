"""Movements: what the skin's motion says of when, and the model's reading of just that clip says of what.

    rises = find_rises(motion, rest, least)  # rises_aullm.py: when
    spotter = MovementSpotter(fps=30.0, threshold=0.5, action_units=["AU4", "AU12"])
    spotter.movement(spotted, answer, timed)  # a `RatedMovement`, or None

All that is weighed against each other stands here, in `MovementSpotter.score`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .movement_templates_aullm import TemplateFit
from .reading_types_aullm import RatedMovement
from .unit_templates_aullm import UNIT_TEMPLATES

MICRO_S = 0.5  # a movement that lasts no longer is a micro-expression, by the field's convention
MIN_ODDS = 1.5  # times those of the threshold: with a score of such odds it is a movement
IN_REACH = 0.5  # of that, after the first reading: a movement with less is not read again
TOGETHER = 0.7  # of the strongest unit's evidence: units above it belong to the same movement
MAX_UNITS = 3
SIZE_PX = 0.25  # a way of so many pixels along its units counts 63%, twice as many 86%
OWN_SHARE = 0.25  # of the largest way along the model's units: one along which the skin goes less is doubted
CLEAR, CLEARER = 3.1, 2.1  # a brief movement's standard deviations for an even chance; each more adds so much log-odds
SAID_AT_MOST = 0.95  # of a brief movement: no answer of the model counts for more, nor for less than the rest of 1
MOVING_PX_S = 20.0  # a second along units: skin that goes so fast makes a brief movement stand out 1.4 times as far
TURN_DEGREES, BRIEF_TURN_DEGREES = 8.0, 5.0  # a turn of the head by as much leaves 37% of a score
TALK_SHARE, BRIEF_TALK_SHARE = 0.2, 0.04  # of the distance of the eyes: lips that move by as much leave 37%
CHIN, PARTED_SHARE = ("AU15", "AU17"), 0.15  # lips that part by as much leave 37% of these: the chin went down
LIDS_PX = 0.7  # of a movement that lids move along with, so much is theirs
JAW, JAW_SHARE = ("AU25", "AU26", "AU28"), 0.7  # a way along them, of which other units have a smaller share, is speech
TIMED_S = 3.0  # no template is held so long that it could time a longer movement
WELL_TIMED = 0.5  # of the skin's course that a movement template has to explain for its marks to be taken
BEGINS_S = 0.3  # between its onset and that of the motion
SAME = 0.4  # of the time that a brief and another movement cover together: they are one if both last as long
GROWTH = 0.5  # a rise within another movement that is smaller than this share of it is a part of it


Timing = Callable[[str], TemplateFit | None]


@dataclass(frozen=True)
class Spotted:
    """A movement by its motion, with what speaks against it.

    Attributes:
        onset, top, apex, offset: frame numbers, see `Rise`.
        along: (U,) px along each of `UNIT_TEMPLATES`.
        turn: degrees by which the head turns meanwhile. talk: how far lips go back and forth around it.
        lids: share of its rise during which lids move. parted: how far lips part from onset to apex.
        stands_out, brief: see `Rise`; of a brief one turn and talk are of what is around it, too.
        speed_around: px a second that the skin goes at most meanwhile.
    """

    onset: int
    top: int
    apex: int
    offset: int
    along: np.ndarray
    turn: float
    talk: float
    lids: float
    parted: float = 0.0
    stands_out: float = 0.0
    speed_around: float = 0.0

    @property
    def brief(self) -> bool:
        """See `Rise`."""
        return self.stands_out > 0


class MovementSpotter:
    """Names and weighs movements.

    Args:
        fps: frames per second.
        threshold: an action unit counts as present from there on.
        action_units: K names.

    Attributes:
        places: of those that have a template, among `UNIT_TEMPLATES`; None where none has.
    """

    def __init__(self, fps: float, threshold: float, action_units: list[str]) -> None:
        self.fps, self.action_units = fps, action_units
        self.min_score = MIN_ODDS * threshold / (1 - threshold + MIN_ODDS * threshold)
        known = list(UNIT_TEMPLATES)
        self._templates = [known.index(name) if name in known else None for name in action_units]
        self.places = [place for place in self._templates if place is not None] or None
        self._jaw = [known.index(name) for name in JAW]
        self._chin = np.isin(action_units, CHIN)

    def movement(self, spotted: Spotted, answer: list[float], timed: Timing) -> RatedMovement | None:
        """The movement, None where model and motion together do not support one.

        Args:
            spotted: its motion.
            answer: K probabilities of its clip from onset to apex.
            timed: from a unit to the movement template that the skin matches best along it, in frame numbers.
        """
        units, score = self._weighed(spotted, answer)
        if score < self.min_score:
            return None
        fits = [fit for unit in units if (fit := timed(self.action_units[unit])) is not None]
        fit = max(fits, key=lambda each: each.explained, default=None)
        when = fit if fit is not None and self._times(fit, spotted) else spotted
        return {
            "onset": when.onset,
            "apex": when.apex,
            "offset": when.offset,
            "score": round(score, 4),
            "action_units": {self.action_units[unit]: round(answer[unit], 4) for unit in units},
            "kind": kind_of(when.onset, when.offset, self.fps),
        }

    def in_reach(self, spotted: Spotted, answer: list[float]) -> bool:
        """Whether other readings of the same movement may make it one; arguments as for `movement`."""
        return self._weighed(spotted, answer)[1] >= IN_REACH * self.min_score

    def _weighed(self, spotted: Spotted, answer: list[float]) -> tuple[list[int], float]:
        """Places of the units that it is of, the surest first, and its score."""
        ways = self._ways(spotted.along)  # (K,)
        evidence = np.array(answer) * np.clip(ways / (OWN_SHARE * max(ways.max(), 1e-6)), 0, 1)
        evidence *= self.believed(spotted.parted)
        strongest = np.argsort(-evidence, kind="stable")[:MAX_UNITS]
        units = [int(unit) for unit in strongest if evidence[unit] >= TOGETHER * evidence.max()]
        return units, self.score(float(evidence.max()), float(ways[units].max()), spotted)

    def believed(self, parted: float) -> np.ndarray:
        """(K,) 0 to 1, less for units of the chin where lips part: the jaw takes it down."""
        return np.where(self._chin, np.exp(-((parted / PARTED_SHARE) ** 2)), 1.0)

    def score(self, evidence: float, size: float, spotted: Spotted) -> float:
        """0 to 1, how sure a movement is: what the model answers, less what is small, or what head, lips, lids or jaw
        explain."""
        if spotted.brief:
            sure = _clear(evidence, spotted) * (1 - spotted.lids)
        else:
            sure, size = evidence, size - LIDS_PX * spotted.lids
        return float(sure * (1 - np.exp(-max(size, 0.0) / SIZE_PX)) * self.still(spotted) * self._no_jaw(spotted))

    def still(self, spotted: Spotted) -> float:
        """0 to 1, less where the head turns or lips talk; the less a movement is, the less of it explains it."""
        turn = spotted.turn / (BRIEF_TURN_DEGREES if spotted.brief else TURN_DEGREES)
        talk = spotted.talk / (BRIEF_TALK_SHARE if spotted.brief else TALK_SHARE)
        return float(np.exp(-(turn**2) - talk**2))

    def _times(self, fit: TemplateFit, spotted: Spotted) -> bool:
        """Whether a template says more exactly when a movement is: it is of the same one, and explains it."""
        if spotted.brief or spotted.offset - spotted.onset > TIMED_S * self.fps or fit.explained < WELL_TIMED:
            return False
        begins_there = abs(fit.onset - spotted.onset) <= BEGINS_S * self.fps
        return begins_there and fit.onset <= spotted.top <= fit.offset

    def _no_jaw(self, spotted: Spotted) -> float:
        """0 to 1, less where the jaw opens and no unit that the model knows moves as far."""
        jaw = max(spotted.along[place] for place in self._jaw)
        known = max(self._ways(spotted.along).max(), 0.0)
        return min(1.0, known / (JAW_SHARE * jaw)) if jaw > 0 else 1.0

    def _ways(self, along: np.ndarray) -> np.ndarray:
        """(K,) px that the skin goes along each of the model's units; of one without a template the largest of all."""
        return np.array([along.max() if place is None else along[place] for place in self._templates])


def _clear(evidence: float, spotted: Spotted) -> float:
    """0 to 1, how sure a brief movement is by how far it stands out, and by what the model answers."""
    stands_out = spotted.stands_out / np.hypot(1, spotted.speed_around / MOVING_PX_S)
    said = np.clip(evidence, 1 - SAID_AT_MOST, SAID_AT_MOST)
    return float(1 / (1 + np.exp(-CLEARER * (stands_out - CLEAR)) * (1 - said) / said))


def kind_of(onset: int, offset: int, fps: float) -> Literal["micro", "macro"]:
    """By how long it lasts from one frame to the other."""
    return "micro" if (offset - onset) / fps <= MICRO_S else "macro"


def apart(
    found: list[tuple[Spotted, RatedMovement]], known: list[tuple[Spotted, RatedMovement]]
) -> list[tuple[Spotted, RatedMovement]]:
    """Those that are movements of their own, in order of time: of two that are parts of one the larger stays.

    Args:
        found: new ones. known: of before, which stay in any case.

    A brief movement stands out of whatever else the skin does, so it is a part of a longer one only on its rise; where
    both last about as long, they are one.
    """
    kept = list(known)
    for each in sorted(found, key=lambda pair: -pair[0].along.max()):
        if not any(_part_of(each, other) or _part_of(other, each) for other in kept):
            kept.append(each)
    return sorted(kept[len(known) :], key=lambda pair: pair[1]["onset"])


def _part_of(one: tuple[Spotted, RatedMovement], other: tuple[Spotted, RatedMovement]) -> bool:
    """Whether a movement begins while another one lasts, and only adds to it.

    By its motion, or, where both are of the same unit, by the marks that are told.
    """
    if one[0].brief != other[0].brief:
        return _shared(one[1], other[1]) >= SAME or (one[0].brief and _on_the_way(one[1], other))
    alike = bool(one[1]["action_units"].keys() & other[1]["action_units"].keys())
    within = other[0].onset <= one[0].onset < other[0].offset
    rises = alike and other[1]["onset"] <= one[1]["onset"] < other[1]["apex"]
    if not (within or rises):
        return False
    smaller = one[0].along.max() < GROWTH * other[0].along.max()
    again = one[0].onset >= other[0].apex  # from there on, it is made once more
    return rises or smaller or (alike and not again)


def _shared(one: RatedMovement, other: RatedMovement) -> float:
    """Frames that two movements share, of all that they cover."""
    frames = [set(range(each["onset"], each["offset"] + 1)) for each in (one, other)]
    return len(frames[0] & frames[1]) / len(frames[0] | frames[1])


def _on_the_way(brief: RatedMovement, other: tuple[Spotted, RatedMovement]) -> bool:
    """Whether a brief movement peaks while another rises: that goes unevenly, and takes skin of other units along.

    It rises to its apex by its motion or by the template that times it, whichever comes later.
    """
    motion, told = other
    return told["onset"] <= brief["apex"] <= max(told["apex"], motion.apex)
