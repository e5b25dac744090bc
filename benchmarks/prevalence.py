"""When do label-free decisions help? Where only frequency changed, where nothing did, and on another domain.

    python -m benchmarks.prevalence --model runs/demo

Renders people that no table uses, of the domain that the demo's model was trained on and of another, and scores three
kinds of decision: at the fixed threshold, by shares estimated without labels, and by the true shares. For a change of
frequency alone, clips of the own domain are drawn so that a unit is in 5% or 50% of them. Prints a table, then one
JSON line. All of it is synthetic.

Tested in tests/benchmarks/test_prevalence.py.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from dataset_scripts.synthetic import load_synthetic
from training_aullm.learn.fitting import as_predictions, predict_probabilities
from training_aullm.loading import load_model
from training_aullm.runs.known_people import people_in, refuse_known
from training_aullm.runs.settings import build_clips
from training_aullm.score.label_free import LabelFree
from training_aullm.score.metrics import mean_of_defined, score
from training_aullm.score.predictions import Predictions
from training_aullm.score.protocols import cross_domain
from training_aullm.score.report import json_line, markdown_table, result_table

COLUMNS = {
    "tested": "tested",
    "fixed": "fixed F1",
    "estimated": "label-free F1, shares estimated",
    "given": "label-free F1, true shares given",
    "error": "mean error of the shares",
}
DOMAINS = {"casme2-like": 100, "samm-like": 101}
"""Own and other domain, with seeds for development that no table uses."""
SHARES, DRAWS = (0.05, 0.5), 20


def compare(predictions: Predictions) -> dict[str, float]:
    """Mean F1 of the three kinds of decision, and how far the estimated shares are off."""
    known = predictions.labels != -1
    true = (predictions.labels == 1).sum(axis=0) / known.sum(axis=0)
    free = LabelFree.of(predictions, {})
    given = LabelFree.of(predictions, dict(zip(predictions.action_units, true.tolist(), strict=True)))
    fixed = score(predictions.probabilities, predictions.labels, predictions.action_units)
    error = float(np.abs(free.shares - true).mean())
    return {"fixed": fixed.mean_f1, "estimated": free.scores.mean_f1, "given": given.scores.mean_f1, "error": error}


def drawn(predictions: Predictions, unit: str, share: float, generator: np.random.Generator) -> Predictions:
    """As many clips as there are of which a unit is in this share, for that unit alone."""
    one = predictions.select([unit])
    present, absent = (np.flatnonzero(one.labels[:, 0] == state) for state in (1, 0))
    shows = min(len(present), int(share / (1 - share) * len(absent)))
    rest = min(len(absent), round(shows * (1 - share) / share))
    chosen = [*generator.choice(present, shows, replace=False), *generator.choice(absent, rest, replace=False)]
    return one.rows(sorted(chosen))


def of_drawn(predictions: Predictions, share: float) -> dict[str, float]:
    """Means over units and draws."""
    generator = np.random.default_rng(0)
    rows = [
        compare(drawn(predictions, unit, share, generator)) for unit in predictions.action_units for _ in range(DRAWS)
    ]
    return {name: mean_of_defined(np.array([row[name] for row in rows])) for name in rows[0]}


def main(
    model: Annotated[str, typer.Option(help="A model trained on casme2-like.")] = "runs/demo",
    out: Annotated[Path, typer.Option(help="Folder for measured clips.")] = Path("runs/prevalence"),
) -> None:
    """Fixed threshold against label-free decisions."""
    network, processor = load_model(model)
    calibration = network.config.calibration
    if calibration is None:
        raise typer.BadParameter(f"{model} was trained by a version that did not calibrate: train it again")
    results = []
    for domain, seed in DOMAINS.items():
        table = load_synthetic(domain, seed=seed)
        refuse_known(network.config, Path(model), people_in(table))
        clips = build_clips(out, table, network, processor)
        predictions = as_predictions(predict_probabilities(network, clips), clips, domain, 0, calibration)
        if not results:
            for share in SHARES:
                tested = f"{domain}, one unit at a time, drawn to be in {share:.0%}"
                results.append({"tested": tested, **of_drawn(predictions, share)})
        else:
            predictions = predictions.select(cross_domain(predictions.action_units, ["AU2", "AU4", "AU7", "AU12"]))
        results.append({"tested": f"{domain}, {len(clips)} clips as they are", **compare(predictions)})
    Console(width=160).print(result_table(results, COLUMNS))
    print(markdown_table(results, COLUMNS))
    print(json_line({"model": model, "results": results}))


if __name__ == "__main__":
    typer.run(main)
