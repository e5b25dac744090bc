"""What happens in a long take, and when: expressions, blinks, speech, gaze shifts and head turns."""

from dataclasses import dataclass, field

import numpy as np

from dataset_scripts.synthetic.acting.combinations import combination_shares
from dataset_scripts.synthetic.acting.motion import Movement, draw_movement, ramp
from dataset_scripts.synthetic.camera.eyes import Gaze
from dataset_scripts.synthetic.config import MACRO_PX, Domain

KINDS = ("micro", "macro", "blink", "speech", "gaze", "turn")
_PER_MINUTE = {"blink": 15.0, "gaze": 12.0, "turn": 3.0}
_PAUSE = 0.7  # seconds of a quiet face around expressions and speech, at least
_BETWEEN_BLINKS = 0.6  # seconds from one to the next, at least; those drawn closer are left out
_SYLLABLE = 0.11  # seconds between the knots of a talking mouth
_TALK_PX = {"AU26": 4.5, "AU25": 1.6, "AU20": 0.7, "AU23": 1.0}
_TURN = (0.05, 0.10, 0.04)  # sigma of a turn about x, y, z (rad)
_MAX_TURN = 0.15


@dataclass(frozen=True)
class Event:
    """One thing that happens.

    Attributes:
        kind: one of KINDS. start, apex, end: seconds. amplitude_px: {unit: largest displacement in the standard crop}
            of an expression, empty for the rest.
    """

    kind: str
    start: float
    apex: float
    end: float
    amplitude_px: dict[str, float] = field(default_factory=dict)


@dataclass
class Script:
    """Courses of everything that moves in a take of T frames.

    Attributes:
        events: in order of time. pixels: {unit: (T,) displacement in the standard crop}. lids: (T,) 0 open, 1 shut.
        gaze: (T,) where the eyes look. turn: (T, 3) rotation about x, y, z (rad).
    """

    events: list[Event]
    pixels: dict[str, np.ndarray]
    lids: np.ndarray
    gaze: list[Gaze]
    turn: np.ndarray


def write_script(domain: Domain, times: np.ndarray, counts: dict[str, int | None], seed: tuple[int, ...]) -> Script:
    """Draw a take.

    Args:
        domain: its movements and combinations of units. times: (T,) seconds, evenly spaced. counts: {kind: how many},
            None to be drawn: 0 to 6 micro- and 0 to 2 macro-expressions, 0 or 1 stretch of speech, as far as there is
            room, and the rest by the minute. seed: of the take; every kind has a random stream of its own.
    Returns:
        The script.
    Raises:
        ValueError: more expressions than the take has room for.
    """
    streams = {kind: np.random.default_rng([*seed, index]) for index, kind in enumerate((*KINDS, "order"))}
    seconds = float(times[-1] - times[0])
    wanted = _counts(counts, seconds, streams["order"])
    expressions = _expressions(domain, wanted, counts, seconds, streams)
    script = Script([], {}, np.zeros(len(times)), [], np.zeros((len(times), 3)))
    for kind, movement in expressions:
        if isinstance(movement, Movement):
            for unit in movement.amplitude_px:
                script.pixels[unit] = script.pixels.get(unit, 0) + movement.curve(unit, times)
            script.events.append(Event(kind, movement.start, movement.apex, movement.end, movement.amplitude_px))
        else:
            script.events.append(_talk(script.pixels, times, *movement, streams["speech"]))
    script.events += _blinks(script.lids, times, wanted["blink"], streams["blink"])
    look, shifts = _looks(times, wanted["gaze"], streams["gaze"])
    script.gaze = [Gaze(*angles) for angles in look.tolist()]
    script.lids += np.clip(-look[:, 1], 0, None) * 0.9  # lids follow the eyes down
    script.events += shifts + _turns(script.turn, times, wanted["turn"], streams["turn"])
    script.events.sort(key=lambda event: (event.start, event.kind))
    return script


def _counts(counts: dict[str, int | None], seconds: float, rng: np.random.Generator) -> dict[str, int]:
    drawn = {"micro": int(rng.integers(0, 7)), "macro": int(rng.integers(0, 3)), "speech": int(rng.integers(0, 2))}
    room = seconds - 2 * _PAUSE
    for kind, length in (("micro", 1.6), ("macro", 4.5), ("speech", 4.5)):
        asked = counts.get(kind)
        drawn[kind] = min(drawn[kind], max(0, int(room / length))) if asked is None else asked
        room -= drawn[kind] * length
    for kind, rate in _PER_MINUTE.items():
        number = int(rng.poisson(rate * seconds / 60))
        drawn[kind] = number if counts.get(kind) is None else counts[kind]
    return drawn


