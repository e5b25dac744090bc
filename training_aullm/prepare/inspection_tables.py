"""What an inspection says, as tables for the terminal."""

from collections.abc import Iterator

import numpy as np
from rich.table import Table
from rich.text import Text

from dataset_scripts.labels import ACTION_UNITS, AU_MEANINGS
from dataset_scripts.report import Report
from training_aullm.prepare.inspecting import Inspection

MAX_PAIRS, MAX_GROUPS = 10, 8
KINDS = {"dropped": "left out", "repaired": "repaired", "doubtful": "doubtful"}


def inspection_tables(inspection: Inspection) -> Iterator[Table | Text]:
    """Everything that `aullm inspect` prints, in order.

    Args:
        inspection: of a set.

    Yields:
        Tables and texts for a rich console.
    """
    yield unit_table(inspection)
    if notes := unit_notes(inspection):
        yield Text("\n".join(notes))
    if len(inspection.shown) > 1:
        yield pair_table(inspection)
    yield measure_table(inspection)
    if inspection.report is not None:
        yield from finding_tables(inspection.report)


def unit_table(inspection: Inspection) -> Table:
    """Per action unit: clips that show it, beside the published count, absent, unknown, and people who show it."""
    clips = len(inspection.subjects)
    table = Table(title=f"{inspection.name}, release {inspection.release}: {clips} clips", title_justify="left")
    expected = inspection.published.units if inspection.published else {}
    doubtful = inspection.report.in_doubt if inspection.report else {}
    table.add_column("action unit")
    for heading in ("present", *(["published"] if expected else []), "absent", "unknown", "people"):
        table.add_column(heading, justify="right")
    for k, name in enumerate(ACTION_UNITS):
        present, absent, unknown = (int((inspection.states[:, k] == state).sum()) for state in (1, 0, -1))
        if not present and int(name[2:]) not in expected:
            continue
        count = expected.get(int(name[2:]))
        differs = count is not None and not present <= count <= present + doubtful.get(int(name[2:]), 0)
        published = [Text("" if count is None else str(count), style="bold red" if differs else "")] if expected else []
        people = str(inspection.people_showing(k))
        table.add_row(f"{name} {AU_MEANINGS[name]}", str(present), *published, str(absent), str(unknown), people)
    return table


def unit_notes(inspection: Inspection) -> list[str]:
    """Sentences on units that the table leaves out, and on clips without any."""
    states = inspection.states
    unknown = [name for k, name in enumerate(ACTION_UNITS) if (states[:, k] == -1).all()]
    unshown = [name for k, name in enumerate(ACTION_UNITS) if name not in unknown and not (states[:, k] == 1).any()]
    bare = int(((states == 1).sum(axis=1) == 0).sum())
    notes = [f"Coded, but shown by no clip: {', '.join(unshown)}."] if unshown else []
    notes += [f"Never coded (unknown in every clip): {', '.join(unknown)}."] if unknown else []
    notes += [f"Clips that show none of these units: {bare}."] if bare else []
    beyond = {} if inspection.report is None else inspection.report.units
    beyond = [f"AU{number} ({count})" for number, count in beyond.items() if f"AU{number}" not in ACTION_UNITS]
    return notes + ([f"In the sheet, but not in the label vector: {', '.join(beyond)}."] if beyond else [])


def pair_table(inspection: Inspection) -> Table:
    """The pairs that come together most often, and how that compares with chance."""
    together, known = inspection.together(), inspection.known_together()
    names = [ACTION_UNITS[k] for k in inspection.shown]
    count = np.diag(together)
    pairs = [(int(together[i, j]), i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if together[i, j]]
    table = Table(title="units that come together", title_justify="left")
    table.add_column("pair")
    for heading in ("clips", "by chance"):
        table.add_column(heading, justify="right")
    for clips, i, j in sorted(pairs, reverse=True)[:MAX_PAIRS]:
        chance = count[i] * count[j] / max(known[i, j], 1)
        table.add_row(f"{names[i]} + {names[j]}", str(clips), f"{chance:.1f}")
    if not pairs:
        table.add_row("none", "0", "")
    return table


def measure_table(inspection: Inspection) -> Table:
    """Clips per person, durations and frame rates: least, median, most."""
    table = Table(title="people and time", title_justify="left")
    table.add_column("")
    for heading in ("least", "median", "most", "not known"):
        table.add_column(heading, justify="right")
    rows = {
        f"clips of each of {len(set(inspection.subjects))} people": inspection.clips_per_subject().astype(float),
        "onset to apex, ms": inspection.rise_ms,
        "apex to offset, ms": inspection.fall_ms,
        "onset to offset, ms": inspection.total_ms,
        "frames per second": inspection.fps,
    }
    for name, values in rows.items():
        known = values[~np.isnan(values)]
        numbers = [f"{each(known):.0f}" for each in (np.min, np.median, np.max)] if len(known) else ["", "", ""]
        missing = len(values) - len(known)
        table.add_row(name, *numbers, str(missing) if missing else "")
    return table


def finding_tables(report: Report) -> Iterator[Table | Text]:
    """What the report found, the rare first: of findings that say the same, one; and how the counts differ."""
    table = Table(title="report", title_justify="left")
    for heading in ("", "where", "what was found", "what was done"):
        table.add_column(heading, overflow="fold")
    for kind, word in KINDS.items():
        groups = report.groups(kind)
        for position, group in enumerate(groups[:MAX_GROUPS]):
            label = f"{word}: {len(report.of_kind(kind))}" if position == 0 else ""
            more = f" and {group.count - 1} more" if group.count > 1 else ""
            table.add_row(label, Text(group.first.where + more), Text(group.first.what), Text(group.first.why))
        if len(groups) > MAX_GROUPS:
            table.add_row("", f"and {len(groups) - MAX_GROUPS} kinds more in report.json", "", "")
    if lines := report.expression_lines():
        yield Text("\n".join(lines))
    if report.findings:
        yield table
    else:
        yield Text("Report: nothing was repaired, left out or doubtful.")
    if report.published is not None:
        differences = report.differences()
        yield Text("All counts are the published ones." if not differences else "Differs: " + "; ".join(differences))
