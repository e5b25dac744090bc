"""Does the model do as well for everybody? F1, movements found and false alarms per group of rendered people.

    python -m benchmarks.groups release
    python -m benchmarks.groups user/name --people 40

The source has the truth: skin, age, sex, glasses and the amplitude of each movement are known. People come from a seed
that no model is trained on, with ancestry and age spread evenly instead of as in the domain; each clip is filmed with
and without glasses. Prints a table, then one JSON line; for a run it also writes RUN/measured/groups.json, which the
model card shows.

Tested in tests/training_aullm/runs/test_group_scores.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from datasets import Dataset
from huggingface_hub import snapshot_download
from rich.console import Console
from tqdm.auto import tqdm

from dataset_scripts.labels import ACTION_UNITS, label_vector
from dataset_scripts.schema import FEATURES, complete_row
from dataset_scripts.synthetic.acting.combinations import draw_labels
from dataset_scripts.synthetic.camera.render import LinearHead
from dataset_scripts.synthetic.camera.shading import Studio
from dataset_scripts.synthetic.config import Domain, get_domain
from dataset_scripts.synthetic.tables.session import Session
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import predict_probabilities
from training_aullm.loading import MODEL_FOLDER, load_model, model_place
from training_aullm.runs.group_scores import AMPLITUDE, COLUMNS, Group, Groups, score_groups, weights_hash
from training_aullm.score.report import json_line, result_table

FRAMES = 6
THIRDS = ("younger third", "middle third", "older third")
TONES = (
    ("light (ITA above 41°)", 41.0),
    ("intermediate and tan (10 to 41°)", 10.0),
    ("brown (-30 to 10°)", -30.0),
    ("dark (below -30°)", -np.inf),
)
"""Bands of skin and the angle that each begins above. Source: Chardon et al. 1991 and Del Bino and Bernerd 2013, whose
bands above 41 degrees, and those from 10 to 41, are taken together."""
AMPLITUDES = (0.0, 0.5, 0.8, 1.2, np.inf)
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)


@dataclass(frozen=True)
class Person:
    """What the renderer knows of somebody: skin (ITA, degrees), age and maleness in [0, 1]."""

    tone: float
    age: float
    maleness: float


class Observed(Session):
    """A session that tells whom it films."""

    def _set_up(self, studio: Studio) -> LinearHead:
        traits = studio.head.traits
        self.person = Person(typology_angle(studio.skin.base), traits.age, traits.maleness)
        return super()._set_up(studio)


def typology_angle(base: np.ndarray) -> float:
    """Individual typology angle of a skin: atan((L* - 50) / b*), in degrees; light skin has a large one.

    Args:
        base: (3,) albedo in linear sRGB.
    """
    ratio = _TO_XYZ @ base / _WHITE
    _, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return float(np.degrees(np.arctan2(116 * y - 16 - 50, 200 * (y - z))))


def everybody(domain: str, clips: int) -> Domain:
    """The domain with people of all ancestries and ages, and with equally many clips of each."""
    own = get_domain(domain)
    return replace(own, variety=own.variety.but(everybody=True), clips_per_subject=(clips, clips))


def film(domain: Domain, seed: int, people: int, clips: int) -> Iterator[tuple[Person, list[dict]]]:
    """Film each person bare and with glasses; the movements, the camera and the noise are the same both times.

    Yields:
        The person, and rows of the shared schema.
    """
    labels = draw_labels(domain, people, people * clips, seed)
    for number, movements in enumerate(labels):
        rows = []
        for glasses in (0.0, 1.0):
            session = Observed(replace(domain, variety=domain.variety.but(glasses=glasses)), seed, number)
            rows += [_row(session, index, units, glasses) for index, units in enumerate(movements)]
        yield session.person, rows


def _row(session: Session, number: int, units: tuple[str, ...], glasses: float) -> dict:
    clip = session.clip(units, number, FRAMES)
    name = f"c{number:03d}{'g' if glasses else ''}"
    return complete_row(
        sample_id=f"{session.domain.name}/{session.name}/{name}",
        data_set=session.domain.name,
        subject=session.name,
        clip=name,
        frames=clip.frames,
        fps=clip.fps,
        onset=clip.onset,
        apex=clip.apex,
        offset=clip.offset,
        action_units=label_vector(units),
        amplitude_px=[clip.amplitude_px.get(unit, 0.0) for unit in ACTION_UNITS],
    )


def answer(model, processor, rows: list[dict]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels and amplitudes (N, K) of a person's clips."""
    table = Dataset.from_list(rows, features=FEATURES)
    measure = model if model.config.front_end == "displacement" else None
    clips = ClipSet.build(table, processor, processor.action_units, model=measure, progress=False)
    columns = [ACTION_UNITS.index(name) for name in processor.action_units]
    amplitudes = np.asarray([row["amplitude_px"] for row in rows])[:, columns]
    return predict_probabilities(model, clips), clips.labels.numpy(), amplitudes


