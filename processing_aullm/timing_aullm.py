"""When a movement begins, peaks and ends: the skin along the units that act in it, matched with movement templates.

    fit = time_movement(traces, blinks, ["AU12"], middle)  # a `TemplateFit`, places in the traces

The skin's speed finds movements and says roughly when. This says it more exactly, once a model has named the units:
their own templates are hardly touched by what the rest of the face does. Its marks lie on the samples that templates
are matched on, about 1/30 s apart for micro- and 0.13 s for macro-expressions (`TemplateFamily.rate`).
"""

from collections.abc import Sequence

import numpy as np

from .blinks_aullm import EyesClosed
from .movement_templates_aullm import MACRO, MICRO, TemplateFit
from .skin_traces_aullm import BLINKING, SkinTraces
from .unit_templates_aullm import unit_fields

LIDS_S = (0.4, 0.9)  # before and after the middle: after a blink there, the cells of the lids are not used


def time_movement(
    traces: SkinTraces, blinks: Sequence[EyesClosed], names: Sequence[str], middle: int
) -> TemplateFit | None:
    """The movement template that the skin matches best along some units; None where none fits into the traces.

    Args:
        traces: of the face.
        blinks: places in the traces.
        names: of the units.
        middle: place of the middle of the rise.
    """
    weights = np.sqrt(traces.trust)[:, None].repeat(2, 1)  # (C, 2)
    before, after = (round(seconds * traces.fps) for seconds in LIDS_S)
    if any(blink.onset <= middle + after and blink.offset >= middle - before for blink in blinks):
        weights[BLINKING] = 0
    fields = (unit_fields(names) * weights).reshape(-1, weights.size)  # (U, 2C)
    lengths = np.linalg.norm(fields, axis=1)
    axes = np.linalg.svd(fields, full_matrices=False)[2]  # (U, 2C)
    trace = (traces.skin * weights).reshape(len(traces.skin), -1) @ axes.T  # (n, U)
    towards = (fields / lengths[:, None]) @ axes.T
    fits = [family.fit(trace, traces.fps, middle, towards) for family in (MICRO, MACRO)]
    return max((fit for fit in fits if fit is not None), key=lambda fit: fit.explained, default=None)
