"""AU maps start where FACS says a unit moves the skin."""

import torch

from modeling_aullm.regions_aullm import region_maps


def test_brows_are_above_lips_and_both_sides_are_seen():
    brow, corner = region_maps(["AU4", "AU12"], 14, 14)
    rows = torch.arange(14.0)
    height = [float((m.sum(1) * rows).sum() / m.sum()) for m in (brow, corner)]
    assert height[0] < 5 < 9 < height[1]
    torch.testing.assert_close(corner, corner.flip(-1))
    assert corner[int(0.74 * 14)].argmax() != 7  # lip corners, not the middle of the lip


def test_a_unit_without_a_region_may_look_anywhere():
    assert not region_maps(["AU99"], 7, 7).any()


def test_a_model_starts_looking_there(build):
    firm, free = build(region_strength=8.0, stirred=False), build(region_strength=0.0, stirred=False)
    expected = region_maps(firm.config.action_units, *firm.model.graph.chunking.grid[1:]).flatten()

    def agreement(model) -> float:
        chunking = model.model.graph.chunking
        start = chunking.place.detach().unflatten(0, (-1, chunking.maps)).mean(1).unflatten(1, chunking.grid).mean(1)
        return float(torch.corrcoef(torch.stack([start.flatten(), expected]))[0, 1])

    assert agreement(firm) > 0.95
    assert abs(agreement(free)) < 0.5
