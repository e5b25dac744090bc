"""Movements by motion alone: where the skin sets out from rest, how far it goes, and when it is back.

motion = SkinMotion.of(traces, blinks)
for rise in find_rises(motion, rest, least=0.35):
    rise.onset, rise.top, rise.apex, rise.offset, rise.along
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .blinks_aullm import EyesClosed
from .brief_motion_aullm import brief_motion, reach_of, there_and_back
from .skin_traces_aullm import SkinTraces
from .unit_templates_aullm import along_units, unit_axes

SPEED_S = 0.05  # each way, over which the skin's speed is measured
SLOWER = 1.7  # times: where speed falls by so much and rises again, one way ends and another begins
SLOW_PX_S = 1.0  # px a second that are added to speeds before they are compared, so that noise makes no ways
STANDS = 0.25  # of a way's highest speed over noise: it begins and ends where the skin is slower
QUIET = 0.1  # of all frames are slower than noise
RETURN, HOME = 0.5, 0.6  # a way that leads back by so much of itself, and ends at so much of its distance from rest
BACKWARDS, LONGER = 0.7, 1.5  # one against an earlier way, by its cosine, and at most so many times as long
ROUGHLY, FAR_LONGER = 0.6, 2.0  # the same of one that leads back to rest
UNDONE = 0.25  # of an earlier way: it is all undone where less is left of it
SAME_WAY, GAP_S, LONGEST_RISE_S = 0.5, 0.3, 1.5  # cosine, pause and length up to which ways are one rise
AGAIN = 0.4  # of a movement's way: one that goes on along it by as much after its apex is another
LONGEST_SMALL_S = 0.5  # of the rise of a movement that shows along a single unit only
STANDS_OUT, BRIEF_PX = 3.0, 0.1  # standard deviations and px of a movement there and back: it is looked at from there
BEGUN, GONE = 0.1, 0.9  # of its size: a movement has not begun where it is below, and is at its top above
FALLING, BACK = 0.5, 0.15  # of its size: a movement is on the way back where it falls below, and back there
STANDS_STILL = 0.03  # of its size: one that falls by less in `SPEED_S` falls no further


@dataclass(frozen=True)
class SkinMotion:
    """How a face's skin moves along action units, lids left out while they move.

    Attributes:
        fps: frames per second.
        skin: (n, C, 2) px, smoothed.
        course: (n, D) the part of it that units explain, in coordinates of the space that their templates span.
        along: (n, U) px of each unit's template. brief: (n, U) how far each stands out, there and back, see
            `brief_motion`.
        speed: (n,) of `course`, px a second. skin_speed: (n,) of all skin, root mean square over the cells.
        trust: (C,) weight of each cell. axes: (C, 2, D) of the course.
    """

    fps: float
    skin: np.ndarray
    course: np.ndarray
    along: np.ndarray
    brief: np.ndarray
    speed: np.ndarray
    skin_speed: np.ndarray
    trust: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, traces: SkinTraces, blinks: list[EyesClosed]) -> "SkinMotion":
        """Of all frames of the traces; blinks are places in them."""
        skin, axes = traces.without_lids(blinks), unit_axes(traces.trust)
        course = np.einsum("ncp,cpd->nd", skin, axes)
        spread = skin.reshape(len(skin), -1) / np.sqrt(skin.shape[1])
        return cls(
            fps=traces.fps,
            skin=skin,
            course=course,
            along=along_units(skin, traces.trust),
            brief=brief_motion(skin, traces.trust, traces.fps),
            speed=speed_of(course, traces.fps),
            skin_speed=speed_of(spread, traces.fps),
            trust=traces.trust,
            axes=axes,
        )

    def course_of(self, skin: np.ndarray) -> np.ndarray:
        """(D,) of skin (C, 2) in some frame."""
        return np.einsum("cp,cpd->d", skin, self.axes)

    def along_of(self, skin: np.ndarray) -> np.ndarray:
        """(U,) of skin (C, 2) in some frame."""
        return along_units(skin[None], self.trust)[0]

    def __len__(self) -> int:
        return len(self.skin)


@dataclass(frozen=True)
class Rise:
    """A movement by its motion; places in the traces.

    Attributes:
        onset: the last frame before it. top: where it is nearly as far as it goes. apex: where it is farthest.
        offset: where it is back, or as far as it is known.
        along: (U,) px that it goes along each unit, from onset to top.
        stands_out: of a brief one, there and back at once, how many standard deviations of what this face does by
            itself; 0 of all others.
    """

    onset: int
    top: int
    apex: int
    offset: int
    along: np.ndarray
    stands_out: float = 0.0

    @property
    def brief(self) -> bool:
        """Whether it was found by going there and back at once, whatever the rest of the skin does."""
        return self.stands_out > 0


def speed_of(course: np.ndarray, fps: float) -> np.ndarray:
    """(n,) how fast a course (n, D) goes, per second."""
    places, reach = np.arange(len(course)), max(1, round(SPEED_S * fps))
    before, after = np.maximum(places - reach, 0), np.minimum(places + reach, len(course) - 1)
    return np.linalg.norm(course[after] - course[before], axis=1) * fps / np.maximum(after - before, 1)


def find_rises(motion: SkinMotion, rest: np.ndarray, least: float, units: Sequence[int] | None = None) -> list[Rise]:
    """Movements away from rest, in order of time; returns to it are left out.

    Args:
        motion: of a face.
        rest: (n, D) where the course stands at rest, for each frame.
        least: px along some unit that a movement goes at least, unless it is brief.
        units: places of those along which brief movements are looked for; all by default.

    Source: our choice. Speed tells where one way ends and the next begins, however large they are; what is too small
        or too short for that shows along its unit. The rest that came before tells a movement from its release, which
        moves the same skin as the opposite unit would.
    """
    ways = _ways(motion.speed)
    away = _setting_out(motion.course, rest, ways)
    joined = _joined(motion, away)
    until = [*(onset for onset, _ in joined[1:]), len(motion) - 1]
    rises = [_rise(motion, *way, end) for way, end in zip(joined, until, strict=False)]
    rises = _until_the_next(motion, [rise for rise in rises if rise.along.max() >= least])
    taken = [(rise.onset, rise.top) for rise in rises] + [way for way in ways if way not in away]
    ends = len(motion) - 1
    small = [
        _rise(motion, *way, ends) for way in _small_ways(motion, least) if not _leads_back(motion.course, rest, *way)
    ]
    for rise in sorted(small, key=lambda each: -each.along.max()):
        if rise.along.max() >= least and not any(rise.onset <= last and first <= rise.top for first, last in taken):
            rises.append(rise)
            taken.append((rise.onset, rise.top))
    brief = _brief(motion, slice(None) if units is None else units)
    return sorted([*rises, *brief], key=lambda each: each.onset)


def turning_points(curve: np.ndarray, least: float) -> list[int]:
    """Places of the lows and highs between which a curve goes by at least so much, in turn, the first one a low."""
    turns, low, high, rising = [], 0, 0, None
    for at, value in enumerate(curve):
        low, high = (at if value < curve[low] else low), (at if value > curve[high] else high)
        if rising is not True and value - curve[low] >= least:
            turns.append(low)
            high, rising = at, True
        elif rising is not False and curve[high] - value >= least:
            turns += [high] if turns else [0, high]
            low, rising = at, False
    return [*turns, high if rising else low] if turns else []


def _ways(speed: np.ndarray) -> list[tuple[int, int]]:
    """First and last place of each stretch of motion, from standing still to standing still."""
    turns, ways = turning_points(np.log(speed + SLOW_PX_S), np.log(SLOWER)), []
    noise = float(np.quantile(speed, QUIET)) if len(speed) else 0.0
    for k in range(1, len(turns), 2):
        before, peak = turns[k - 1 : k + 1]
        after = turns[k + 1] if k + 1 < len(turns) else len(speed) - 1
        stands = speed < noise + STANDS * (speed[peak] - noise)
        onset = before + int(np.flatnonzero(stands[before:peak])[-1]) if stands[before:peak].any() else before
        top = peak + int(stands[peak : after + 1].argmax()) if stands[peak : after + 1].any() else after
        ways.append((onset, top))
    return ways


def _small_ways(motion: SkinMotion, least: float) -> Iterator[tuple[int, int]]:
    """Ways along single units, which are too small for the speed of all skin to tell."""
    longest = LONGEST_SMALL_S * motion.fps
    for unit in motion.along.T:
        turns = turning_points(unit, least)
        for low, high in zip(turns[::2], turns[1::2], strict=False):
            gone = (unit[low : high + 1] - unit[low]) / max(unit[high] - unit[low], 1e-6)
            top = int((gone >= GONE).argmax())
            onset = int(np.flatnonzero(gone[: top + 1] <= BEGUN)[-1])
            if 0 < top - onset <= longest:
                yield low + onset, low + top


def _brief(motion: SkinMotion, units: Sequence[int] | slice) -> list[Rise]:
    """Movements there and back at once that stand out of what this face does by itself; of several at a time the
    clearest. They last as long as is looked for: nothing that was fitted to their course came nearer to the truth.
    """
    clearest, reach, found = motion.brief[:, units].max(1), reach_of(motion.fps), []
    for apex in range(reach + 1, len(motion) - reach - 1):  # what is clearest where it begins to be known may be no top
        onset, offset = apex - reach, apex + reach
        if clearest[apex] < max(STANDS_OUT, clearest[onset : offset + 1].max()):
            continue
        step = there_and_back(motion.along[onset : offset + 1], reach)[0]
        if step[units].max() >= BRIEF_PX:
            found.append(Rise(onset, apex, apex, offset, step, float(clearest[apex])))
    return found


@dataclass
class _Gone:
    """An earlier way (D,), and the share of it that was not gone back yet."""

    way: np.ndarray
    left: float = 1.0

    def undone_by(self, way: np.ndarray, to_rest: bool) -> bool:
        """Whether another way, which leads back to rest or not, leads back along it."""
        against, longer = (ROUGHLY, FAR_LONGER) if to_rest else (BACKWARDS, LONGER)
        length, other = np.linalg.norm(self.way), np.linalg.norm(way)
        return bool(way @ self.way <= -against * length * other and other <= longer * length)


def _setting_out(course: np.ndarray, rest: np.ndarray, ways: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ways that are no returns, neither along an earlier way nor to rest.

    Rest alone does not tell: a head that turns leaves its trace in the course, as far as a smile goes, and a movement
    that sets out from there may lead nearer to rest.
    """
    kept: list[tuple[int, int]] = []
    gone: list[_Gone] = []
    for onset, top in ways:
        way = course[top] - course[onset]
        to_rest = _leads_back(course, rest, onset, top)
        earlier = next((each for each in reversed(gone) if each.undone_by(way, to_rest)), None)
        if earlier is not None:
            earlier.left -= float(np.linalg.norm(way) / np.linalg.norm(earlier.way))
            gone = [each for each in gone if each.left >= UNDONE]
        elif not (to_rest and _ends_at_home(course, rest, onset, top)):
            kept.append((onset, top))
            gone.append(_Gone(way))
    return kept


