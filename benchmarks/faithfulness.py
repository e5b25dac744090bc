"""Does the model look where it says it looks? Hide the attended region, hide random ones, and compare.

    python -m benchmarks.faithfulness --model release
    python -m benchmarks.faithfulness --model runs/demo --subjects 8 --pixels 0       # a quick look

For every detection (probability of at least 0.5) on rendered people that the model never saw, the region with half of
the unit's attention is made to stand still: its motion values are set to zero, or its pixels are replaced by those of
the onset frame and motion is measured anew. The same is done to random regions of the face of equal size, and to the
equally many cells that moved most. Intervals are over people. Then counterfactuals: when a unit's region stands still,
do the others change as the model says they would without that unit (of models that say so, such as the preset
`whole`)? Prints tables, then one JSON line.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from tqdm.auto import tqdm

from benchmarks.hiding import hide_motion, hide_pixels, moving_region, random_regions
from dataset_scripts.synthetic import load_synthetic
from modeling_aullm.explanation_aullm import explain
from processing_aullm.pictures_aullm import attended_region
from training_aullm.clips.clip_set import ClipSet
from training_aullm.loading import load_model
from training_aullm.score.bootstrap import bootstrap_mean
from training_aullm.score.report import json_line, markdown_table, result_table

THRESHOLD = 0.5
CLEAR = 0.05  # of a probability: a counterfactual that claims less is not tested
COLUMNS = {
    "hidden": "hidden",
    "attended": "drop, attended region",
    "random": "drop, random region",
    "difference": "difference (95%)",
    "share": "attended costs more (95%)",
    "moving": "drop, most moving cells",
}
FLIP_COLUMNS = {
    "pairs": "claims tested",
    "agree": "hiding that unit's region agrees (95%)",
    "agree_random": "hiding a random region agrees (95%)",
    "correlation": "correlation of claim and effect",
}


@dataclass(frozen=True)
class Detection:
    """One unit seen in one clip, and the probabilities of all units when parts of the face stand still.

    Attributes:
        subject: who.
        unit: which of the K units.
        true: whether it is truly there.
        before: (K,) of the clip as it is.
        claimed: (K,) that the model claims without this unit; None of one that claims nothing (preset `base`).
        attended, moving: (K,) with that region hidden.
        random: (R, K), each with another region hidden.
    """

    subject: str
    unit: int
    true: bool
    before: np.ndarray
    claimed: np.ndarray | None
    attended: np.ndarray
    moving: np.ndarray
    random: np.ndarray

    def drops(self, log_odds: bool) -> tuple[float, np.ndarray, float]:
        """What the unit's own score loses: attended region, (R,) random regions, most moving cells."""
        scale = (lambda p: np.log(p / (1 - p))) if log_odds else (lambda p: p)
        scores = [scale(np.clip(p[..., self.unit], 1e-6, 1 - 1e-6)) for p in (self.attended, self.random, self.moving)]
        return tuple(scale(np.clip(self.before[self.unit], 1e-6, 1 - 1e-6)) - score for score in scores)


def detect(
    model,
    clips: ClipSet,
    frames: torch.Tensor | None,
    share: float,
    draws: int,
    seed: int,
    threshold: float = THRESHOLD,
) -> list[Detection]:
    """Hide regions for every detection of a model.

    Args:
        model: with `front_end="displacement"`.
        clips: clips of people it never saw, as motion values.
        frames: (N, T, 1, S, S) uint8 of the same clips: pixels are hidden and motion measured anew. None hides motion.
        share: of a unit's attention that the hidden region holds.
        draws: random regions for each detection.
        seed: of their places.
        threshold: probability from which a unit counts as seen.

    Returns:
        The detections in the order of the clips.
    """
    generator, found = np.random.default_rng(seed), []
    for index in tqdm(range(len(clips)), desc="motion hidden" if frames is None else "pixels hidden", unit="clip"):
        motion = clips.inputs[index]
        explanation = explain(model, motion_values=motion[None])[0]
        before = np.array(list(explanation["probabilities"].values()))
        for unit in np.flatnonzero(before >= threshold):
            name = explanation["action_units"][unit]
            region = attended_region(explanation["attentions"][name], share)
            regions = np.stack([region, moving_region(motion, len(region), region.sum())])
            regions = np.concatenate([regions, random_regions(len(region), int(region.sum()), draws, generator)])
            after = _answers(model, motion, None if frames is None else frames[index], regions)
            claims = explanation["counterfactuals"]
            claimed = np.array(list(claims[name].values())) if claims else None
            true = bool(clips.labels[index, unit] == 1)
            found.append(
                Detection(clips.subjects[index], int(unit), true, before, claimed, after[0], after[1], after[2:])
            )
    return found


@torch.inference_mode()
def _answers(model, motion: torch.Tensor, frames: torch.Tensor | None, regions: np.ndarray) -> np.ndarray:
    """(M, K) probabilities of one clip with each region hidden."""
    if frames is None:
        still = hide_motion(motion, regions)
    else:
        still = model.measure_motion(hide_pixels(frames.float() / 255, regions).to(model.device))
    return model(motion_values=still.to(model.device)).logits.double().sigmoid().cpu().numpy()


