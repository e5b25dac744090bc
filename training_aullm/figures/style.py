"""The common look of all pictures: quiet axes, one set of colours, no global state of matplotlib changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dataset_scripts.whole_files import whole_file

INK = "#26323d"
QUIET = "#9aa5b1"
GRID = "#e6eaee"
BLUE, ORANGE, GREEN, RED = "#2a6fbb", "#e07b26", "#3f9a5c", "#c8433b"
CYCLE = [
    BLUE,
    ORANGE,
    GREEN,
    RED,
    "#8558b5",
    "#158f8f",
    "#b5477e",
    "#8a6d3b",
    "#5b6770",
    "#b59a00",
    "#4b4bb0",
    "#7aa32d",
]
RC = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
    "grid.color": GRID,
    "text.color": INK,
    "text.parse_math": False,  # names of files and data sets may hold dollars
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


@contextmanager
def new_figure(path: str | Path, width: float, height: float) -> Iterator[Figure]:
    """A figure in the common style that is written to `path` when the block ends, whole or not at all.

    Args:
        path: PNG file; its folder is made.
        width, height: inches.

    Yields:
        The figure, without a window and outside pyplot's state.
    """
    with matplotlib.rc_context(RC):
        figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with whole_file(Path(path)) as unfinished:
            figure.savefig(unfinished, format="png")