def _leads_back(course: np.ndarray, rest: np.ndarray, onset: int, top: int) -> bool:
    """Whether more than half of a way leads back to rest."""
    way = course[top] - course[onset]
    return bool((course[onset] - rest[onset]) @ way < -RETURN * (way @ way))


def _ends_at_home(course: np.ndarray, rest: np.ndarray, onset: int, top: int) -> bool:
    before, after = (np.linalg.norm(course[place] - rest[onset]) for place in (onset, top))
    return bool(after < HOME * before)


def _joined(motion: SkinMotion, ways: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ways of one direction with hardly a pause between them, as one."""
    joined: list[tuple[int, int]] = []
    for onset, top in ways:
        if joined:
            first, last = joined[-1]
            before, way = (motion.course[b] - motion.course[a] for a, b in ((first, last), (onset, top)))
            alike = before @ way >= SAME_WAY * np.linalg.norm(before) * np.linalg.norm(way)
            if alike and onset - last <= GAP_S * motion.fps and top - first <= LONGEST_RISE_S * motion.fps:
                joined[-1] = first, top
                continue
        joined.append((onset, top))
    return joined


def _rise(motion: SkinMotion, onset: int, top: int, until: int) -> Rise:
    """The movement that sets out with a way; another does at `until`, and what is reached from there on is its own."""
    way = motion.course[top] - motion.course[onset]
    square = max(float(way @ way), 1e-12)
    gone = (motion.course[onset:] - motion.course[onset]) @ way / square  # share of the way, from the onset on
    begun = int(np.flatnonzero(gone[: top - onset + 1] <= BEGUN)[-1])
    onset, gone = onset + begun, gone[begun:]
    below = np.flatnonzero(gone[top - onset :] < FALLING)
    falls = top + int(below[0]) if len(below) else len(motion) - 1
    apex = onset + int(gone[: min(falls, max(until, top)) - onset + 1].argmax())
    return Rise(
        onset=onset,
        top=top,
        apex=apex,
        offset=onset + _back(gone, falls - onset, max(1, round(SPEED_S * motion.fps))),
        along=motion.along[top] - motion.along[onset],
    )


def _until_the_next(motion: SkinMotion, rises: list[Rise]) -> list[Rise]:
    """The same; a movement that does not quite come back ends where it is made once more, as raised brows often are."""
    ways = np.array([motion.course[rise.top] - motion.course[rise.onset] for rise in rises])  # (R, D)
    ended = []
    for k, rise in enumerate(rises):
        goes_on = ways[k + 1 :] @ ways[k] >= AGAIN * (ways[k] @ ways[k])
        again = (
            other.onset for other, on in zip(rises[k + 1 :], goes_on, strict=True) if on and other.onset >= rise.apex
        )
        ended.append(replace(rise, offset=min(rise.offset, next(again, rise.offset))))
    return ended


def _back(gone: np.ndarray, falls: int, reach: int) -> int:
    """Where a movement that falls at some place is back: near where it began, or where it falls no further."""
    stands = gone[falls:-reach] - gone[falls + reach :] < STANDS_STILL
    ends = np.flatnonzero((gone[falls : len(gone) - reach] < BACK) | stands)
    return falls + int(ends[0]) if len(ends) else len(gone) - 1
