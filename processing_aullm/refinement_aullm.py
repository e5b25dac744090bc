"""Aligning a crop to another one to a few hundredths of a pixel: Lucas-Kanade on the parts of a face that do not move.

A landmark network places its points to 0.2 to 0.5 px, as much as a micro-expression moves. So its similarity is only a
start; grey values of nose, forehead and temples do the rest. Eyes, brows, cheeks, lips, and all below them, are
excluded, since they move with expressions.

    refiner = RigidRefiner(first_crop, landmarks_in_first_crop)
    matrix = refiner.refine(next_crop)  # pixels of the first crop to pixels of the next one
"""

import cv2
import numpy as np

from .geometry_aullm import IDENTITY, apply, compose

# Outlines among FaceMesh's 468 points.
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
MOUTH_CORNERS = (61, 291)
NOSE_WINGS = (129, 358)

BLUR = 1.5  # px; noise and JPEG blocks go, skin texture stays
MARGINS = {RIGHT_EYE: 2, LEFT_EYE: 2, RIGHT_BROW: 5, LEFT_BROW: 5, LIPS: 4}  # px around each outline left out
ABOVE_MOUTH = 8  # px above the mouth corners where the region ends
BESIDE_NOSE = 4  # px beside the nose wings where it ends, below the eyes: cheeks rise with AU6 and AU12
TUKEY = 4.685  # 95% efficiency on Gaussian noise (Huber and Ronchetti, "Robust Statistics")
MIN_SCALE = 0.7  # grey levels; keeps the weights sane on noiseless frames
CONVERGED = 5e-3  # px; a smaller step ends the search
DAMPING = 1e-3 * np.eye(6)  # keeps an even patch, which says nothing, solvable
EVERY = 3  # of the residuals, which are sorted by steepness, tell their spread
MAX_SHIFT = 0.08  # of the crop's side; landmarks are never that wrong, so a corner moved farther means divergence


class RigidRefiner:
    """Inverse-compositional Lucas-Kanade with a similarity, gain and bias, and Tukey weights.

    Args:
        template: (S, S) uint8 crop that later crops are aligned to.
        landmarks: (468, 2) of the template's face, in its pixels.
        points: How many pixels are compared at most: those of the region with the steepest grey values.
        iterations: Maximum number of steps.

    Source: Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 2004, section 3.2; the region and the weights are our
    choice, measured in docs/faces.md.
    """

    def __init__(self, template: np.ndarray, landmarks: np.ndarray, points: int = 6000, iterations: int = 12) -> None:
        self.iterations = iterations
        image = _blur(template)
        gradient_x, gradient_y = (cv2.filter2D(image, -1, kernel) for kernel in (_SLOPE, _SLOPE.T))
        rows, columns = np.nonzero(rigid_region(landmarks, template.shape[0]))
        steep = np.hypot(gradient_x[rows, columns], gradient_y[rows, columns])
        chosen = np.argsort(-steep, kind="stable")[:points]
        rows, columns = rows[chosen], columns[chosen]
        self.half = (template.shape[0] - 1) / 2
        self.points = np.stack([columns, rows, np.ones_like(rows)], axis=1).astype(np.float32)
        self.values = image[rows, columns]
        gx, gy = gradient_x[rows, columns], gradient_y[rows, columns]
        x, y = (columns - self.half) / self.half, (rows - self.half) / self.half
        rows_of_jacobian = [gx, gy, gx * x + gy * y, gy * x - gx * y, self.values, np.ones_like(gx)]
        self.jacobian = np.stack(rows_of_jacobian).astype(np.float32)

    def refine(self, crop: np.ndarray) -> np.ndarray:
        """Similarity from template pixels to pixels of the crop, near the identity.

        Args:
            crop: (S, S) uint8, already placed by the landmarks.

        Returns:
            (2, 3) matrix; the identity where refinement diverges or does not lower the residual.
        """
        return self.match(crop)[0]

    def match(self, crop: np.ndarray) -> tuple[np.ndarray, float]:
        """As `refine`, with the similarity of the two crops there.

        Args:
            crop: (S, S) uint8, placed by the landmarks or as the frame before it.

        Returns:
            The matrix, and the correlation of the compared grey values, -1 to 1; a hidden or another face
            lowers it.
        """
        image = _blur(crop)
        matrix, values = IDENTITY, self._sample(image, IDENTITY)
        gain, bias = self._light(values)
        start = end = values - (gain * self.values + bias)
        scale = _scale(start)
        for _ in range(self.iterations):
            weighted = self.jacobian * _tukey(end, _scale(end))
            step = np.linalg.solve((weighted @ self.jacobian.T).astype(np.float64) + DAMPING, weighted @ end)
            gain, bias = np.float32(gain + step[4]), np.float32(bias + step[5])
            matrix = self._stepped(matrix, *step[:4].tolist())
            values = self._sample(image, matrix)
            end = values - (gain * self.values + bias)
            if np.abs(step[:4]).max() < CONVERGED:
                break
        corners = self.half * np.array([[0, 0], [0, 2], [2, 0], [2, 2]])
        near = np.abs(apply(matrix, corners) - corners).max() < MAX_SHIFT * 2 * self.half
        if near and _loss(end, scale) < _loss(start, scale):
            return matrix, self._correlation(values)
        return IDENTITY, self._correlation(self._sample(image, IDENTITY))

    def _sample(self, image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """Grey values (N,) at the mapped points, linear, which is exact enough on a blurred image."""
        places = self.points @ matrix.T.astype(np.float32)
        return cv2.remap(image, places[:, None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]

    def _correlation(self, values: np.ndarray) -> float:
        a, b = values - values.mean(), self.values - self.values.mean()
        return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-6))

    def _light(self, values: np.ndarray) -> tuple[float, float]:
        """Gain and bias that take the template's grey values to these."""
        gain = values.std() / max(self.values.std(), 1e-6)
        return gain, values.mean() - gain * self.values.mean()

    def _stepped(self, matrix: np.ndarray, right: float, down: float, growth: float, rotation: float) -> np.ndarray:
        """The matrix before a step of the template: shifts in pixels, growth and rotation in pixels at the edge."""
        a, b = 1 + growth / self.half, rotation / self.half
        x, y = right + self.half * (1 - a + b), down + self.half * (1 - a - b)
        return compose(matrix, np.array([[a, b, -a * x - b * y], [-b, a, b * x - a * y]]) / np.array([a * a + b * b]))


