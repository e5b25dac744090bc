"""What the model weighed for one movement, as lists, bars and a graph in HTML and SVG.

Every bar carries its number and every picture a text, so colour and length are never the only carrier.
"""

import math
from html import escape

import numpy as np
from words import EXPERTS, label, number, plain

STRONGEST = 8  # relations drawn
WEAKEST = 0.1  # of the strongest one
MIN_CHANGE = 0.03  # of a score, to be worth a row: a table has room for more than the pipeline's sentences, from 0.05
GRAPH = 340  # px: side of the graph


def unit_bars(probabilities: dict[str, float], threshold: float, meanings: dict) -> str:
    """Scores of all action units, highest first, with a mark at the threshold."""
    rows = "".join(
        _bar(label(unit, meanings), p, p, "seen" if p >= threshold else "too low to count", p >= threshold, threshold)
        for unit, p in sorted(probabilities.items(), key=lambda each: -each[1])
    )
    return f'<ul class="bars">{rows}</ul>'


def expert_bars(weights: dict[str, float]) -> str:
    """How much each expert spoke, highest first; empty for a model that does not weigh them."""
    if not weights:
        return ""
    most = max(weights.values())
    rows = "".join(
        _bar(f"looked at {EXPERTS.get(name, name)}", p, p / most, f"{100 * p:.0f}%", p == most)
        for name, p in sorted(weights.items(), key=lambda each: -each[1])
    )
    return f'<h4>What it looked at</h4><ul class="bars experts">{rows}</ul>'


def _bar(name: str, value: float, share: float, tag: str, strong: bool, mark: float | None = None) -> str:
    line = "" if mark is None else f'<i class="mark" style="left:{100 * mark:.0f}%"></i>'
    value_text = tag if tag.endswith("%") else number(value)
    note = "" if tag.endswith("%") else f" <small>{tag}</small>"
    return (
        f'<li class="{"strong" if strong else "weak"}"><span>{escape(name)}{note}</span><b>{value_text}</b>'
        f'<div class="bar" aria-hidden="true"><i style="width:{100 * share:.1f}%"></i>{line}</div></li>'
    )


def relation_graph(explanation: dict, units: list[str], present: set[str], meanings: dict) -> str:
    """Who listens to whom: the strongest relations, as a circle and as sentences; empty without a graph.

    Args:
        explanation: of the pipeline; `relations` (K, K), row = who listens; `prior` the same before training. Where
            every two units were tied before, what training changed is shown.
        units: the K names.
        present: units the model saw: drawn filled.
        meanings: unit -> FACS name.
    """
    if explanation.get("relations") is None:
        return ""
    strengths, prior = (np.array(explanation[name], dtype=float) for name in ("relations", "prior"))
    tied = (prior + np.eye(len(prior)) == 1).all()
    strengths = strengths - prior if tied else strengths
    np.fill_diagonal(strengths, 0)
    size = np.abs(strengths)
    order = [divmod(int(i), len(units)) for i in np.argsort(-size, axis=None)[:STRONGEST]]
    edges = [(i, j, strengths[i, j]) for i, j in order if size[i, j] > WEAKEST * size.max()]
    if not edges:
        return "<p>No movement tells the model anything about another one here.</p>"
    words = ("tells more than before training about", "tells less about") if tied else ("supports", "speaks against")
    much = "by" if tied else "strength"
    told = "".join(
        f"<li>“{escape(plain(units[j], meanings).short)}” ({units[j]}) {words[int(s < 0)]} "
        f"“{escape(plain(units[i], meanings).short)}” ({units[i]}), {much} {number(abs(s))}</li>"
        for i, j, s in edges
    )
    return f'<div class="relations">{_circle(units, present, edges)}<ol class="told">{told}</ol></div>'


def _circle(units: list[str], present: set[str], edges: list[tuple[int, int, float]]) -> str:
    middle, radius, node = GRAPH / 2, GRAPH / 2 - 34, 24
    angle = [2 * math.pi * k / len(units) - math.pi / 2 for k in range(len(units))]
    place = [(middle + radius * math.cos(a), middle + radius * math.sin(a)) for a in angle]
    most = max(abs(s) for _, _, s in edges)
    lines = "".join(_arrow(place[j], place[i], node, s / most) for i, j, s in reversed(edges))
    nodes = "".join(
        f'<g class="{"seen" if unit in present else "unseen"}"><circle cx="{x:.1f}" cy="{y:.1f}" r="{node}"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{unit}</text></g>'
        for unit, (x, y) in zip(units, place, strict=True)
    )
    return (
        f'<svg class="graph" viewBox="0 0 {GRAPH} {GRAPH}" role="img" aria-label="Circle of action units with arrows; '
        'the list beside it says the same"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{lines}{nodes}</svg>"
    )


def _arrow(source: tuple[float, float], target: tuple[float, float], gap: float, share: float) -> str:
    (x0, y0), (x1, y1) = source, target
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = (x1 - x0) / length * (gap + 3), (y1 - y0) / length * (gap + 3)
    bend, dashes = 0.14, ' stroke-dasharray="5 4"'
    cx, cy = (x0 + x1) / 2 - bend * (y1 - y0), (y0 + y1) / 2 + bend * (x1 - x0)
    return (
        f'<path class="edge" d="M{x0 + dx:.1f} {y0 + dy:.1f}Q{cx:.1f} {cy:.1f} {x1 - dx:.1f} {y1 - dy:.1f}" '
        f'style="stroke-width:{1 + 3.5 * abs(share):.1f}"{"" if share > 0 else dashes} marker-end="url(#tip)"/>'
    )


def counterfactuals(explanation: dict, present: list[str], meanings: dict) -> str:
    """What the scores would be, had the model answered one unit the other way round.

    Args:
        explanation: of the pipeline; `counterfactuals` flipped unit -> {unit -> score}.
        present: units the model saw, strongest first: these are flipped; the strongest one where it saw none.
        meanings: unit -> FACS name.

    Returns:
        HTML; empty for a model that was not trained to answer such questions.
    """
    flips, before = explanation.get("counterfactuals") or {}, explanation["probabilities"]
    chosen = [unit for unit in present or [max(before, key=before.get)] if unit in flips]
    if not chosen:
        return ""
    parts = [_without(unit, unit in present, before, flips[unit], meanings) for unit in chosen]
    return "".join(["<h4>What would change its mind</h4>", *parts])


def _without(flipped: str, seen: bool, before: dict, after: dict, meanings: dict) -> str:
    words = f"“{escape(plain(flipped, meanings).short)}” ({flipped})"
    lead = f"If the model did not see {words}" if seen else f"If the model did see {words}"
    changes = sorted(
        (
            (unit, before[unit], after[unit])
            for unit in before
            if unit != flipped and abs(after[unit] - before[unit]) >= MIN_CHANGE
        ),
        key=lambda each: -abs(each[2] - each[1]),
    )
    if not changes:
        return f"<h5>{lead}</h5><p>No other score would change by {MIN_CHANGE:g} or more.</p>"
    rows = "".join(
        f'<tr><th scope="row">{escape(label(unit, meanings))}</th><td>{number(old)}</td><td>{number(new)}</td>'
        f"<td>{'▲ up' if new > old else '▼ down'} {abs(new - old):.2f}</td></tr>"
        for unit, old, new in changes
    )
    return (
        f'<h5>{lead}</h5><table class="flips"><thead><tr><th scope="col">Score of</th><th scope="col">now</th>'
        f'<th scope="col">then</th><th scope="col">change</th></tr></thead><tbody>{rows}</tbody></table>'
    )
