"""Tiny language models on disk."""

import pytest

from tests.contract.language_models import save_tiny_language_model


@pytest.fixture(scope="session")
def language_model(tmp_path_factory) -> str:
    """Folder of a random two-layer Llama with few words."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"), vocabulary=64)


@pytest.fixture(scope="session")
def language_model_with_tokenizer(tmp_path_factory) -> str:
    """The same with a byte tokenizer."""
    return save_tiny_language_model(tmp_path_factory.mktemp("language-model"))
