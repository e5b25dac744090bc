"""What is really returned has the keys and types that its TypedDict names."""

import types
from typing import Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np

from modeling_aullm.explanation_aullm import Explanation
from processing_aullm import AullmProcessor
from processing_aullm.reading_types_aullm import ClipPictures, PicturedExplanation, Piece, Reading
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor

FACE = FakeFace(moves=((30, 32, 35, 4.0, "AU4"),), blinks=((60, 61, 63),))


def misfits(value, hint, place="") -> list[str]:
    """Where a value differs from a type hint, in words."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return min((misfits(value, part, place) for part in parts), key=len)
    if origin is Literal:
        return [] if value in parts else [f"{place}: {value!r}"]
    plain = dict if is_typeddict(hint) else origin or hint
    if not isinstance(value, plain):
        return [f"{place}: {type(value).__name__} is no {plain.__name__}"]
    if is_typeddict(hint):
        hints = get_type_hints(hint)
        if value.keys() != hints.keys():
            return [f"{place}: keys {sorted(value.keys() ^ hints.keys())}"]
        return [each for name in hints for each in misfits(value[name], hints[name], f"{place}.{name}")]
    inside = enumerate(value) if origin is list else value.items() if origin is dict else ()
    return [each for name, item in inside for each in misfits(item, parts[-1], f"{place}[{name}]")]


def test_a_reading_and_its_pieces():
    processor = FakeProcessor()
    pieces = processor.pieces(FACE)
    reading = processor.join_pieces(pieces)
    assert reading["faces"][0]["movements"] and reading["faces"][0]["blinks"]
    assert not misfits(reading, Reading)
    assert not [each for piece in pieces for each in misfits(piece, Piece)]
    assert any(piece["resume"] for piece in pieces)


def test_the_pictures_of_a_clip(tokenizer):
    processor = AullmProcessor.from_parts(tokenizer, align=False, num_frames=4)
    _, pictures = processor.read_clip(np.zeros((9, 60, 80, 3), np.uint8))
    assert not misfits(pictures, ClipPictures)


def test_an_explanation_is_the_models_part_and_the_pictures():
    """Model and processor do not import each other, so both write down the model's keys."""
    own = PicturedExplanation.__annotations__.keys() - ClipPictures.__annotations__.keys()
    assert own == Explanation.__annotations__.keys()


def test_a_misfit_is_found():
    reading = FakeProcessor().read(FACE)
    reading["faces"][0]["windows"][0]["moved"] = "far"
    assert misfits(reading, Reading) == [".faces[0].windows[0].moved: str is no float"]
