"""Do counterfactuals come true? The same clip is filmed once more without one action unit, and the model asked again.

    aullm train --domain casme2-like --preset whole --out runs/whole
    python -m benchmarks.without_unit --model runs/whole

"Without AU4, AU7 falls from 0.71 to 0.38" is a claim that a clip source can test: the same person, light, noise and
moment, only that the muscle stays at rest. For every unit that the model sees and that is truly there the clip is
rendered again without it, and the change of all other units is compared with the change that was claimed.
Prints a table, then one JSON line.

Tested in tests/benchmarks/test_faithfulness.py.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from datasets import Dataset
from rich.console import Console
from tqdm.auto import tqdm

from benchmarks.faithfulness import CLEAR, THRESHOLD, refuse_trained_on
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.acting.combinations import draw_labels
from dataset_scripts.synthetic.acting.motion import Movement
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import get_domain
from dataset_scripts.synthetic.tables.session import Session
from modeling_aullm.explanation_aullm import explain
from training_aullm.loading import load_model
from training_aullm.score.bootstrap import bootstrap_mean
from training_aullm.score.report import json_line, markdown_table, result_table

COLUMNS = {
    "who": "units compared",
    "pairs": "pairs",
    "claimed": "mean change claimed",
    "rendered": "mean change rendered",
    "agree": "same direction (95%)",
    "usual": "always the commoner direction",
    "correlation": "correlation",
}


class QuietSession(Session):
    """A session in which one muscle stays at rest; everything else is drawn as ever.

    Attributes:
        silent: the action unit that does not move, or None.
    """

    silent: str | None = None

    def _act(self, units: tuple[str, ...], acting: np.random.Generator) -> Movement:
        movement = super()._act(units, acting)
        if self.silent is None:
            return movement
        return replace(movement, amplitude_px={**movement.amplitude_px, self.silent: 0.0})


def film_again(session: QuietSession, units: tuple[str, ...], number: int, silent: str | None) -> list[np.ndarray]:
    """The frames of a clip of the data set with one of its units at rest; None films it as it is.

    Args:
        session: of the clip's person.
        units: the clip's coded units, as they were given when it was rendered.
        number: of the clip.
        silent: one of `units`.
    """
    session.silent = silent
    clip = session.clip(units, number, frames=6)
    return [cv2.cvtColor(cv2.imdecode(np.frombuffer(each, np.uint8), 1), cv2.COLOR_BGR2RGB) for each in clip.frames]


def pairs_of(model, processor, table: Dataset, seed: int) -> Iterator[dict]:
    """Claims and what became of them, one for each unit that is seen and truly there, and each other unit.

    Args:
        model, processor: in evaluation mode, `front_end="displacement"`.
        table: of `load_synthetic` without neutral clips, whole.
        seed: that it was rendered with.

    Yields:
        `subject`; `itself`: whether the compared unit is the one that was taken away; `present`: whether it is truly
        there; `before`, `claimed`, `rendered`: its probability.

    Raises:
        RuntimeError: a clip that is filmed again is not the stored one: the table is of other settings.
    """
    name = table[0]["data_set"]
    domain, people = get_domain(name), sorted(set(table["subject"]))
    labels = draw_labels(domain, len(people), len(table), seed)
    rows = {row["sample_id"]: row for row in table.select_columns(["sample_id", "frames"])}
    for subject, combinations in enumerate(tqdm(labels, desc="filming without", unit="person")):
        session = QuietSession(domain, seed, subject, Camera(colour=domain.variety.colour))
        for number, units in enumerate(combinations):
            stored = [np.asarray(frame) for frame in rows[f"{name}/{session.name}/c{number:03d}"]["frames"]]
            if number == 0 and not np.array_equal(film_again(session, units, number, None)[0][..., 0], stored[0]):
                raise RuntimeError(f"{name}/{session.name}/c000 is filmed otherwise now: pass the table whole")
            answer = explain(model, **inputs_of(processor, stored))[0]
            for unit in units:
                if answer["probabilities"].get(unit, 0) < THRESHOLD:
                    continue
                without = inputs_of(processor, film_again(session, units, number, unit))
                rendered = explain(model, **without)[0]["probabilities"]
                for other, before in answer["probabilities"].items():
                    claimed = answer["counterfactuals"][unit][other]
                    values = {"before": before, "claimed": claimed, "rendered": rendered[other]}
                    facts = {"subject": people[subject], "itself": other == unit, "present": other in units}
                    yield {**facts, **values}


def inputs_of(processor, frames: list[np.ndarray]) -> dict[str, torch.Tensor]:
    """The model's inputs for the frames of a rendered crop."""
    return processor(videos=[frames], align=False, return_tensors="pt")


def compare_claims(pairs: list[dict], who: str) -> dict:
    """One row: the direction and size of claims against what was rendered.

    Args:
        pairs: of `pairs_of`.
        who: name of the row.
    """
    claimed, rendered = (np.array([each[key] - each["before"] for each in pairs]) for key in ("claimed", "rendered"))
    row = {"who": who, "pairs": len(pairs)}
    if not pairs:
        return row
    up = float((rendered > 0).mean())
    return row | {
        "claimed": float(claimed.mean()),
        "rendered": float(rendered.mean()),
        "agree": bootstrap_mean(claimed * rendered > 0, [each["subject"] for each in pairs]),
        "usual": max(up, 1 - up),
        "correlation": float(np.corrcoef(claimed, rendered)[0, 1]) if len(pairs) > 2 else float("nan"),
    }


def main(
    model: Annotated[str, typer.Option(help="A run's folder, a published folder, or a Hub id.")] = "runs/whole",
    domain: Annotated[str, typer.Option(help="Domain of the rendered clips.")] = "casme2-like",
    subjects: Annotated[int, typer.Option(help="People.")] = 26,
    seed: Annotated[int, typer.Option(help="Of the people; one that the model was not trained on.")] = 2026,
) -> None:
    """Measure, then print the table."""
    refuse_trained_on(model, domain, seed)
    network, processor = load_model(model)
    if not network.config.has_counterfactuals:
        raise typer.BadParameter(f"{model} answers no what-ifs: train one with `aullm train --preset whole`")
    table = load_synthetic(domain, subjects=subjects, seed=seed, neutral=0.0)
    pairs = list(pairs_of(network, processor, table, seed))
    others = [each for each in pairs if not each["itself"]]
    clear = [each for each in others if abs(each["claimed"] - each["before"]) >= CLEAR]
    rows = [
        compare_claims([each for each in pairs if each["itself"]], "the unit itself"),
        compare_claims(clear, f"others, claims of {CLEAR} or more"),
        compare_claims([each for each in clear if each["present"]], "of these, truly there"),
        compare_claims([each for each in clear if not each["present"]], "of these, not there"),
        compare_claims(others, "others, all"),
    ]
    title = f"{model}: clips of {subjects} people filmed again without a unit ({domain}, seed {seed})"
    Console(width=160).print(result_table(rows, COLUMNS, title))
    print(markdown_table(rows, COLUMNS), end="\n\n")
    print(json_line({"benchmark": "without_unit", "model": model, "domain": domain, "seed": seed, "rows": rows}))


if __name__ == "__main__":
    typer.run(main)
