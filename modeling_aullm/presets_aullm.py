"""The named settings of the model.

`paper` follows the published figure, `whole` has all of its parts on measured motion, `base` is `whole` without what
earned nothing (docs/results.md, "What each part is worth").

Tested in tests/modeling_aullm/test_configuration_aullm.py.
"""

PARTS = {
    "use_prior": True,
    "use_moe": True,
    "use_laplacian": True,
    "use_squeeze_excitation": True,
    "prototype_loss_weight": 0.1,
}
"""Of the published figure; what `base` leaves out. The last one belongs to CCR: flipped nodes become prototypes."""

PRESETS: dict[str, dict] = {
    "paper": PARTS
    | {
        "front_end": "led",
        "image_size": 64,
        "led_epsilon": 0.1,
        "encoder_layout": "published",
        "norm": "batch",
        "encoder_channels": [32, 64],
        "encoder_dropout": 0.3,
        "projector_dropout": 0.3,
        "graph_dropout": 0.1,
        "lora_dropout": 0.1,
        "mid_shape": [2, 6, 6],
        "mid_channels": 16,
        "maps_per_unit": 1,
        "region_strength": 0.0,
        "readout": "last",
        "evidence_skip": False,
        "evidence_loss_weight": 0.0,
        "node_loss_weight": 0.0,
        "gamma_negative": 4.0,
        "gamma_positive": 0.0,
        "probability_clip": 0.05,
    },
    "whole": PARTS,
    "base": {},  # the defaults of AullmConfig
}
