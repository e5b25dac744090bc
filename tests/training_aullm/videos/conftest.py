"""A reading of two faces in pieces, its journal, and a grey film of the same length."""

import numpy as np
import pytest

from dataset_scripts.synthetic.camera.codec import write_mp4
from processing_aullm import sections_aullm
from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor
from training_aullm.videos import film as annotated_film
from training_aullm.videos.journal import Journal
from training_aullm.videos.summary import Summary


@pytest.fixture(scope="session")
def pieces() -> list[dict]:
    """Pieces of a video of two faces, in three sections; going on with equal pieces is tested beside the reader."""
    first = FakeFace(frames=200, moves=((30, 32, 35, 4.0, "AU4"), (150, 155, 165, 5.0, "AU12")), blinks=((65, 66, 68),))
    other = FakeFace(frames=200, moves=((120, 122, 125, 4.0, "AU12"),), seed=1, box=(70.0, 10.0, 90.0, 30.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sections_aullm, "SECTION_S", 6.0)
        return FakeProcessor().pieces(first, other)


@pytest.fixture(scope="session")
def journal(tmp_path_factory, pieces) -> Journal:
    journal = Journal(tmp_path_factory.mktemp("journal") / "a.pieces.jsonl", {})
    for piece in pieces:
        journal.add(piece)
    return journal


@pytest.fixture
def summary(pieces) -> Summary:
    return Summary.of(pieces)


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """20 s of grey, 10 frames a second."""
    path = tmp_path_factory.mktemp("film") / "face.mp4"
    write_mp4(path, (np.full((64, 96, 3), 90, np.uint8) for _ in range(200)), 10, 20)
    return path


@pytest.fixture(scope="module")
def short_parts():
    """The annotated film comes in parts of 3 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(annotated_film, "PART_S", 3.0)
        yield
