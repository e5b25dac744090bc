"""What methods read: the clips of all data sets, measured in one of several ways, joined."""

from collections.abc import Sequence
from pathlib import Path

import datasets
import numpy as np
import torch

from dataset_scripts.synthetic import load_synthetic
from training_aullm.clips.clip_set import ClipSet, clips_digest, identities, select_labels
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_base
from training_aullm.peers.flow import (
    amplified_flow,
    apex_flow,
    clip_flow,
    fine_apex_flow,
    flow_clips,
    large_apex_flow,
)
from training_aullm.runs.release_settings import ReleaseSettings, training_tables

FLOWS = {
    "apex-flow": apex_flow,
    "apex-flow-28": fine_apex_flow,
    "apex-flow-64": large_apex_flow,
    "clip-flow": clip_flow,
    "amplified-flow": amplified_flow,
}
MACRO_DOMAIN, MACRO_SEED = "casme2-like", 7100
"""People that nothing else renders, whose full-size expressions a method may be transferred from."""


def form_clips(
    kind: str, table: datasets.Dataset, action_units: Sequence[str], cache_dir: Path, language_model: str = "bundled"
) -> ClipSet:
    """The clips of one table as a kind of method reads them.

    Args:
        kind: `Method.clips`.
        table: rows of `dataset_scripts.schema.FEATURES` with registered face crops.
        action_units: names of the labels wanted.
        cache_dir: where measured clips are kept.
        language_model: whose tokenizer the processor carries.

    Returns:
        The clips, in table order.
    """
    if kind == "labels":
        return _bare(table, action_units)
    if kind in FLOWS:
        return flow_clips(table, action_units, FLOWS[kind], cache_dir)
    if kind == "frames":
        return ClipSet.build(
            table, new_processor("paper", action_units, language_model), action_units, None, False, cache_dir
        )
    recipe = recipe_base().but(model={"reader": "mlp", "num_language_layers": 1})  # measuring needs no language model
    model = new_model(recipe, action_units, language_model)
    return ClipSet.build(
        table, new_processor("base", action_units, language_model), action_units, model, False, cache_dir
    )


class Inputs:
    """The clips of several tables in every form, each measured once a process and kept on disk for the others."""

    def __init__(
        self,
        tables: Sequence[datasets.Dataset],
        action_units: Sequence[str],
        cache_dir: Path,
        language_model: str = "bundled",
        macro_size: tuple[int | None, int | None] = (None, None),
    ):
        """
        Args:
            tables: one a data set.
            action_units: names of the labels wanted.
            cache_dir: where measured clips are kept.
            language_model: whose tokenizer the processor carries.
            macro_size: people and clips of macro-expressions to render; None: as the domain has.
        """
        self.tables, self.action_units, self.cache_dir = tables, tuple(action_units), cache_dir
        self.language_model, self.macro_size = language_model, macro_size
        self._clips: dict[str, ClipSet] = {}
        self._others: dict[tuple[str, str], ClipSet] = {}

    def clips(self, kind: str) -> ClipSet:
        """The clips of all tables, one after the other; a person is named with the data set."""
        if kind not in self._clips:
            parts = [self._form(kind, table) for table in self.tables]
            self._clips[kind] = ClipSet.joined(parts, " and ".join(part.data_set for part in parts))
        return self._clips[kind]

    def others(self, which: str, kind: str) -> ClipSet:
        """Clips of rendered people that are in no other set.

        Args:
            which: "macro": expressions at full size; "release": what the checkpoint that comes along has learned from.
            kind: as for `clips`.
        """
        if (which, kind) not in self._others:
            tables = self._macro_tables() if which == "macro" else _release_tables()
            parts = [self._form(kind, table) for table in tables]
            self._others[which, kind] = ClipSet.joined(parts, f"other people, {which}")
        return self._others[which, kind]

    def _macro_tables(self) -> list[datasets.Dataset]:
        subjects, clips = self.macro_size
        return [load_synthetic(MACRO_DOMAIN, subjects=subjects, clips=clips, seed=MACRO_SEED, expression="macro")]

    def digest(self, kind: str) -> str:
        """A hash of what methods of this kind are trained and tested on."""
        return clips_digest(self.clips(kind))

    def _form(self, kind: str, table: datasets.Dataset) -> ClipSet:
        return form_clips(kind, table, self.action_units, self.cache_dir, self.language_model)


def _release_tables() -> list[datasets.Dataset]:
    settings = ReleaseSettings()
    return [table for domain in settings.domains for table in training_tables(domain, settings.people)]


def _bare(table: datasets.Dataset, action_units: Sequence[str]) -> ClipSet:
    """Names and labels alone."""
    sample_ids, subjects, data_set = identities(table)
    labels = select_labels(np.asarray(table["action_units"]), action_units)
    return ClipSet(
        torch.zeros(len(labels), 1), "motion_values", labels, tuple(action_units), sample_ids, subjects, data_set
    )