def make_groups(people: list[Person], owner: np.ndarray, glasses: np.ndarray, amplitudes: np.ndarray) -> list[Group]:
    """Who belongs where.

    Args:
        people: all of them.
        owner: (N,) whose clip it is.
        glasses: (N,) bool.
        amplitudes: (N, K) px, 0 where a unit is absent.
    """
    every = np.ones_like(amplitudes, dtype=bool)
    bare = every & ~glasses[:, None]
    groups = [Group("everybody", "without glasses", bare, ~every)]
    facts = {
        "skin tone": ([tone_band(person.tone) for person in people], tuple(name for name, _ in TONES)),
        "age": ([THIRDS[min(int(person.age * 3), 2)] for person in people], THIRDS),
        "sex": (["male" if person.maleness > 0.5 else "female" for person in people], ("female", "male")),
    }
    for by, (of_person, names) in facts.items():
        of_clip = np.asarray(of_person)[owner][:, None]
        groups += [Group(by, name, bare & (of_clip == name), bare & (of_clip != name)) for name in names]
    groups.append(Group("glasses", "with, same clips", every & glasses[:, None], bare))
    for low, high in pairwise(AMPLITUDES):
        inside = bare & (amplitudes > low) & (amplitudes <= high)
        name = f"above {low:g} px" if high == np.inf else f"{low:g} to {high:g} px"
        groups.append(Group(AMPLITUDE, name, inside, bare & (amplitudes > 0) & ~inside))
    return [group for group in groups if group.inside.any()]


def tone_band(tone: float) -> str:
    """The band of skin that an individual typology angle (degrees) lies in."""
    return next(name for name, above in TONES if tone > above)


def measure(source: str, domain: str, people: int, clips: int, seed: int) -> Groups:
    """Film, ask the model, count."""
    model, processor = load_model(source)
    place = model_place(source)
    folder = Path(place if Path(place).is_dir() else snapshot_download(place, allow_patterns="model*.safetensors"))
    persons, parts, names, whose = [], [], [], []
    filmed = film(everybody(domain, clips), seed, people, clips)
    for person, rows in tqdm(filmed, total=people, desc="people", unit="person"):
        parts.append(answer(model, processor, rows))
        whose += [len(persons)] * len(rows)
        names += [row["sample_id"] for row in rows]
        persons.append(person)
    probabilities, labels, amplitudes = (np.concatenate(each) for each in zip(*parts, strict=True))
    owner, glasses = np.asarray(whose), np.asarray([name.endswith("g") for name in names])
    groups = make_groups(persons, owner, glasses, amplitudes)
    rows = score_groups(probabilities, labels, [f"s{each}" for each in whose], names, groups)
    return Groups(domain, seed, people, len(names), weights_hash(folder), rows)


def main(
    source: Annotated[str, typer.Argument(metavar="MODEL", help="A run's folder, a published folder, or a Hub id.")],
    domain: Annotated[str, typer.Option(help="Camera, light and movements of this domain.")] = "casme2-like",
    people: Annotated[int, typer.Option(min=4, help="How many are rendered.")] = 120,
    clips: Annotated[int, typer.Option(min=1, help="Movements of each.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the people: none that a model was trained on.")] = 7000,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the model.")] = 1,
) -> None:
    """Measure one model."""
    torch.set_num_threads(threads)
    groups = measure(source, domain, people, clips, seed)
    Console(width=150).print(result_table([vars(row) for row in groups.rows], COLUMNS, f"{source}, {domain}"))
    print(groups.about(), groups.reading(), sep="\n\n")
    if (Path(source) / MODEL_FOLDER).is_dir():
        print(f"\n{groups.save(Path(source))}")
    print(
        json_line(
            {"benchmark": "groups", "model": source} | {**vars(groups), "rows": [vars(row) for row in groups.rows]}
        )
    )


if __name__ == "__main__":
    typer.run(main)
