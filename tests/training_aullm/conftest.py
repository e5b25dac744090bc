"""A tiny language model on disk, tiny AULLM++ models around it, and tiny clips."""

import pytest
import torch

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from tests.contract.language_models import save_tiny_language_model
from training_aullm.clips.clip_set import ClipSet

UNITS = ("AU1", "AU2", "AU4", "AU12")
PROMPT = {
    "prompt_ids": [5, 6, 7, 60, 61, 8],
    "au_positions": [5] * 4,
    "content_token_id": 60,
    "instruction_token_id": 61,
}
SMALL = {
    "encoder_channels": [8, 8],
    "mid_channels": 4,
    "high_width": 16,
    "graph_width": 16,
    "maps_per_unit": 1,
    "pooling_heads": 2,
    "lora_rank": 2,
}
DROPOUTS = ("encoder_dropout", "projector_dropout", "graph_dropout", "lora_dropout", "head_dropout")
NO_DROPOUT = dict.fromkeys(DROPOUTS, 0.0)


@pytest.fixture(scope="session")
def language_model(tmp_path_factory):
    """Folder of a random two-layer Llama with few words."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"), vocabulary=64)


@pytest.fixture(scope="session")
def language_model_with_tokenizer(tmp_path_factory) -> str:
    """The same with a byte tokenizer, for whole runs."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"))


@pytest.fixture
def build_model(language_model):
    """A function that builds a tiny model of a preset; `seed` decides its new weights."""

    def build(preset="whole", seed=0, **overrides):
        torch.manual_seed(seed)
        size = (
            {"image_size": 32} if preset == "paper" else {"image_size": 32, "motion_grid": 14, "mid_shape": [1, 3, 3]}
        )
        settings = PROMPT | SMALL | size | NO_DROPOUT | overrides
        config = AullmConfig.preset(preset, language_model, UNITS, **settings)
        return AullmForActionUnitDetection.from_language_model(config)

    return build


def make_clips(number=12, pixels=False, seed=0):
    """Clips of 3 subjects whose motion (or brightness) carries the labels; one label is unknown."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(number, len(UNITS), generator=generator) < 0.4).long()
    labels[0, 1] = -1
    if pixels:
        inputs = (torch.rand(number, 6, 1, 32, 32, generator=generator) * 255).to(torch.uint8)
    else:
        inputs = 0.1 * torch.randn(number, 3, 5, 14, 14, generator=generator)
        inputs[:, 2] = 1.0  # all of it is surely measured
        for k in range(len(UNITS)):
            inputs[:, 1, :, 3 * k : 3 * k + 3] += (labels[:, k] == 1).float()[:, None, None, None]
    return ClipSet(
        inputs,
        "pixel_values" if pixels else "motion_values",
        labels,
        UNITS,
        tuple(f"tiny/s{i % 3}/c{i}" for i in range(number)),
        tuple(f"s{i % 3}" for i in range(number)),
        "tiny",
    )


@pytest.fixture
def motion_clips():
    return make_clips()


@pytest.fixture
def pixel_clips():
    return make_clips(pixels=True)
