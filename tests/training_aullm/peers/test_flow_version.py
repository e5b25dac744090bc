"""Flow changes only with FLOW_VERSION: measured flow on disk is named after it."""

from pathlib import Path

import numpy as np

from tests.golden import Golden
from training_aullm.comparing.inputs import FLOWS
from training_aullm.peers.flow import FLOW_VERSION

COMMAND = "python -m tests.training_aullm.peers.test_flow_version"
FILE = Path(__file__).parent / "data" / "golden_flow.json"
GOLDEN = Golden(FILE, "FLOW_VERSION", FLOW_VERSION, COMMAND, within=2e-2)


def flow_as_numbers() -> dict[str, object]:
    """Flow of a texture of which a patch moves while the whole shifts, in pixels, averaged over 7 x 7 fields."""
    y, x = np.mgrid[:112, :112].astype(np.float64)
    patch = np.exp(-((x - 70) ** 2 + (y - 40) ** 2) / 300)

    def frame(step: int) -> np.ndarray:
        u, v = x - 0.1 * step - 0.4 * step * patch, y + 0.3 * step * patch
        texture = np.sin(u / 2) * np.cos(v / 3) + np.sin(u / 5 + v / 4) + 0.5 * np.cos(u / 9 - v / 7)
        return (128 + 38 * texture).clip(0, 255).astype(np.uint8)

    frames = [frame(step) for step in range(7)]
    return {name: _pooled(measure(frames, 0, 3, 6)) for name, measure in FLOWS.items()}


def _pooled(field: np.ndarray) -> np.ndarray:
    """(2, T, cells, cells) -> (2, T, 7, 7): small enough to keep, with every step and every cell in it."""
    edges = np.linspace(0, field.shape[-1], 8).round().astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(field, edges, axis=2), edges, axis=3)
    counts = np.diff([*edges, field.shape[-1]])
    return sums / np.outer(counts, counts)


def test_flow_is_that_of_the_version():
    GOLDEN.check(flow_as_numbers())


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    GOLDEN.record(flow_as_numbers())
