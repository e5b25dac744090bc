"""What training did over the epochs: losses with their parts, and scores on clips held out."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.ticker import MaxNLocator

from training_aullm.figures.style import BLUE, GREEN, INK, ORANGE, new_figure

SCORES = {"eval_f1": ("mean F1", BLUE), "eval_auc": ("mean AUC", GREEN)}


def draw_curves(path: str | Path, history: Sequence[dict]) -> None:
    """Write the curves.

    Args:
        path: PNG file.
        history: `trainer.state.log_history`: dictionaries with "epoch" and "loss", "loss_*", "eval_loss" or "eval_*".
    """
    evaluated = any("eval_f1" in entry for entry in history)
    with new_figure(path, 10.5 if evaluated else 5.4, 4.1) as figure:
        axes = figure.subplots(1, 2 if evaluated else 1, squeeze=False)[0]
        _draw_losses(axes[0], history)
        if evaluated:
            _draw_scores(axes[1], history)


def _draw_losses(axis, history: Sequence[dict]) -> None:
    axis.plot(*_curve(history, "loss"), color=INK, lw=1.8, label="training, total")
    parts = sorted({name for entry in history for name in entry if name.startswith("loss_")})
    for name in parts:
        axis.plot(*_curve(history, name), lw=1.1, label=name.removeprefix("loss_"))
    if any("eval_loss" in entry for entry in history):
        axis.plot(*_curve(history, "eval_loss"), color=ORANGE, lw=1.4, ls="--", label="people held out, total")
    axis.set(title="loss and its parts", xlabel="epoch", ylim=(0, None))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(fontsize=7, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.16))


def _draw_scores(axis, history: Sequence[dict]) -> None:
    for name, (label, colour) in SCORES.items():
        axis.plot(*_curve(history, name), color=colour, lw=1.6, label=label)
    axis.set(title="scores on people held out (nothing is chosen by them)", xlabel="epoch", ylim=(0, 1))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(fontsize=7, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.16))


def _curve(history: Sequence[dict], name: str) -> tuple[list[float], list[float]]:
    entries = [entry for entry in history if name in entry]
    return [entry["epoch"] for entry in entries], [entry[name] for entry in entries]
