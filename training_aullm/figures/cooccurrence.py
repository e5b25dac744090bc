"""Which action units come together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training_aullm.figures.style import INK, new_figure


def draw_cooccurrence(path: str | Path, action_units: Sequence[str], together: np.ndarray, title: str) -> None:
    """Write a heat map: the colour says how often the column's unit is there when the row's is, the number in how
    many clips.

    Args:
        path: PNG file.
        action_units: S names, each shown at least once.
        together: (S, S) clips that show both; the diagonal counts each unit.
        title: above the picture.
    """
    count = len(action_units)
    side = max(4.6, 1.6 + 0.42 * count)
    share = together / np.diag(together)[:, None]
    np.fill_diagonal(share, np.nan)
    with new_figure(path, side + 0.9, side) as figure:
        axis = figure.subplots()
        image = axis.imshow(share, cmap="Blues", vmin=0, vmax=max(0.5, float(np.nanmax(share, initial=0))))
        for i in range(count):
            for j in range(count):
                _write_count(axis, i, j, int(together[i, j]), share[i, j] / image.norm.vmax)
        names = [name.removeprefix("AU") for name in action_units]
        axis.set_xticks(range(count), names)
        axis.set_yticks(range(count), names)
        axis.set(
            title=f"{title}: which action units come together",
            xlabel="... this AU too",
            ylabel="of the clips with this AU",
        )
        axis.grid(visible=False)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axis, shrink=0.7, label="share of the row's clips")
        bar.outline.set_visible(False)


def _write_count(axis, i: int, j: int, count: int, darkness: float) -> None:
    """The number of clips in a cell; bold on the diagonal, nothing where it is zero."""
    if count:
        colour = "white" if i != j and darkness > 0.6 else INK
        axis.text(
            j,
            i,
            str(count),
            ha="center",
            va="center",
            fontsize=7.5,
            color=colour,
            fontweight="bold" if i == j else None,
        )
