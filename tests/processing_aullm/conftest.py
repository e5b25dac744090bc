"""A tiny tokenizer and a rendered face that can be moved by known amounts."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from processing_aullm import AullmImageProcessor, AullmProcessor
from processing_aullm.prompt_aullm import ACTION_UNIT_MEANINGS

FACE = Path(__file__).parent / "data" / "rendered_face.jpg"  # rendered from the CC0 head, 320 px, 128 of them an eye


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE that splits digits, as SmolLM2's does."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])
    bpe.decoder = decoders.ByteLevel()
    text = [f"{name} {meaning}" for name, meaning in ACTION_UNIT_MEANINGS.items()]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(text, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False))
    return PreTrainedTokenizerFast(tokenizer_object=bpe)


@pytest.fixture
def processor(tokenizer) -> AullmProcessor:
    return AullmProcessor.from_parts(tokenizer, action_units=["AU1", "AU4", "AU12"])


@pytest.fixture(scope="session")
def image_processor() -> AullmImageProcessor:
    """Shared by tests that only read it, so that the face networks are loaded once."""
    return AullmImageProcessor()


@pytest.fixture(scope="session")
def face() -> np.ndarray:
    """(320, 320) uint8, one neutral rendered face."""
    return cv2.imread(str(FACE), cv2.IMREAD_GRAYSCALE)