def _expressions(domain: Domain, wanted: dict, counts: dict, seconds: float, streams: dict) -> list:
    """Micro, macro and speech one after the other: (kind, Movement) or ("speech", (start, end))."""
    names, shares = combination_shares(domain.name)
    order = streams["order"].permutation([kind for kind in ("micro", "macro", "speech") for _ in range(wanted[kind])])
    planned = []
    for kind in order.tolist():
        rng = streams[kind]
        if kind == "speech":
            planned.append((kind, min(rng.uniform(1.5, 3.5), seconds / 2), None))
            continue
        units = names[rng.choice(len(names), p=shares)]
        macro = kind == "macro"
        movement = draw_movement(
            domain.macro if macro else domain.motion, units, MACRO_PX if macro else domain.amplitude_px, rng
        )
        planned.append((kind, movement.end, movement))
    spare = seconds - sum(length for _, length, _ in planned) - (len(planned) + 1) * _PAUSE
    for index in reversed(range(len(planned))):
        if spare < 0 and counts.get(planned[index][0]) is None:  # drawn, not asked for: it may be left out
            spare += planned.pop(index)[1] + _PAUSE
    if spare < 0:
        raise ValueError(f"{len(planned)} expressions do not fit into {seconds:.1f} s: ask for fewer or a longer take")
    time, placed = 0.0, []
    for share, (kind, length, movement) in zip(_split(spare, len(planned), streams["order"]), planned, strict=False):
        time += _PAUSE + share
        placed.append((kind, (time, time + length) if movement is None else movement.later(time)))
        time += length
    return placed


def _split(length: float, parts: int, rng: np.random.Generator) -> list[float]:
    """Random gaps before each of the parts, and one after the last."""
    return (rng.dirichlet(np.full(parts + 1, 2.0)) * length).tolist()


def _talk(pixels: dict, times: np.ndarray, start: float, end: float, rng: np.random.Generator) -> Event:
    """Jaw and lips of someone who says a sentence: syllables under an envelope."""
    knots = np.arange(start, end + _SYLLABLE, _SYLLABLE)
    envelope = ramp((times - start) / 0.15) * (1 - ramp((times - end + 0.2) / 0.2))
    loud = np.abs(rng.normal(size=len(knots))) * rng.choice([0.15, 1.0], len(knots), p=(0.35, 0.65))
    for unit, size in _TALK_PX.items():
        own = (
            loud * (0.7 + 0.3 * rng.normal(size=len(knots)))
            if unit in ("AU25", "AU26")
            else rng.normal(size=len(knots))
        )
        course = np.interp(times, knots, np.clip(own, -1.5, 2.0))
        course = np.clip(course, 0, None) if unit in ("AU25", "AU26") else 0.6 * course
        pixels[unit] = pixels.get(unit, 0) + size * envelope * course
    apex = float(times[np.argmax(envelope * np.interp(times, knots, loud))])
    return Event("speech", start, apex, end)


def _blinks(lids: np.ndarray, times: np.ndarray, count: int, rng: np.random.Generator) -> list[Event]:
    events, free = [], -1.0
    for start in np.sort(rng.uniform(times[0], max(times[0], times[-1] - 0.4), count)).tolist():
        if start < free:
            continue
        free = start + _BETWEEN_BLINKS
        close, hold, open_again = rng.uniform(0.06, 0.10), rng.uniform(0.02, 0.08), rng.uniform(0.12, 0.22)
        depth = 1.0 if rng.random() < 0.8 else rng.uniform(0.4, 0.8)
        since = times - start
        course = depth * ramp(since / close) * (1 - ramp((since - close - hold) / open_again))
        np.maximum(lids, course, out=lids)
        events.append(Event("blink", start, start + close + hold / 2, start + close + hold + open_again))
    return events


def _looks(times: np.ndarray, count: int, rng: np.random.Generator) -> tuple[np.ndarray, list[Event]]:
    """Angles right and up (T, 2): away with a saccade, and back with another."""
    look, events = np.zeros((len(times), 2)), []
    for start in rng.uniform(times[0], max(times[0], times[-1] - 1.0), count).tolist():
        length, jump = rng.uniform(0.3, 1.5), np.clip(rng.normal(size=2) * (0.17, 0.08), -0.35, 0.35)
        shape = ramp((times - start) / 0.045) * (1 - ramp((times - start - length) / 0.045))
        look += shape[:, None] * jump
        events.append(Event("gaze", start, start + 0.045, start + length + 0.045))
    return np.clip(look, -0.4, 0.4), events


def _turns(turn: np.ndarray, times: np.ndarray, count: int, rng: np.random.Generator) -> list[Event]:
    events = []
    for start in rng.uniform(times[0], max(times[0], times[-1] - 2.0), count).tolist():
        go, hold, back = rng.uniform(0.4, 0.9), rng.uniform(0.1, 1.2), rng.uniform(0.5, 1.0)
        shape = ramp((times - start) / go) * (1 - ramp((times - start - go - hold) / back))
        turn += shape[:, None] * rng.normal(size=3) * _TURN
        events.append(Event("turn", start, start + go + hold / 2, start + go + hold + back))
    np.clip(turn, -_MAX_TURN, _MAX_TURN, out=turn)
    return events
