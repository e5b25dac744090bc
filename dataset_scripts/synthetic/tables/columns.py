"""Columns of rendered clips: which are stored, which follow from those when a table is loaded, what people are called.

Columns that follow from others are not stored, so a wider schema renders nothing anew.
"""

import pyarrow as pa

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.schema import FEATURES

_RENDERED = ("sample_id", "data_set", "label_release", "subject", "clip", "frames", "fps", "onset", "apex", "offset")
STORED = pa.schema(
    [FEATURES.arrow_schema.field(name) for name in (*_RENDERED, "action_units", "amplitude_px")]
    + [pa.field("sides", pa.list_(pa.string()))]  # of the units, as `coded` then says
)
"""The columns of a file of rendered clips."""

_EXPRESSIONS = {"c": "micro", "m": "macro"}
"""By the first letter of a clip's name, see `shards`; clips in "n" show no expression."""

INTENSITY_PX: tuple[tuple[str, float], ...] = (("A", 0.7), ("B", 1.4), ("C", 2.8), ("D", 5.6))
"""FACS letters and the apex displacement, in pixels of the standard crop, below which each is given; "E" beyond.

Source: Our choice: every letter is twice the one before, and micro-expressions are mostly A and B, as in SAMM's sheet.
"""


def subject_name(seed: int, subject: int) -> str:
    """What a rendered person is called in every table, "s003" or "seed500-s003".

    Every seed renders other people, so the seed is part of the name: seeds can be trained on, tested on and published
    together. Seed 0, the default, goes without saying; its people keep the names under which results were published.
    """
    return f"s{subject:03d}" if seed == 0 else f"seed{seed}-s{subject:03d}"


def complete(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Bring a table of rendered clips to the columns of a schema.

    Args:
        table: with `action_units`, `amplitude_px` and, where one side moved, `sides`, over the first action units of
            `labels.ACTION_UNITS` at least.
        schema: the columns wanted. `coded` and `coded_text` are written from amplitudes and sides, `expression` from
            the clip's name, others missing are null; units that the source does not render are absent from every clip.
    Returns:
        The same rows under that schema.
    """
    amplitudes = table["amplitude_px"].to_pylist()
    sides = [["both"] * len(each) for each in amplitudes]
    sides = table["sides"].to_pylist() if "sides" in table.column_names else sides
    coded = [_coded(*clip) for clip in zip(amplitudes, sides, strict=True)]
    made = {
        "coded": coded,
        "coded_text": ["+".join(map(_text, units)) or "none" for units in coded],
        "action_units": [_padded(states, 0) for states in table["action_units"].to_pylist()],
        "amplitude_px": [_padded(amplitudes, 0.0) for amplitudes in table["amplitude_px"].to_pylist()],
        "expression": [_EXPRESSIONS.get(clip[0]) for clip in table["clip"].to_pylist()],
    }
    columns = []
    for field in schema:
        if field.name in made:
            columns.append(pa.array(made[field.name], type=field.type))
        elif field.name in table.column_names:
            columns.append(table[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(len(table), field.type))
    return pa.table(columns, schema=schema)


def intensity(amplitude_px: float) -> str:
    """The FACS letter of an apex displacement in pixels of the standard crop."""
    return next((letter for letter, below in INTENSITY_PX if amplitude_px < below), "E")


def _coded(amplitudes: list[float], sides: list[str]) -> list[dict]:
    """The parsed detail of one clip."""
    moved = zip(ACTION_UNITS, amplitudes, sides, strict=False)
    return [
        {"number": int(unit[2:]), "side": side, "intensity": intensity(pixels), "certainty": "sure"}
        for unit, pixels, side in moved
        if pixels > 0
    ]


def _text(unit: dict) -> str:
    return f"{unit['side'].removesuffix('both')}{unit['number']}{unit['intensity']}"


def _padded(values: list, rest) -> list:
    return values + [rest] * (len(ACTION_UNITS) - len(values))
