"""Whether what a config says of its weights' past still holds: `trained_on` and `calibration`.

model.history = History.of(model)                       # where weights were just loaded, drawn or carried over
model.history.outdated(model.config, state_dict, body)  # before saving: fields of the config to write otherwise

Our own trainer writes both anew. Others know nothing of them, and a checkpoint would say of weights that were trained
further whom the former ones had seen, sealed by a fresh digest.
"""

import hashlib
from collections.abc import Collection
from typing import NamedTuple

import torch
from transformers.utils import logging

logger = logging.get_logger(__name__)


class History(NamedTuple):
    """The trained weights as they were, and what their config said of them.

    Limit: of the language model only adapters count, so an adapter that peft trained and merged is not noticed.
    """

    digest: str
    trained_on: dict | None
    calibration: dict | None

    @classmethod
    def of(cls, model) -> "History":
        """Of a model whose config speaks of the weights that it has now."""
        config = model.config
        return cls(_digest(model.state_dict(), model.body_keys()), config.trained_on, config.calibration)

    def outdated(self, config, state_dict: dict[str, torch.Tensor], body: Collection[str]) -> dict:
        """What must not be said of weights any more that were trained since.

        Args:
            config: an `AullmConfig`; a field that was set anew is taken at its word, also to what it was before.
            state_dict: weights that are to be saved.
            body: names of those of the frozen language model.

        Returns:
            Fields of the config with what to write instead.
        """
        if _digest(state_dict, body) == self.digest:
            return {}
        changes = {}
        if config.calibration is not None and config.calibration is self.calibration:
            changes["calibration"] = None
        if config.trained_on is not None and config.trained_on is self.trained_on:
            logger.warning_once(
                "the weights have changed since the model was loaded or made, and nobody said by whose clips: the "
                "checkpoint's trained_on is written as incomplete. Call remember_people(model.config, clips) of "
                "training_aullm.learn.people before saving, or train with AullmTrainer"
            )
            changes["trained_on"] = {**config.trained_on, "complete": False}
        return changes


def _digest(weights: dict[str, torch.Tensor], body: Collection[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights.keys() - set(body)):
        digest.update(name.encode())
        if not weights[name].is_meta:  # offloaded ones are not here to see
            digest.update(weights[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
