"""What is read from two pictures, as a table for the terminal and as JSON.

    reading = pipe([neutral, apex])
    console.print(table_of(reading, "rest.jpg and apex.jpg"))
    write_pair(Path("runs/pairs/rest-apex.json"), reading, ["rest.jpg", "apex.jpg"])

Tested in tests/training_aullm/cli/test_pair.py.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from dataset_scripts.whole_files import write_whole
from processing_aullm.reading_types_aullm import PairReading
from training_aullm.console import counted
from training_aullm.videos.summary import by_second_opinion
from training_aullm.videos.whose import WAYS, ways_to

MOST = 4  # of our model's own probabilities that the table tells


def table_of(reading: PairReading, name: str) -> Table:
    """A row a movement; below stand our model's own probabilities, what the second opinion sees and refutes, doubts.

    Args:
        reading: of a pair. name: what it is called.
    """
    movements, meanings = reading["movements"], reading["meanings"]
    said = counted(len(movements), "movement") if movements else "no movement"
    table = Table(title=f"{name}: {said}", title_justify="left", caption_justify="left")
    for column in ("score", "side", "mm", "action units"):
        table.add_column(column, justify="left" if column in ("side", "action units") else "right")
    for each in movements:
        units = _in_words(each["action_units"], meanings) + by_second_opinion(each)
        table.add_row(f"{each['score']:.2f}", each["side"] or "", f"{each['size_mm']:.1f}", units)
    table.caption = "\n".join(_below(reading))
    return table


def write_pair(path: Path, reading: PairReading, pictures: Sequence[str | Path]) -> None:
    """The reading as JSON, whole or not at all.

    Args:
        path: of the file. reading: of a pair. pictures: the two of them, or the video.
    """
    write_whole(path, json.dumps(reading | {WAYS: ways_to(pictures, path)}, indent=1) + "\n")


def _below(reading: PairReading) -> list[str]:
    likely = sorted(reading["probabilities"].items(), key=lambda each: -each[1])[:MOST]
    said = ["our model: " + _in_numbers(dict(likely))]
    if reading["second_opinion"] is not None:
        said.append("second opinion: " + (_in_numbers(reading["second_opinion"]) or "nothing rises"))
    said += ["refuted: " + _in_words(each["action_units"], reading["meanings"]) for each in reading["refuted"]]
    doubts = list(reading["view"])
    for picture, shut in zip(("at rest", "at the apex"), reading["eyes_shut"] or (), strict=False):
        doubts += [f"eyes shut {picture}"] if shut else []
    return said + ([", ".join(doubts)] if doubts else [])


def _in_words(units: dict[str, float], meanings: dict[str, str]) -> str:
    return ", ".join(f"{name} {meanings[name]} {value:.2f}" for name, value in units.items())


def _in_numbers(units: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in units.items())
