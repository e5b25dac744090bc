"""The examples of the Space: rendered people, so that no real face is shown and the truth is known.

    python -m benchmarks.space_examples                      # writes space_app/examples/
    python -m benchmarks.space_examples --out some/folder

Prints what is in each film, then one JSON line. It took 36 s of processor time.

Tested in tests/benchmarks/test_programs.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from dataset_scripts.synthetic import open_take
from dataset_scripts.synthetic.camera.codec import write_mp4
from dataset_scripts.whole_files import whole_file

FPS = 30
QUALITY = 20
OUT = Path("space_app/examples")
CALM = {"micro": 0, "macro": 0, "blink": 0, "speech": 0, "gaze": 0, "turn": 0}


@dataclass(frozen=True)
class Example:
    """One film.

    Args:
        name: of the file.
        words: what happens in it, as a button on the page.
        people: (subject, number of the take, events) side by side, as for `open_take`; numbers were chosen so that
            only action units are shown which the published model knows.
        seconds: of the film.
        size: pixels a side of each person's picture.
    """

    name: str
    words: str
    people: tuple[tuple[int, int, dict[str, int]], ...]
    seconds: float
    size: int = 400


ONE = {"micro": 1, "blink": 1}
EXAMPLES = (
    Example("one-movement.mp4", "one very short movement and a blink", ((1000, 1, ONE),), 4.0),
    Example("several.mp4", "short and longer movements", ((1001, 4, {"micro": 3, "macro": 1, "blink": 1}),), 12.0),
    Example("two-people.mp4", "two people side by side", ((1002, 27, {"micro": 1}), (1003, 29, ONE)), 4.0, 320),
    Example("still.mp4", "a face that keeps still", ((1004, 0, {}),), 3.0),
)


def film(example: Example) -> tuple[Iterator[np.ndarray], list[dict]]:
    """The pictures of an example, and what happens in them, person by person."""
    takes = [
        open_take("casme2-like", subject, 7, number, example.seconds, FPS, example.size, events=CALM | events)
        for subject, number, events in example.people
    ]
    pictures = (np.concatenate(row, axis=1) for row in zip(*(take.frames() for take in takes), strict=True))
    return pictures, [take.truth for take in takes]


def main(out: Annotated[Path, typer.Option(help="folder to write to")] = OUT) -> None:
    """Render every example and write the words for their buttons."""
    out.mkdir(parents=True, exist_ok=True)
    truths = {}
    for example in EXAMPLES:
        pictures, truth = film(example)
        write_mp4(out / example.name, pictures, FPS, QUALITY)
        truths[example.name] = [
            [(event["kind"], event["onset"], event["offset"], event.get("action_units")) for event in person["events"]]
            for person in truth
        ]
        print(f"{example.name}: {truths[example.name]}")
    with whole_file(out / "examples.json") as unfinished:
        words = {example.name: example.words for example in EXAMPLES}
        unfinished.write_text(json.dumps(words, indent=1) + "\n", "utf-8")
    print(json.dumps(truths))


if __name__ == "__main__":
    typer.run(main)
