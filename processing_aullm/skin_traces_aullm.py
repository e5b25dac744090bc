"""Skin traces: how far each part of a face's skin moves over time, head movement removed, joined across chunks.

traces = SkinTraces(fps=30.0)
traces.add(chunk)
traces.smooth()  # (n, C, 2) px of a 224-px crop

Tested in tests/processing_aullm/test_spotting_aullm.py.
"""

from collections.abc import Sequence

import numpy as np

from .blinks_aullm import EyesClosed
from .skin_field_aullm import SkinField, around_eyes, cell_centres
from .stream_aullm import FaceChunk

FACE_HALF = (0.95, 1.0)  # half axes of the face in its crop, sides -1 and 1
LIDS = (0.34, 0.26)  # half axes around an eye of what a blink moves
SMOOTH_S = 0.05  # standard deviation of the smoothing over time
LIDS_S = 0.08  # before and after a blink, in which lids still move a little
ROUNDS = 4  # of reweighting
HEAD_RIDGE = 0.002  # keeps turns and nods of the head from explaining noise
MIN_SCALE = 0.25  # px: cells that differ from the head's movement by less than twice that count fully when it is fitted


class SkinTraces:
    """The last few seconds of one face's skin, for windows and spotting.

    Args:
        fps: frames per second.

    Attributes:
        first: number of the first frame that is remembered.
        skin: (n, C, 2) displacement of the C cells of a face, without the head's, in pixels of a 224-px crop.
        openness: (n, 2) of the eyes. pose: (n, 3) of the head. mouth: (n,) how wide it stands open.
        trust: (C,) between 0 and 1, by texture.
    """

    def __init__(self, fps: float) -> None:
        self.fps, self.first = fps, 0
        self.skin = np.zeros((0, len(HEAD), 2), np.float32)
        self.openness, self.pose, self.mouth = np.zeros((0, 2)), np.zeros((0, 3)), np.zeros(0)
        self.trust = np.ones(len(HEAD), np.float32)

    @property
    def last(self) -> int:
        """Number of the last frame that is remembered."""
        return self.first + len(self.skin) - 1

    def add(self, chunk: FaceChunk) -> None:
        """Append a chunk; the frames that it shares with the one before align its displacements with earlier ones."""
        field = SkinField(chunk.crops[0])
        texture = field.texture[FACE]
        trust = texture / (texture + 0.5 * np.median(texture) + 1e-9)
        moved = np.stack([field.follow(crop)[FACE] for crop in chunk.crops])
        skin = without_head(moved, trust)
        shared = chunk.new_from
        if shared == 0 or shared > len(self.skin):
            self.first, self.skin, self.trust = chunk.first, skin, trust
            self.openness, self.pose, self.mouth = chunk.eye_openness, chunk.pose, chunk.mouth
            return
        skin += (self.skin[-shared:] - skin[:shared]).mean(0)
        self.skin = np.concatenate([self.skin, skin[shared:]])
        self.openness = np.concatenate([self.openness, chunk.eye_openness[shared:]])
        self.pose = np.concatenate([self.pose, chunk.pose[shared:]])
        self.mouth = np.concatenate([self.mouth, chunk.mouth[shared:]])
        self.trust = 0.5 * (self.trust + trust)

    def forget(self, before: int) -> None:
        """Drop the frames before this one."""
        drop = max(0, before - self.first)
        self.first += drop
        self.skin, self.openness = self.skin[drop:], self.openness[drop:]
        self.pose, self.mouth = self.pose[drop:], self.mouth[drop:]

    def smooth(self) -> np.ndarray:
        """(n, C, 2) `skin`, smoothed over time."""
        return smoothed(self.skin, SMOOTH_S * self.fps)

    def without_lids(self, blinks: Sequence[EyesClosed]) -> np.ndarray:
        """(n, C, 2) `smooth`, in which the cells around the eyes go straight from before a blink to after it.

        Args:
            blinks: Places in the traces.
        """
        skin, reach = self.smooth(), round(LIDS_S * self.fps)
        for blink in blinks:
            first, last = max(0, blink.onset - reach), min(len(skin) - 1, blink.offset + reach)
            way = np.linspace(0, 1, last - first + 1)[:, None, None]
            skin[first : last + 1, BLINKING] = (1 - way) * skin[first, BLINKING] + way * skin[last, BLINKING]
        return skin

    @property
    def noise(self) -> float:
        """Frame-to-frame noise of a cell's displacement in pixels: standard deviation, median over cells."""
        if len(self.skin) < 3:
            return 0.0
        bend = self.skin[2:] - 2 * self.skin[1:-1] + self.skin[:-2]
        return float(1.4826 * np.median(np.abs(bend)) / np.sqrt(6))


def smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean over the first axis, the ends repeated."""
    reach = int(np.ceil(3 * sigma))
    if sigma < 0.3 or len(values) < 2:
        return values.copy()
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    padded = np.concatenate([values[:1].repeat(reach, 0), values, values[-1:].repeat(reach, 0)])
    return sum(weight * padded[k : k + len(values)] for k, weight in enumerate(weights))


def without_head(moved: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Remove the head's shifts, rotations and nods from displacements.

    A small rotation of a rigid head moves each cell in proportion to its depth, and to products of its coordinates.
    Cells that move otherwise get low weights, so that an expression is not taken for a head movement.

    Args:
        moved: (n, C, 2) displacement of the face's cells. trust: (C,) weight of each.

    Returns:
        (n, C, 2) the displacement that remains.
    """
    return split_head(moved, trust)[0]


def split_head(moved: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `without_head`, and (n, 8) how strongly the head moves in each of its ways (`_head_fields`)."""
    squares = np.einsum("cpi,cpj->cij", HEAD, HEAD).reshape(len(HEAD), -1)
    size = HEAD.shape[-1]
    ridge = np.diag([0.0] * 4 + [1.0] * 4) * HEAD_RIDGE * len(HEAD) + 1e-6 * np.eye(size)
    weights = np.broadcast_to(trust, moved.shape[:2])
    for _ in range(ROUNDS):
        normal = (weights @ squares).reshape(-1, size, size) + ridge
        right = np.einsum("ncp,cpi->ni", weights[..., None] * moved, HEAD)
        strengths = np.linalg.solve(normal, right[..., None])[..., 0]
        rest = moved - np.einsum("cpi,ni->ncp", HEAD, strengths)
        sizes = np.hypot(rest[..., 0], rest[..., 1])
        scale = np.maximum(MIN_SCALE, 1.4826 * np.median(sizes, axis=1))[:, None]
        weights = trust / (1 + (sizes / (2 * scale)) ** 2)
    return rest.astype(np.float32), strengths.astype(np.float32)


def _face() -> np.ndarray:
    x, y = cell_centres()
    return (x / FACE_HALF[0]) ** 2 + ((y - 0.05) / FACE_HALF[1]) ** 2 < 1


def _head_fields() -> np.ndarray:
    """(C, 2, 8) how a face's cells move with the head: shift (2), scale, roll, and yaw and pitch (2 each)."""
    x, y = (axis[FACE] for axis in cell_centres())
    nose = 0.35 * np.exp(-((x / 0.16) ** 2) - ((y - 0.1) / 0.25) ** 2)
    depth = np.sqrt(np.clip(1 - 0.5 * x**2 - 0.3 * y**2, 0, None)) + nose
    none, one = np.zeros_like(x), np.ones_like(x)
    right = [one, none, x, -y, depth, none, x * x, x * y]
    down = [none, one, y, x, none, depth, x * y, y * y]
    return np.stack([np.stack(right, -1), np.stack(down, -1)], axis=1).astype(np.float32)


FACE = _face()  # (CELLS, CELLS) bool
HEAD = _head_fields()
BLINKING = around_eyes(*LIDS, lower=-0.02)[FACE]  # (C,) cells that a blink moves
