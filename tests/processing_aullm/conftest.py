"""A tiny tokenizer and a rendered face that can be moved by known amounts."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from processing_aullm import AullmImageProcessor, AullmProcessor
from processing_aullm.prompt_aullm import ACTION_UNIT_MEANINGS
from processing_aullm.stream_aullm import FaceStream
from tests.processing_aullm.scenes import Scenes

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


@pytest.fixture(scope="session")
def face_points(image_processor, face) -> np.ndarray:
    """(468, 2) landmarks of that face."""
    return image_processor.aligner.faces(face)[0].points


@pytest.fixture
def scenes(face, face_points) -> Scenes:
    return Scenes(face, face_points)


@pytest.fixture
def open_stream(scenes) -> Callable[..., FaceStream]:
    """Opens a stream of drawn frames, 64-px crops, 10 frames a second unless told otherwise."""
    reader = AullmImageProcessor(size=64)
    reader.use_faces(scenes.detector, scenes.mesh)
    return lambda frames, **options: reader.open_stream(frames, **{"fps": 10.0, **options})
