"""What landmarks say of head and jaw at no cost: how far the head has turned, and how wide the mouth stands open.

    pose_of(points, matrix)  # [yaw, pitch, roll] in degrees, roughly
    mouth_openness(points)  # of the distance of the eyes

Both are evidence against a movement: a turning head and a talking jaw move skin that no action unit moves.
"""

import math

import numpy as np

OUTER, INNER, NOSE = (33, 263), (133, 362), 1  # of the eyes, and the nose's tip, in FaceMesh's points
LIPS = (13, 14)  # inner edge of the upper and the lower lip
DEGREES = 57.0  # a nose stands about as far in front of the eyes as these are apart


def pose_of(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(3,) yaw, pitch and roll of the head.

    Args:
        points: (468, 2) landmarks in pixels of a crop.
        matrix: (2, 3), crop pixels to pixels of the frame.

    Returns:
        Degrees. Yaw and pitch count from a head whose nose lies in the middle of its eyes, so only their changes mean
        something.

    Source: our choice. On seven real videos yaw follows that of another network (correlation .95 while heads turn),
        pitch less well (.6 to .8: a smile lifts the nose).
    """
    apart = points[OUTER[1]] - points[OUTER[0]]
    across = apart / max(float(np.hypot(*apart)), 1e-6)
    nose = points[NOSE] - points[[*OUTER, *INNER]].mean(0)
    share = np.array([nose @ across, nose @ [-across[1], across[0]]]) / max(float(np.hypot(*apart)), 1e-6)
    tilt = matrix[:, :2] @ across
    return np.array([*(DEGREES * share), math.degrees(math.atan2(tilt[1], tilt[0]))])


def mouth_openness(points: np.ndarray) -> float:
    """Distance of the lips' inner edges over that of the eyes' outer corners: 0 shut, about 0.5 wide open."""
    upper, lower = points[list(LIPS)]
    return float(np.hypot(*(lower - upper)) / max(float(np.hypot(*(points[OUTER[1]] - points[OUTER[0]]))), 1e-6))


def turned(pose: np.ndarray) -> float:
    """Degrees by which a head turns during some frames, about the axis about which it turns most: (n, 3)."""
    if not len(pose):
        return 0.0
    roll = np.unwrap(pose[:, 2], period=360)  # of a head upside-down it goes from 180 to -180
    return float(np.ptp(np.column_stack([pose[:, :2], roll]), axis=0).max())


def talk(openness: np.ndarray) -> float:
    """How far lips go back and forth during some frames: their whole way less once from the lowest to the highest and
    back, as they go in a smile that shows teeth.

    Args:
        openness: (n,) as `mouth_openness` gives it.
    """
    if len(openness) < 2:
        return 0.0
    return max(0.0, float(np.abs(np.diff(openness)).sum() - 2 * (openness.max() - openness.min())))
