"""Clips of the training domain and of the other domain, in every form that the variants read."""

from pathlib import Path

import datasets

from benchmarks.flow import apex_flow, clip_flow, flow_clips
from dataset_scripts.labels import AU_SETS
from dataset_scripts.synthetic import load_synthetic
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_base


def load_clips(
    domain: str, cross: str, subjects: int, clips: int | None, kinds: set[str], cache_dir: Path
) -> dict[str, tuple[ClipSet, ClipSet]]:
    """Render (or read from the cache) both domains and measure what is needed.

    Args:
        domain: domain to train on; its set of action units is used throughout.
        cross: other domain, or "".
        subjects: subjects of the training domain.
        clips: clips of the training domain; None: as many as the domain has.
        kinds: of "motion", "frames", "apex-flow", "clip-flow".
        cache_dir: where measured clips are kept.

    Returns:
        Kind to (clips of the domain, clips of the other domain); without another domain both are the same.
    """
    action_units = AU_SETS[domain]
    tables = [load_synthetic(domain, subjects=subjects, clips=clips)]
    if cross:
        tables.append(load_synthetic(cross))
    sets = {kind: [_form(kind, table, action_units, cache_dir) for table in tables] for kind in sorted(kinds)}
    return {kind: (each[0], each[-1]) for kind, each in sets.items()}


def _form(kind: str, table: datasets.Dataset, action_units: tuple[str, ...], cache_dir: Path) -> ClipSet:
    if kind == "apex-flow":
        return flow_clips(table, action_units, apex_flow, cache_dir)
    if kind == "clip-flow":
        return flow_clips(table, action_units, clip_flow, cache_dir)
    if kind == "frames":
        return ClipSet.build(table, new_processor("paper", action_units), action_units, cache_dir=cache_dir)
    model = new_model(recipe_base().but(model={"reader": "mlp"}), action_units)  # measuring needs no language model
    return ClipSet.build(table, new_processor("base", action_units), action_units, model, cache_dir=cache_dir)
