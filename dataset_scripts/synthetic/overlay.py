"""A picture that moves with the head and lies in front of it, such as glasses."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Overlay:
    """Layers at twice the output resolution.

    Attributes:
        shade: (2s, 2s) factor on what lies behind: shadows and tinted glass. colour: (2s, 2s, C + 1) light that is
            added, already weighed by its opacity, and the opacity.
    """

    shade: np.ndarray
    colour: np.ndarray

    def put_on(self, image: np.ndarray, columns: np.ndarray, rows: np.ndarray, rigid: np.ndarray) -> np.ndarray:
        """Lay it over a picture.

        Args:
            image: (s, s, C) linear light. columns, rows: (s, s) pixel numbers. rigid: (s, s, 2) how the head has moved.
        Returns:
            (s, s, C).
        """
        x, y = 2 * (columns - rigid[..., 0]) + 0.5, 2 * (rows - rigid[..., 1]) + 0.5
        shade, colour = (
            cv2.remap(layer, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for layer in (self.shade, self.colour)
        )
        return image * shade[..., None] * (1 - colour[..., -1:]) + colour[..., :-1]
