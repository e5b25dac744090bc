"""The timeline: one row per action unit over time, movements as numbered buttons, blinks as marks.

It is HTML, not a picture: it is read aloud, reached by keyboard, and as wide as the screen. Positions are percentages
of the time that was read; curves are SVG stretched to the row.

Tested in tests/space_app/test_figures.py.
"""

from html import escape

from readings import Movement, face_of, holes_of, lids_of, movements_of, span_of, stretches_of
from words import LIDS, label, number

NARROWEST = 340  # px: the row on a phone; buttons that would touch there go to the next lane
BUTTON = 30  # px: a numbered button
HOLE = '<span class="key hole" aria-hidden="true"></span> face not seen '


def timeline(reading: dict, face: int, chosen: int | None = None) -> str:
    """HTML of the timeline of one face.

    Args:
        reading: of the pipeline.
        face: which.
        chosen: number of the movement that is looked at closer.

    Returns:
        A section; its buttons carry `data-movement`, the number of the movement. Behind a click where the face is not
        seen well enough to say anything.
    """
    scale = _Scale(*span_of(reading, face))
    movements = movements_of(reading, face)
    rows = [
        _row(
            "Movements",
            "number = press to look closer",
            _buttons(movements, scale, reading["meanings"], chosen),
            "marks",
        ),
        _row("Blinks", "eyes closed, or one of them", _blinks(reading, face, scale), "blinks"),
    ]
    rows += [
        _row(label(unit, reading["meanings"]), "", _curve(reading, face, k, scale, movements), "curve")
        for k, unit in enumerate(reading["action_units"])
    ]
    legend = (
        '<p class="legend"><span class="key micro">1</span> very short movement '
        '<span class="key macro">2</span> longer movement '
        '<span class="key blink" aria-hidden="true"></span> blink '
        f"{HOLE if holes_of(reading, face) else ''}"
        '<span class="key line" aria-hidden="true"></span> score reaches '
        f"{reading['threshold']:g}: counted as present</p>"
    )
    drawn = f'<div class="timeline">{legend}{"".join(rows)}{scale.axis()}</div>{_table(reading, face, movements)}'
    if not face_of(reading, face)["view"]:
        return drawn
    opened = "" if chosen is None else " open"
    return f'<details class="doubted"{opened}><summary>When it would say so: the timeline</summary>{drawn}</details>'


