"""Where on a registered face each action unit moves the skin: the places the AU maps start to look at."""

import torch

# Half distance from the mid-line and height of the moving skin, as fractions of the crop's side. Source: FACS manual
# (which muscle pulls which skin) placed on the mean rendered face of the crop this package aligns to; our choice.
REGIONS: dict[str, tuple[float, float]] = {
    "AU1": (0.08, 0.20),
    "AU2": (0.24, 0.20),
    "AU4": (0.10, 0.23),
    "AU5": (0.20, 0.30),
    "AU6": (0.25, 0.42),
    "AU7": (0.20, 0.34),
    "AU9": (0.06, 0.42),
    "AU10": (0.08, 0.68),
    "AU12": (0.16, 0.74),
    "AU14": (0.18, 0.77),
    "AU15": (0.16, 0.82),
    "AU17": (0.00, 0.92),
    "AU18": (0.00, 0.78),
    "AU20": (0.18, 0.80),
    "AU23": (0.00, 0.78),
    "AU24": (0.00, 0.78),
    "AU25": (0.00, 0.79),
    "AU26": (0.00, 0.92),
    "AU28": (0.00, 0.79),
    "AU43": (0.20, 0.33),
    "AU45": (0.20, 0.33),
}
SPREAD = 0.10  # standard deviation of a region, as a fraction of the crop's side


def region_maps(action_units: list[str], height: int, width: int) -> torch.Tensor:
    """One bump on each side of the face for every unit.

    Args:
        action_units: K AU names. A unit without a known region gets a flat map: it may look anywhere.
        height, width: cells of the map.

    Returns:
        (K, height, width), 1 at the centre of a region, 0 far from it.
    """
    down = (torch.arange(height) + 0.5)[:, None] / height
    across = (torch.arange(width) + 0.5)[None] / width
    maps = torch.zeros(len(action_units), height, width)
    for row, unit in zip(maps, action_units, strict=True):
        if unit in REGIONS:
            apart, level = REGIONS[unit]
            for centre in (0.5 - apart, 0.5 + apart):
                distance = (across - centre) ** 2 + (down - level) ** 2
                row += torch.exp(-distance / (2 * SPREAD**2))
            row /= row.max()
    return maps
