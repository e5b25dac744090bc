"""Clips beside what was predicted for them and where each action unit looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training_aullm.figures.style import BLUE, GREEN, INK, QUIET, RED, new_figure

LOOKS = 3
ENLARGED = 15


@dataclass(frozen=True)
class Card:
    """One clip on the sheet.

    Attributes:
        title: the sample id.
        onset, apex: (S, S) uint8 grey frames.
        motion: (2, h, w) displacement x, y from onset to apex, in pixels at 224.
        attention: (K, h, w) attention over space of each action unit, summed over time.
        probabilities: (K,) in [0, 1].
        labels: (K,) in {1, 0, -1}.
    """

    title: str
    onset: np.ndarray
    apex: np.ndarray
    motion: np.ndarray
    attention: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray


def draw_contact_sheet(path: str | Path, cards: Sequence[Card], action_units: Sequence[str], title: str) -> None:
    """Write one row per clip: onset, motion, attention of the three strongest action units, probabilities.

    Args:
        path: PNG file.
        cards: the clips.
        action_units: the K names.
        title: above the sheet.
    """
    with new_figure(path, 11, 0.5 + 1.75 * len(cards)) as figure:
        figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
        axes = figure.subplots(len(cards), 3 + LOOKS, squeeze=False, width_ratios=[1] * (2 + LOOKS) + [1.9])
        for row, card in zip(axes, cards, strict=True):
            _draw_frames(row[0], row[1], card)
            strongest = np.argsort(-card.probabilities)[:LOOKS]
            for axis, k in zip(row[2:-1], strongest, strict=False):
                _draw_attention(axis, card.apex, card.attention[k], f"{action_units[k]} looks here")
            for axis in row[2 + len(strongest) : -1]:
                axis.set_axis_off()
            _draw_bars(row[-1], card, action_units)


def _draw_frames(first, second, card: Card) -> None:
    first.imshow(card.onset, cmap="gray", vmin=0, vmax=255)
    first.set_title(card.title, fontsize=7, fontweight="normal")
    second.imshow(card.apex, cmap="gray", vmin=0, vmax=255, alpha=0.6)
    second.set_title(f"motion at the apex, x {ENLARGED}", fontsize=7, fontweight="normal")
    _draw_arrows(second, card)
    first.set_axis_off()
    second.set_axis_off()


def _draw_arrows(axis, card: Card) -> None:
    """The displacement of every second cell, enlarged; stronger motion is drawn darker."""
    size, (dx, dy) = card.apex.shape[0], card.motion[:, ::2, ::2]
    cell = size / card.motion.shape[-1]
    y, x = np.mgrid[0 : dx.shape[0], 0 : dx.shape[1]] * 2 * cell + cell / 2
    scale = size / 224 * ENLARGED
    arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.008, "cmap": "viridis_r"}
    strength = np.hypot(dx, dy)
    axis.quiver(x, y, dx * scale, dy * scale, strength, clim=(0, max(float(strength.max()), 0.2)), **arrows)


def _draw_attention(axis, frame: np.ndarray, attention: np.ndarray, title: str) -> None:
    size = frame.shape[::-1]
    heat = cv2.resize(attention.astype(np.float32), size, interpolation=cv2.INTER_CUBIC).clip(0)
    heat = heat / max(float(heat.max()), 1e-9)
    axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
    axis.imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=0.75 * heat**0.7)
    axis.set_title(title, fontsize=7, fontweight="normal")
    axis.set_axis_off()


def _draw_bars(axis, card: Card, action_units: Sequence[str]) -> None:
    """Probabilities: green where the decision is right, red where it is wrong; a dot marks what is truly there."""
    places = np.arange(len(action_units))
    right = (card.probabilities >= 0.5) == (card.labels == 1)
    colours = np.where(card.labels < 0, QUIET, np.where(right, GREEN, RED))
    axis.barh(places, card.probabilities, color=colours, height=0.7, alpha=0.85)
    present = card.labels == 1
    axis.scatter(np.full(present.sum(), 1.06), places[present], color=BLUE, s=22, clip_on=False, zorder=3)
    axis.axvline(0.5, color=INK, lw=0.7, ls=":")
    axis.set(xlim=(0, 1.1), ylim=(len(places) - 0.4, -0.6), yticks=places, yticklabels=action_units, xticks=[0, 0.5, 1])
    axis.tick_params(labelsize=6.5, length=0, pad=2)
    axis.grid(axis="y", visible=False)


def draw_preview(path: str | Path, clips: Sequence[np.ndarray], titles: Sequence[str], columns: int = 6) -> None:
    """Write a sheet of clips as rows of frames: a look at a data set before anything is trained.

    Args:
        path: PNG file.
        clips: one (T, S, S) uint8 array per clip.
        titles: one line per clip.
        columns: frames shown per clip, spread evenly.
    """
    with new_figure(path, 1.45 * columns, 1.62 * len(clips)) as figure:
        axes = figure.subplots(len(clips), columns, squeeze=False)
        for row, clip, title in zip(axes, clips, titles, strict=True):
            picks = np.linspace(0, len(clip) - 1, columns).round().astype(int)
            for axis, frame in zip(row, clip[picks], strict=True):
                axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
                axis.set_axis_off()
            row[0].set_title(title, fontsize=7, fontweight="normal")
