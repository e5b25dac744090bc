"""One table for every data set: a row is a clip. docs/data.md explains the columns.

`action_units` and `amplitude_px` run over `labels.ACTION_UNITS`, in that order.
"""

import pyarrow as pa
from datasets import Features, Image, List, Value

from dataset_scripts.labels import ACTION_UNITS

FEATURES = Features(
    {
        "sample_id": Value("string"),  # "casme2-like/s003/c007", unique over all sets
        "data_set": Value("string"),
        "label_release": Value("string"),  # which release of the coding sheet, or of the synthetic source
        "subject": Value("string"),
        "clip": Value("string"),
        "frames": List(Image()),  # encoded bytes, in order of time
        "fps": Value("float32"),  # of the frames as stored
        "onset": Value("int32"),  # indices into frames; null where nobody has named one (apex: or none can be)
        "apex": Value("int32"),
        "offset": Value("int32"),
        "action_units": List(Value("int8"), length=len(ACTION_UNITS)),  # 1 present, 0 absent, -1 unknown
        "emotion": Value("string"),
        "objective_class": Value("string"),
        "amplitude_px": List(Value("float32")),  # apex displacement in a 224-pixel crop; null where not rendered
        "coded": List(  # every unit that the cell names, also those beyond ACTION_UNITS; see coding.CodedUnit
            {
                "number": Value("int16"),
                "side": Value("string"),  # "L", "R", "both"
                "intensity": Value("string"),  # "A" to "E" or null
                "certainty": Value("string"),  # "sure", "alternative", "unclear"
                "mark": Value("string"),  # "A", "T", "B", "M", "AD" or null
            }
        ),
        "coded_text": Value("string"),  # the cell as the coder wrote it; null where no sheet was read
        "split": Value("string"),  # what the set itself is divided by ("A" and "C" of CAS(ME)^3); null for none
        "expression": Value("string"),  # "micro" or "macro"; null where nobody has said, and in clips that show none
    }
)

_REQUIRED = ("sample_id", "data_set", "subject", "clip", "frames", "fps", "action_units")


def complete_row(**fields) -> dict:
    """A row of the schema out of the columns known.

    Args:
        fields: values by column; frames as encoded bytes or as {"bytes", "path"}. Columns left out become null.
    Returns:
        A dict with every column of FEATURES.
    Raises:
        ValueError: a column the schema does not have, or one it cannot do without.
    """
    if unknown := sorted(set(fields) - set(FEATURES)):
        raise ValueError(f"the schema has no column {unknown}; it has {', '.join(FEATURES)}")
    if missing := [name for name in _REQUIRED if fields.get(name) is None]:
        raise ValueError(f"a row needs {', '.join(missing)}")
    if len(fields["action_units"]) != len(ACTION_UNITS):
        raise ValueError(f"action_units has {len(fields['action_units'])} values, not {len(ACTION_UNITS)}")
    frames = [frame if isinstance(frame, dict) else {"bytes": frame, "path": None} for frame in fields["frames"]]
    return {name: fields.get(name) for name in FEATURES} | {"frames": frames}


def complete_table(table: pa.Table) -> pa.Table:
    """Bring a stored table to the schema, so that files written before a column existed still load.

    Args:
        table: columns of the schema, some perhaps missing.
    Returns:
        The same rows; missing columns are null.
    """
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in FEATURES.arrow_schema
    ]
    return pa.table(columns, schema=FEATURES.arrow_schema)