def compare(found: list[Detection], hidden: str, log_odds: bool = False) -> dict:
    """One row: what hiding costs, attended against random.

    Args:
        found: detections.
        hidden: name of the row.
        log_odds: measure the drop in log-odds instead of probability.

    Returns:
        Means, and intervals over people.
    """
    drops = [each.drops(log_odds) for each in found]
    attended, random, moving = (np.array([d[k] if k != 1 else d[k].mean() for d in drops]) for k in range(3))
    beaten = np.array([(d[0] > d[1]).mean() for d in drops])
    subjects = [each.subject for each in found]
    return {
        "hidden": f"{hidden}, {'log-odds' if log_odds else 'probability'}",
        "detections": len(found),
        "attended": float(attended.mean()),
        "random": float(random.mean()),
        "difference": bootstrap_mean(attended - random, subjects),
        "share": bootstrap_mean(beaten, subjects),
        "moving": float(moving.mean()),
    }


def compare_flips(found: list[Detection], hidden: str) -> dict:
    """One row: do other units change as the counterfactual claims, when the flipped unit's region stands still?

    Args:
        found: detections of a model that claims something.
        hidden: name of the row.

    Returns:
        The share of clear claims (a change of 0.05 or more) whose direction comes true, with intervals over people.
    """
    subjects, agree, agree_random, claims, effects = [], [], [], [], []
    for each in found:
        others = np.arange(len(each.before)) != each.unit
        claim, effect = each.claimed - each.before, each.attended - each.before
        claims.append(claim[others])
        effects.append(effect[others])
        for k in np.flatnonzero(others & (np.abs(claim) >= CLEAR)):
            subjects.append(each.subject)
            agree.append(effect[k] * claim[k] > 0)
            agree_random.append(((each.random[:, k] - each.before[k]) * claim[k] > 0).mean())
    row = {"hidden": hidden, "pairs": len(agree), "correlation": _correlation(claims, effects)}
    if agree:
        row["agree"], row["agree_random"] = bootstrap_mean(agree, subjects), bootstrap_mean(agree_random, subjects)
    return row


def _correlation(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    x, y = (np.concatenate(each) if each else np.zeros(0) for each in (first, second))
    return float(np.corrcoef(x, y)[0, 1]) if len(x) > 1 and x.std() and y.std() else float("nan")


def refuse_trained_on(model: str, domain: str, seed: int) -> None:
    """People whom the run was trained on prove nothing.

    Raises:
        ValueError: the run's settings name the same domain and seed.
    """
    settings = Path(model) / "settings.json"
    source = json.loads(settings.read_text("utf-8")).get("source", {}) if settings.is_file() else {}
    if (source.get("domain"), source.get("seed")) == (domain, seed):
        raise ValueError(f"{model} was trained on people of {domain} with seed {seed}: pass another --seed")


def main(
    model: Annotated[str, typer.Option(help="A run's folder, a published folder, or a Hub id.")] = "release",
    domain: Annotated[str, typer.Option(help="Domain of the rendered clips.")] = "casme2-like",
    subjects: Annotated[int, typer.Option(help="People.")] = 26,
    clips: Annotated[int | None, typer.Option(help="Clips; default: as many as the domain has.")] = None,
    seed: Annotated[int, typer.Option(help="Of the people; one that the model was not trained on.")] = 2026,
    share: Annotated[float, typer.Option(help="Share of a unit's attention that the hidden region holds.")] = 0.5,
    draws: Annotated[int, typer.Option(help="Random regions for each detection, motion hidden.")] = 20,
    pixels: Annotated[int, typer.Option(help="The same with pixels hidden, which is slow; 0 leaves it out.")] = 4,
    cache: Annotated[Path, typer.Option(help="Where measured clips are kept.")] = Path("runs/faithfulness"),
) -> None:
    """Measure, then print the tables."""
    refuse_trained_on(model, domain, seed)
    network, processor = load_model(model)
    table = load_synthetic(domain, subjects=subjects, clips=clips, seed=seed)
    units = processor.action_units
    measured = ClipSet.build(table, processor, units, model=network, cache_dir=cache)
    rows, flips = [], []
    found = detect(network, measured, None, share, draws, seed=0)
    groups = {"motion": found}
    if pixels:
        frames = ClipSet.build(table, processor, units, cache_dir=cache).inputs
        groups["pixels"] = detect(network, measured, frames, share, pixels, seed=0)
    if not found:
        raise ValueError(f"{model} sees nothing in {len(measured)} clips: there is no detection to test")
    model_claims = network.config.has_counterfactuals
    for hidden, group in groups.items():
        rows += [compare(group, hidden), compare(group, hidden, log_odds=True)]
        rows.append(compare([each for each in group if each.true], f"{hidden}, true detections"))
        if model_claims:
            flips.append(compare_flips(group, hidden))
    title = f"{model} on {len(measured)} clips of {subjects} people never seen ({domain}, seed {seed})"
    tables = [(rows, COLUMNS, title), *([(flips, FLIP_COLUMNS, "counterfactuals")] if model_claims else [])]
    for results, columns, heading in tables:
        Console(width=160).print(result_table(results, columns, heading))
        print(markdown_table(results, columns), end="\n\n")
    summary = {"benchmark": "faithfulness", "model": model, "domain": domain, "seed": seed, "clips": len(measured)}
    print(json_line(summary | {"share": share, "rows": rows, "counterfactuals": flips}))


if __name__ == "__main__":
    typer.run(main)