def rigid_region(landmarks: np.ndarray, size: int) -> np.ndarray:
    """Mask (S, S) of the rigid parts of a face: forehead, temples and nose, no eye or brow.

    Args:
        landmarks: (468, 2) in pixels of the crop.
        size: S; margins are given for 224 and scale with it.
    """
    ratio = size / 224
    mask = _filled(landmarks, size)
    eye_line = max(0, int(landmarks[[*RIGHT_EYE, *LEFT_EYE], 1].mean()))
    left, right = landmarks[list(NOSE_WINGS), 0] + np.array([-1, 1]) * BESIDE_NOSE * ratio
    mask[eye_line:, : max(0, int(left))], mask[eye_line:, max(0, int(right)) :] = 0, 0
    mask[max(0, int(landmarks[list(MOUTH_CORNERS), 1].mean() - ABOVE_MOUTH * ratio)) :] = 0
    for outline, margin in MARGINS.items():
        width = 2 * round(margin * ratio) + 1
        mask[cv2.dilate(_filled(landmarks[list(outline)], size), np.ones((width, width))) > 0] = 0
    border = 3
    mask[:border], mask[-border:], mask[:, :border], mask[:, -border:] = 0, 0, 0, 0
    return mask > 0


def _filled(points: np.ndarray, size: int) -> np.ndarray:
    """Mask (S, S) uint8 of the points' convex hull."""
    hull = cv2.convexHull(points.astype(np.float32)).round().astype(np.int32)
    return cv2.fillConvexPoly(np.zeros((size, size), np.uint8), hull, 1)


_SLOPE = np.array([[1, -8, 0, 8, -1]], np.float32) / 12


def _blur(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image.astype(np.float32), (0, 0), BLUR)


def _scale(residual: np.ndarray) -> float:
    """Spread of the residuals that outliers do not move."""
    some = np.abs(residual[::EVERY])
    middle = len(some) // 2
    return max(1.4826 * float(np.partition(some, middle)[middle]), MIN_SCALE)


def _tukey(residual: np.ndarray, scale: float) -> np.ndarray:
    return np.clip(1 - (residual / (TUKEY * scale)) ** 2, 0, None) ** 2


def _loss(residual: np.ndarray, scale: float) -> float:
    """Tukey's loss, between 0 and 1."""
    return float(1 - (np.clip(1 - (residual / (TUKEY * scale)) ** 2, 0, None) ** 3).mean())
