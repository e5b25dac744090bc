"""A picture that moves with the head and lies in front of it, such as glasses.

Tested in tests/dataset_scripts/synthetic/camera/test_look.py.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from dataset_scripts.synthetic.raster import Window


@dataclass(frozen=True)
class Overlay:
    """Layers at twice the output resolution.

    Attributes:
        shade: (2s, 2s) factor on what lies behind: shadows and tinted glass. colour: (2s, 2s, C + 1) light that is
            added, already weighed by its opacity, and the opacity.
    """

    shade: np.ndarray
    colour: np.ndarray

    def put_on(self, image: np.ndarray, grid: np.ndarray, rigid: np.ndarray) -> None:
        """Lay it over a picture, in place.

        Args:
            image: (s, s, C) linear light. grid: (s, s, 2) column and row of each pixel. rigid: (s, s, 2) how far the
                head has moved there.
        """
        inside = self._window.grown(int(np.ceil(cv2.norm(rigid, cv2.NORM_INF))), len(image)).inside
        source = 2 * (grid[inside] - rigid[inside]) + 0.5
        shade, colour = (
            cv2.remap(layer, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for layer in (self.shade, self.colour)
        )
        image[inside] *= (shade * (1 - colour[..., -1]))[..., None]
        image[inside] += colour[..., :-1]

    @cached_property
    def _window(self) -> Window:
        """The output pixels that it changes, with one more around them for the interpolation."""
        changed = (self.shade != 1) | self.colour.any(-1)
        size = len(changed) // 2
        return Window.around(changed.reshape(size, 2, size, 2).any((1, 3))).grown(1, size)
