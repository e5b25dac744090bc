"""A tiny random language model saved as a folder, and tiny AULLM++ models around it."""

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from modeling_aullm import AullmConfig, AullmForActionUnitDetection

UNITS = ["AU1", "AU2", "AU4", "AU12"]
VOCABULARY = 64
PROMPT = [5, 6, 7, 8, VOCABULARY, VOCABULARY + 1, 9, 10]  # four static tokens, both soft tokens, two more
PROMPT_FIELDS = {"prompt_ids": PROMPT, "content_token_id": VOCABULARY, "instruction_token_id": VOCABULARY + 1}
SMALL = {
    "encoder_channels": [4, 16],
    "image_size": 48,
    "motion_grid": 12,
    "mid_channels": 4,
    "mid_shape": [1, 3, 3],
    "high_width": 8,
    "graph_width": 16,
    "maps_per_unit": 2,
    "lora_rank": 4,
    **PROMPT_FIELDS,
}


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def save_base(folder, seed: int = 0, layers: int = 3, kind: type = LlamaConfig) -> str:
    """A random Llama (or another decoder) of width 32, saved as its users would."""
    torch.manual_seed(seed)
    config = kind(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        vocab_size=VOCABULARY,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory) -> str:
    return save_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def build(base_folder):
    """build(preset, stirred=True, **overrides): a tiny model; stirred = no trained weight is left at zero."""

    def make(preset: str = "whole", stirred: bool = True, **overrides) -> AullmForActionUnitDetection:
        fields = {"language_model": base_folder, "action_units": UNITS, "num_language_layers": 2, **SMALL, **overrides}
        model = AullmForActionUnitDetection.from_language_model(AullmConfig.preset(preset, **fields))
        if stirred:
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.requires_grad:
                        parameter.add_(0.1 * torch.randn_like(parameter))
        return model

    return make


@pytest.fixture
def motion() -> torch.Tensor:
    return torch.cat([torch.randn(3, 2, 5, 12, 12), torch.rand(3, 1, 5, 12, 12)], 1)


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.tensor([[1, 0, 0, 1], [0, 1, -1, 0], [1, 1, 0, 0]]).float()
