"""What happens in a long take, and when: expressions, speech, mouths, lids, gaze shifts and head turns."""

from dataclasses import dataclass, field

import numpy as np

from dataset_scripts.synthetic.acting.combinations import combination_shares
from dataset_scripts.synthetic.acting.lids import LidMovement, draw_blinks, draw_closures, draw_winks
from dataset_scripts.synthetic.acting.motion import Movement, add_up, draw_movement, ramp
from dataset_scripts.synthetic.acting.nuisances import draw_company
from dataset_scripts.synthetic.camera.eyes import Gaze
from dataset_scripts.synthetic.config import GRAND_PX, Domain
from dataset_scripts.synthetic.people.sides import Side

KINDS = ("micro", "macro", "blink", "speech", "gaze", "turn", "closure", "wink", "mouth")
_PER_MINUTE = {"blink": 15.0, "gaze": 12.0, "turn": 3.0, "closure": 1.0, "wink": 1.0, "mouth": 3.0}
_PAUSE = 0.7  # seconds of a quiet face around expressions and speech, at least
_SYLLABLE = 0.11  # seconds between the knots of a talking mouth
_TALK_PX = {"AU26": 4.0, "AU25": 1.6, "AU20": 0.7, "AU23": 1.2}
_LOUDNESS = (0.5, 0.4, 2.6)  # log sigma between people who talk, least, most
_MOST_JAW_PX = 20.0
_MOUTH_PX = 2.0  # median of what mouths do by themselves
_SMILING = 0.4  # share of macro-expressions that are smiles: sheets of micro-expressions hold few, people smile often
_SMILES = (("AU12",), ("AU12", "AU6"))
_TURN = (0.05, 0.10, 0.04)  # sigma of a turn about x, y, z (rad)
_MAX_TURN = 0.15


@dataclass(frozen=True)
class Event:
    """One thing that happens.

    Attributes:
        kind: one of KINDS. start, apex, end: seconds. release: when it begins to go back; None where it has no hold.
        amplitude_px: {unit: largest displacement in the standard crop, None where that is not told} of expressions and
            mouths; AU46 of a wink; empty for the rest. sides: {unit: "L" or "R"} of those that moved one side.
    """

    kind: str
    start: float
    apex: float
    end: float
    release: float | None = None
    amplitude_px: dict[str, float | None] = field(default_factory=dict)
    sides: dict[str, Side] = field(default_factory=dict)


@dataclass
class Script:
    """Courses of everything that moves in a take of T frames.

    Attributes:
        events: in order of time. pixels: {unit, or name of one side of it: (T,) displacement in the standard crop}.
        lids: (2, T) left and right, 0 open, 1 shut. gaze: (T,) where the eyes look.
        turn: (T, 3) rotation about x, y, z (rad). large: macro-expressions, in order of time.
    """

    events: list[Event]
    pixels: dict[str, np.ndarray]
    lids: np.ndarray
    gaze: list[Gaze]
    turn: np.ndarray
    large: list[Movement]


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
    script = Script([], {}, np.zeros((2, len(times))), [], np.zeros((len(times), 3)), [])
    for kind, movement in _expressions(domain, wanted, counts, seconds, streams):
        if isinstance(movement, Movement):
            act(script, kind, movement, times)
        else:
            script.events.append(_talk(script.pixels, times, *movement, streams["speech"]))
    for movement in _mouths(times, wanted["mouth"], streams["mouth"]):
        act(script, "mouth", movement, times)
    busy: list[LidMovement] = []
    for kind, draw in (("closure", draw_closures), ("wink", draw_winks), ("blink", draw_blinks)):
        free = [
            each for each in draw(times, wanted[kind], streams[kind]) if not any(each.meets(other) for other in busy)
        ]
        script.events += [_shut(script, kind, lids, times) for lids in free]
        busy += free
    look, shifts = _looks(times, wanted["gaze"], streams["gaze"])
    script.gaze = [Gaze(*angles) for angles in look.tolist()]
    script.lids += np.clip(-look[:, 1], 0, None) * 0.9  # lids follow the eyes down
    script.events += shifts + _turns(script.turn, times, wanted["turn"], streams["turn"])
    script.events.sort(key=lambda event: (event.start, event.kind))
    return script


def act(script: Script, kind: str, movement: Movement, times: np.ndarray) -> None:
    """Put a movement into the script, and what goes along with it uncoded as the mouth's own.

    Args:
        script: of a take; its events are no longer in order of time.
        kind: of `KINDS`.
        movement: what moves. times: (T,) seconds of the take.
    """
    script.pixels = add_up([script.pixels, movement.courses(times)])
    for name, own in ((kind, False), ("mouth", True)):
        sizes = {unit: size for unit, size in movement.amplitude_px.items() if (unit in movement.company) == own}
        sides = {unit: side for unit, side in movement.sides.items() if unit in sizes}
        if sizes:
            span = (movement.start, movement.apex, movement.end, movement.release)
            script.events.append(Event(name, *span, sizes, sides))
    if kind == "macro":
        script.large.append(movement)


def _mouths(times: np.ndarray, count: int, rng: np.random.Generator) -> list[Movement]:
    """What mouths do by themselves, where a take has the time for it."""
    starts = rng.uniform(times[0], max(times[0], times[-1] - 2.0), count)
    drawn = [draw_company(rng, float(start), _MOUTH_PX) for start in starts]
    return [movement for movement in drawn if movement.end < times[-1]]


def _shut(script: Script, kind: str, lids: LidMovement, times: np.ndarray) -> Event:
    np.maximum(script.lids, lids.lids(times), out=script.lids)
    script.pixels = add_up([script.pixels, {name: pixels * lids.share(times) for name, pixels in lids.along.items()}])
    wink = {} if lids.side == "both" else {"AU46": lids.side}
    return Event(kind, lids.start, lids.apex, lids.end, lids.release, dict.fromkeys(wink), wink)


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
        units, macro = names[rng.choice(len(names), p=shares)], kind == "macro"
        if macro and rng.random() < _SMILING:
            units = _SMILES[rng.integers(len(_SMILES))]
        movement = draw_movement(
            domain.grand if macro else domain.motion, units, GRAND_PX if macro else domain.amplitude_px, rng
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
    sigma, least, most = _LOUDNESS
    size = float(np.clip(np.exp(rng.normal() * sigma), least, most))
    for unit, pixels_of_unit in _TALK_PX.items():
        opens = unit in ("AU25", "AU26")
        own = loud * (0.7 + 0.3 * rng.normal(size=len(knots))) if opens else rng.normal(size=len(knots))
        course = np.interp(times, knots, np.clip(own, -1.5, 2.0))
        course = size * np.clip(course, 0, None) if opens else 0.6 * course
        moved = np.minimum(pixels_of_unit * envelope * course, _MOST_JAW_PX)
        pixels[unit] = pixels[unit] + moved if unit in pixels else moved
    apex = float(times[np.argmax(envelope * np.interp(times, knots, loud))])
    return Event("speech", start, apex, end)


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
