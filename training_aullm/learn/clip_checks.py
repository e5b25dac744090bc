"""Whether clips were made for a model: told before it trains on them or answers for them.

check_answers(model.config, clips)
check_training(model.config, clips)
"""

from collections.abc import Collection, Sequence

from transformers.utils import logging

from modeling_aullm import AullmConfig
from training_aullm.clips.clip_set import ClipSet
from training_aullm.score.metrics import UNKNOWN

logger = logging.get_logger(__name__)


def check_answers(config: AullmConfig, clips: ClipSet) -> None:
    """Refuse clips whose labels would be held against answers for other action units.

    Args:
        config: of the model.
        clips: to be answered for.

    Raises:
        TypeError: they are no `ClipSet`.
        ValueError: they are labelled for other action units, or for the same in another order.
    """
    if not isinstance(clips, ClipSet):
        kind = type(clips)
        raise TypeError(
            f"training and scoring take a ClipSet, not a {kind.__module__}.{kind.__qualname__}: make one with "
            "ClipSet.build(table, processor, model.config.action_units, model=model)"
        )
    if list(clips.action_units) != list(config.action_units):
        raise ValueError(
            f"the clips of {clips.data_set!r} are labelled for {list(clips.action_units)}, the model answers "
            f"{list(config.action_units)}: use clips.select(model.config.action_units)"
        )


def check_training(config: AullmConfig, clips: ClipSet) -> None:
    """Refuse clips that nothing could be learnt from; units that they teach nothing of are named in the log.

    Args:
        config: of the model.
        clips: to be trained on.

    Raises:
        TypeError: as of `check_answers`.
        ValueError: the same; pixels for a model that measures motion (or motion for one that reads pixels), or clips
            without any label.
    """
    check_answers(config, clips)
    wanted = "motion_values" if config.front_end == "displacement" else "pixel_values"
    if clips.input_name != wanted:
        raise ValueError(
            f"front_end={config.front_end!r} trains on {wanted}, these clips hold {clips.input_name}: build them "
            f"with ClipSet.build(..., model={'model' if wanted == 'motion_values' else None})"
        )
    uncoded = uncoded_units(clips)
    if len(uncoded) == len(clips.action_units):
        raise ValueError(
            f"all labels of these {len(clips)} clips are unknown (-1) for {list(clips.action_units)}: there is nothing "
            "to learn; choose action units that the clips are coded for"
        )
    if uncoded:
        logger.warning(
            f"no clip of {clips.data_set!r} to train on is coded for {', '.join(uncoded)}: nothing is learnt of that; "
            "what the model did not know before, `fit` has it call absent"
        )


def uncoded_units(clips: ClipSet) -> list[str]:
    """The action units that are known in no clip."""
    known = (clips.labels != UNKNOWN).any(0).tolist()
    return [name for name, is_known in zip(clips.action_units, known, strict=True) if not is_known]


def refuse_uncoded(name: str, wanted: Sequence[str], known: Collection[str]) -> None:
    """Refuse action units that were asked for and that neither the clips nor the model's start know.

    Args:
        name: of the clips.
        wanted: that the model is to answer with.
        known: that clips are coded for or the start knows.

    Raises:
        ValueError: names them, and those that are left.
    """
    if unknown := [unit for unit in wanted if unit not in known]:
        left = ",".join(unit for unit in wanted if unit in known)
        raise ValueError(
            f"no clip of {name!r} is coded for {', '.join(unknown)}: nothing could be learnt of that. Ask for other "
            f"action units (--action-units {left})"
        )