class _Scale:
    """Seconds to percent of the row's width."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end

    def at(self, seconds: float) -> float:
        return round(min(max(100 * (seconds - self.start) / (self.end - self.start), 0.0), 100.0), 2)

    def axis(self) -> str:
        """Round seconds below the rows, at most seven."""
        span = self.end - self.start
        step = next((each for each in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30) if span / each <= 6), 60)
        first = -(-self.start // step) * step
        ticks = [first + step * i for i in range(7) if first + step * i <= self.end + 1e-6]
        marks = "".join(f'<span style="left:{self.at(tick)}%">{tick:g} s</span>' for tick in ticks)
        return f'<div class="axis" aria-hidden="true">{marks}</div>'


def _row(name: str, note: str, content: str, kind: str) -> str:
    return (
        f'<div class="row {kind}"><div class="name"><b>{escape(name)}</b> <small>{escape(note)}</small></div>'
        f'<div class="track">{content}</div></div>'
    )


def _buttons(movements: list[Movement], scale: _Scale, meanings: dict, chosen: int | None) -> str:
    """One button per movement, in lanes so that none covers another on a phone."""
    if not movements:
        return '<span class="none">nothing moved</span>'
    lanes, parts = [], []
    for each in movements:
        centre = scale.at(each.peak)
        lane = next((i for i, last in enumerate(lanes) if centre - last >= 100 * BUTTON / NARROWEST), len(lanes))
        lanes[lane:] = [centre, *lanes[lane + 1 :]]
        pressed = "true" if each.number == chosen else "false"
        parts.append(
            f'<button type="button" class="{each.kind}" data-movement="{each.number}" aria-pressed="{pressed}" '
            f'style="left:clamp({BUTTON // 2}px,{centre}%,calc(100% - {BUTTON // 2}px));top:{lane * (BUTTON + 4)}px" '
            f'aria-label="{escape(_spoken(each, meanings))}" title="{escape(each.short(meanings))}">{each.number}'
            "</button>"
        )
    return f'<div class="lanes" style="height:{len(lanes) * (BUTTON + 4)}px">{"".join(parts)}</div>'


def _spoken(movement: Movement, meanings: dict) -> str:
    return f"Movement {movement.short(meanings)}. From {movement.start:.1f} to {movement.end:.1f} s. Look closer."


def _blinks(reading: dict, face: int, scale: _Scale) -> str:
    found = ((kind, each) for kind, some in lids_of(reading, face).items() for each in some)
    told = sorted((each["apex"] / reading["fps"], kind) for kind, each in found)
    if not told:
        return '<span class="none">none</span>'
    said = f'<span class="hidden-text">{len(told)}: {", ".join(f"{kind} at {t:.1f} s" for t, kind in told)}</span>'
    return said + "".join(
        f'<i class="blink" style="left:{scale.at(t)}%" title="{kind} at {t:.1f} s"></i>' for t, kind in told
    )


def _curve(reading: dict, face: int, k: int, scale: _Scale, movements: list[Movement]) -> str:
    """The score over time, where the face was seen; windows that the model skipped because nothing moved count as 0."""
    unit, fps = reading["action_units"][k], reading["fps"]
    stretches = [
        [
            (scale.at((each["onset"] + each["offset"]) / 2 / fps), (each["probabilities"] or [0.0] * (k + 1))[k])
            for each in windows
        ]
        for windows in stretches_of(reading, face)
    ]
    holes = "".join(_span("hole", since, to, scale) for since, to in holes_of(reading, face))
    spans = "".join(
        _span("present", each.start, each.end, scale)
        for each in movements
        if unit in each.units and each.ours  # a rise of the second opinion reaches no threshold
    )
    best = max((p for points in stretches for _, p in points), default=0.0)
    level = 100 - 100 * reading["threshold"]
    return (
        f'{holes}{spans}<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f"{''.join(_line(points) for points in stretches)}"
        f'<line x1="0" x2="100" y1="{level:g}" y2="{level:g}"/></svg>'
        f'<span class="best"><span class="hidden-text">highest score </span>{number(best)}</span>'
    )


def _span(kind: str, start: float, end: float, scale: _Scale) -> str:
    width = max(scale.at(end) - scale.at(start), 0.6)
    return f'<i class="{kind}" style="left:{scale.at(start)}%;width:{width:.2f}%"></i>'


def _line(points: list[tuple[float, float]]) -> str:
    """A curve and the area below it; points are percent of the width and scores."""
    line = " ".join(f"{x},{100 - 100 * p:.0f}" for x, p in points)
    return f'<polygon points="{points[0][0]},100 {line} {points[-1][0]},100"/><polyline points="{line}"/>'


def _table(reading: dict, face: int, movements: list[Movement]) -> str:
    """The same as text."""
    fps, meanings = reading["fps"], reading["meanings"]
    rows = [
        (each.start, _cells(str(each.number), each.start, each.end, each.peak, _told(each, meanings)))
        for each in movements
    ]
    for kind, each in ((kind, each) for kind, some in lids_of(reading, face).items() for each in some):
        onset, apex, offset = (each[name] / fps for name in ("onset", "apex", "offset"))
        rows.append((onset, _cells(kind, onset, offset, apex, LIDS[kind])))
    body = "".join(f"<tr>{cells}</tr>" for _, cells in sorted(rows)) or '<tr><td colspan="4">nothing moved</td></tr>'
    return (
        '<details class="as-table"><summary>The same as a table</summary><table><thead><tr><th scope="col">No.</th>'
        '<th scope="col">From–to (s)</th><th scope="col">Strongest (s)</th><th scope="col">What moved, with score</th>'
        f"</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _told(movement: Movement, meanings: dict) -> str:
    units = ", ".join(f"{label(unit, meanings)} {number(p)}" for unit, p in movement.units.items()) or "not named"
    return units if movement.ours else f"{units} (second opinion)"


def _cells(name: str, start: float, end: float, peak: float, what: str) -> str:
    return f"<td>{name}</td><td>{start:.2f}–{end:.2f}</td><td>{peak:.2f}</td><td>{escape(what)}</td>"
