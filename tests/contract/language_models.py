"""A random two-layer Llama in a folder, so that no test needs a real language model."""

from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tests.contract.tokenizers import byte_tokenizer


def save_tiny_language_model(folder: Path, vocabulary: int = 256) -> str:
    """The model with 256 tokens (or fewer, and then without a tokenizer) of width 16; gives the folder back."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    if vocabulary >= 256:
        byte_tokenizer().save_pretrained(folder)
    return str(folder)
