"""The examples of the Space: rendered people, so that no real face is shown and the truth is known.

    python -m benchmarks.space_examples                      # writes space_app/examples/
    python -m benchmarks.space_examples --out some/folder

Prints what is in each film, then one JSON line. It took 96 s of processor time on a busy machine.

Tested in tests/benchmarks/test_space_examples.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from dataset_scripts.synthetic import open_take
from dataset_scripts.synthetic.acting.motion import Movement
from dataset_scripts.synthetic.camera.codec import write_mp4
from dataset_scripts.synthetic.people.sides import TWO_SIDED, Side
from dataset_scripts.synthetic.tables.takes import Take
from dataset_scripts.whole_files import whole_file

FPS = 30
QUALITY = 20
OUT = Path("space_app/examples")
DOMAIN, SEED = "casme2-like", 7
CALM = {"micro": 0, "macro": 0, "blink": 0, "speech": 0, "gaze": 0, "turn": 0, "closure": 0, "wink": 0, "mouth": 0}


@dataclass(frozen=True)
class Act:
    """An expression as an actor would be told.

    Args:
        units: what moves, and how far at most, in pixels of the standard crop.
        start: seconds.
        rise, hold, fall: seconds; half a second in all is a micro-expression.
        side: the person's own, None for both.
    """

    units: dict[str, float]
    start: float
    rise: float
    hold: float
    fall: float
    side: Side | None = None

    @property
    def kind(self) -> str:
        """As in `script.KINDS`."""
        return "micro" if self.rise + self.hold + self.fall <= 0.5 else "macro"

    def movement(self) -> Movement:
        """It as the renderer takes it."""
        same = dict.fromkeys(self.units, 0.0), dict.fromkeys(self.units, 1.0)
        sides = {unit: self.side for unit in self.units if unit in TWO_SIDED} if self.side else {}
        return Movement(self.start, self.rise, self.hold, self.fall, 0.0, self.units, *same, sides, weak=0.05)


@dataclass(frozen=True)
class Person:
    """Who is filmed.

    Args:
        subject, number: name the person and the take, as for `open_take`.
        events: how many of each kind are drawn.
        acts: what is done besides.
    """

    subject: int
    number: int
    events: dict[str, int]
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True)
class Example:
    """One film.

    Args:
        name: of the file.
        words: what happens in it, as a button on the page.
        people: side by side; subjects and takes were chosen so that only action units are shown which the published
            model knows, and that it reads most of them.
        seconds: of the film.
        size: pixels a side of each person's picture.
        light: share of the light that is left.
        quality: of H.264, smaller is better.
    """

    name: str
    words: str
    people: tuple[Person, ...]
    seconds: float
    size: int = 400
    light: float = 1.0
    quality: int = QUALITY


BLINK = {"blink": 1}
ONE, MANY = {"micro": 1, "blink": 1}, {"micro": 3, "macro": 1, "blink": 1}
SMILE, FROWN = {"AU12": 7.0, "AU6": 3.0}, {"AU4": 5.0}
CORNER, BROW = {"AU12": 5.0}, {"AU2": 4.0}
SMILES = Person(1010, 1, BLINK, (Act(SMILE, 1.0, 0.4, 0.9, 0.6),))
FROWNS = Person(1017, 1, BLINK, (Act(FROWN, 1.0, 0.35, 0.8, 0.5),))
EXAMPLES = (
    Example("smile.mp4", "a smile", (SMILES,), 4.0),
    Example(
        "short-smile.mp4",
        "a smile of a third of a second",
        (Person(1025, 1, {}, (Act({"AU12": 4.0}, 1.4, 0.13, 0.06, 0.17),)),),
        3.0,
    ),
    Example("frown.mp4", "a frown", (FROWNS,), 4.0),
    Example("one-movement.mp4", "a frown of half a second, and a blink", (Person(1000, 1, ONE),), 4.0),
    Example(
        "one-sided.mp4",
        "one corner of the mouth, then one brow",
        (Person(1013, 1, {}, (Act(CORNER, 0.8, 0.3, 0.6, 0.4, "L"), Act(BROW, 3.2, 0.3, 0.5, 0.4, "R"))),),
        5.5,
    ),
    Example("several.mp4", "short and longer movements", (Person(1001, 4, MANY),), 12.0, quality=19),
    Example("two-people.mp4", "two people side by side", (FROWNS, SMILES), 4.0, 320),
    Example("still.mp4", "a face that keeps still", (Person(1004, 0, {}),), 3.0),
    Example("dark.mp4", "a face in the dark", (FROWNS,), 4.0, light=0.12),
)


def film(example: Example) -> tuple[Iterator[np.ndarray], list[dict]]:
    """The pictures of an example, and what happens in them, person by person."""
    takes = [_take(person, example) for person in example.people]
    rows = zip(*(take.frames() for take in takes), strict=True)
    return (_dimmed(np.concatenate(row, axis=1), example.light) for row in rows), [take.truth for take in takes]


def _take(person: Person, example: Example) -> Take:
    acts = [(act.kind, act.movement()) for act in person.acts]
    place = (DOMAIN, person.subject, SEED, person.number)
    return open_take(*place, example.seconds, FPS, example.size, events=CALM | person.events, acts=acts)


def _dimmed(picture: np.ndarray, light: float) -> np.ndarray:
    return picture if light == 1.0 else (light * picture.astype(np.float32)).round().astype(np.uint8)


def main(
    out: Annotated[Path, typer.Option(help="folder to write to")] = OUT,
    only: Annotated[str | None, typer.Option(help="name of one film")] = None,
) -> None:
    """Render every example and write the words for their buttons."""
    out.mkdir(parents=True, exist_ok=True)
    truths = {}
    for example in EXAMPLES:
        if only not in (None, example.name):
            continue
        pictures, truth = film(example)
        write_mp4(out / example.name, pictures, FPS, example.quality)
        truths[example.name] = [[_told(event) for event in person["events"]] for person in truth]
        print(f"{example.name}: {truths[example.name]}")
    with whole_file(out / "examples.json") as unfinished:
        words = {example.name: example.words for example in EXAMPLES}
        unfinished.write_text(json.dumps(words, indent=1) + "\n", "utf-8")
    print(json.dumps(truths))


def _told(event: dict) -> tuple:
    return event["kind"], event["onset"], event["offset"], event["action_units"], event["sides"]


if __name__ == "__main__":
    typer.run(main)
