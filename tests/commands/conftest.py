"""A tiny language model with a tokenizer in a folder, and the command `aullm` run as a user runs it."""

import os
import subprocess
import sys

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tests.contract.tokenizers import byte_tokenizer
from tests.contract.tree import ROOT


@pytest.fixture(scope="session")
def tiny_language_model(tmp_path_factory) -> str:
    """Folder of a random two-layer Llama and a byte tokenizer."""
    folder = tmp_path_factory.mktemp("language-model")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def aullm():
    """A function that runs `aullm` with arguments in a folder and returns the finished process."""

    def run(*arguments, cwd=None, **environment) -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", "from training_aullm.cli import run; run()", *map(str, arguments)]
        settings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "140", **environment}
        return subprocess.run(command, cwd=cwd, env=settings, capture_output=True, text=True)

    return run
