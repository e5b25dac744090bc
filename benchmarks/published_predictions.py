"""The predictions behind the tables of docs/comparison.md, one file a comparison, so that anybody can count again.

    python -m benchmarks.published_predictions unpack benchmarks/predictions/loso.parquet runs/loso
    aullm compare --out runs/loso ...     # as the docs have it: finds every fit done, and makes table, figure and LaTeX
    python -m benchmarks.published_predictions pack runs/loso benchmarks/predictions/loso.parquet

A file has a row a method, training seed, data set or direction (`group`) and clip: the columns of `Predictions`
(docs/metrics.md), empty for units that are not scored there, `method`, `group`, and `record`, the JSON text that stands
beside each fit's predictions: who was trained on and tested, by what, in how many seconds. What decided the fits
travels in its metadata. Probabilities are those of the run to the last bit, since the surest ones differ in the last
bits only; evidence has 32 bits.

Tested in tests/benchmarks/test_published_predictions.py.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from dataset_scripts.whole_files import whole_file, write_whole
from training_aullm.comparing.comparison import MADE_WITH, RECORD
from training_aullm.comparing.work import PREDICTIONS, SETTINGS_DIGEST, path_of
from training_aullm.files import check_record

PIECE = ["method", "seed", "group", "fold"]
MEASURED = ("inputs", "others")  # hashes of what was measured on the run's machine: another one rounds otherwise
ADVICE = "unpack into another folder"


def pack(out: Path, file: Path) -> pd.DataFrame:
    """Put all predictions of a comparison into one file.

    Args:
        out: folder of `aullm compare`. file: parquet, written whole or not at all.

    Returns:
        What was written.

    Raises:
        ValueError: the folder holds no predictions.
    """
    parts = []
    for path in sorted((out / PREDICTIONS).rglob("*.parquet")):
        record = _read(path.with_suffix(".json"))
        record.pop(SETTINGS_DIGEST, None)  # made_with.json travels, too, and says it in words
        told = pd.read_parquet(path)
        parts.append(told.assign(method=record["method"], group=record["group"], record=json.dumps(record)))
    if not parts:
        raise ValueError(f"{out} holds no predictions: give the folder of a comparison (aullm compare --out)")
    table = pd.concat(parts, ignore_index=True).sort_values([*PIECE, "sample_id"], ignore_index=True)
    labels = [name for name in table.columns if name.startswith("label_")]
    table = table.astype(dict.fromkeys(labels, "Int8"))  # empty where a unit is not scored
    numbers = list(table.select_dtypes("float").columns)
    table = table.astype({name: "float32" for name in numbers if name.startswith("evidence_")})
    table.attrs = {name: _read(out / name) for name in (RECORD, *_records(table))}
    words = [name for name in table.columns if name not in numbers]
    with whole_file(file) as unfinished:
        table.to_parquet(
            unfinished, index=False, compression="zstd", use_byte_stream_split=numbers, use_dictionary=words
        )
    return table


def unpack(file: Path, out: Path) -> pd.DataFrame:
    """Lay predictions out again as `aullm compare` keeps them; what is there already stays.

    Args:
        file: from `pack`. out: folder of the comparison.

    Returns:
        What was in the file.

    Raises:
        ValueError: the folder holds another comparison, or a method's predictions that were made otherwise.
    """
    table = pd.read_parquet(file)
    for name, settings in table.attrs.items():
        here = _read(out / name) if (out / name).exists() else {}
        check_record(out / name, settings | {key: here[key] for key in MEASURED if key in here}, ADVICE)
    for (method, seed, group, fold), piece in table.groupby(PIECE):
        path = path_of(out, method, seed, group, fold)
        if path.exists():
            continue
        write_whole(path.with_suffix(".json"), json.dumps(json.loads(piece["record"].iloc[0]), indent=1) + "\n")
        with whole_file(path) as unfinished:
            told = piece.drop(columns=["method", "group", "record"]).dropna(axis=1, how="all")
            told.to_parquet(unfinished, index=False)
    return table


def _records(table: pd.DataFrame) -> list[str]:
    """Where the record of each method stands in the folder of a comparison."""
    return [f"{PREDICTIONS}/{method}/{MADE_WITH}" for method in table["method"].unique()]


def _read(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def main() -> None:
    """Pack or unpack, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pack", "unpack"])
    parser.add_argument("source", type=Path, help="a comparison's folder to pack, or a file to unpack")
    parser.add_argument("target", type=Path, help="the file, or the folder")
    arguments = parser.parse_args()
    table = (pack if arguments.what == "pack" else unpack)(arguments.source, arguments.target)
    fits = table.drop_duplicates(PIECE)["method"].value_counts()
    print(json.dumps({"benchmark": "published_predictions", "rows": len(table), "fits": fits.to_dict()}))


if __name__ == "__main__":
    main()
