"""Measured motion changes only with MEASUREMENT_VERSION: measured clips on disk are named after it."""

from pathlib import Path

import numpy as np
import torch

from modeling_aullm.displacement_aullm import MEASUREMENT_VERSION, DisplacementField
from tests.golden import Golden

COMMAND = "python -m tests.modeling_aullm.test_displacement_version"
FILE = Path(__file__).parent / "data" / "golden_displacement.json"
GOLDEN = Golden(FILE, "MEASUREMENT_VERSION", MEASUREMENT_VERSION, COMMAND, within=1e-3)


def field_as_numbers() -> dict[str, object]:
    """The field of a texture of which a patch moves, the whole shifts and the light changes, in pixels."""
    y, x = np.mgrid[:112, :112].astype(np.float64)
    patch = np.exp(-((x - 70) ** 2 + (y - 40) ** 2) / 300)

    def frame(across: float, down: float, light: float) -> np.ndarray:
        u, v = x - 0.4 - across * patch, y + 0.2 - down * patch
        texture = np.sin(u / 2) * np.cos(v / 3) + np.sin(u / 5 + v / 4) + 0.5 * np.cos(u / 9 - v / 7)
        return (0.5 + 0.15 * texture) * (1 + light * (x + y) / 224)

    frames = np.stack([frame(0, 0, 0), frame(0.3, -0.2, 0.1), frame(1.4, 0.9, -0.2)])
    clip = torch.from_numpy(frames).float()[None, :, None]
    return {f"grid {grid}": DisplacementField(grid)(clip)[0].numpy() for grid in (14, 28)}


def test_the_field_is_that_of_the_version():
    GOLDEN.check(field_as_numbers())


def test_the_module_carries_the_version():
    assert DisplacementField.version == MEASUREMENT_VERSION


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    GOLDEN.record(field_as_numbers())
