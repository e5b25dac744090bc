"""The picture that flow networks look at: horizontal and vertical flow, and the strain between them.

Tested in tests/training_aullm/peers/test_networks.py.
"""

import torch

USUAL_MOTION = 0.5  # px at 224: half a pixel, the size of a micro-movement, becomes 1
USUAL_STRAIN = 0.1  # the same for strain, px a cell of 28 x 28


def flow_maps(motion_values: torch.Tensor) -> torch.Tensor:
    """u, v and optical strain of the flow from onset to apex.

    Args:
        motion_values: (B, 2, 1, h, w) in pixels.

    Returns:
        (B, 3, h, w), each of the order of 1.

    Source: strain as the square root of e_xx^2 + e_yy^2 + 2 e_xy^2, as STSTNet takes it. SSSNet's code leaves out the
        product of the two shears and exchanges the axes; HTNet's puts the length of flow there for CAS(ME)^3. Ours: it
        is taken on the pooled grid, so that a mirrored field has the strain of the mirror; the scales, the same on
        every grid.
    """
    flow = motion_values[:, :, 0]  # (B, 2, h, w)
    down, across = torch.gradient(flow, dim=(2, 3))
    shear = (across[:, 1] + down[:, 0]) / 2
    squared = across[:, 0] ** 2 + down[:, 1] ** 2 + 2 * shear**2
    strain = (squared + 1e-12).sqrt()[:, None]  # the root of 0 has no slope
    strain = strain * (flow.shape[-1] / 28)  # smaller cells hold less of a stretch
    return torch.cat([flow / USUAL_MOTION, strain / USUAL_STRAIN], dim=1)
