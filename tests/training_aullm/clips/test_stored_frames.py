"""Stored frames are decoded one by one, and a broken one is named."""

import io

import numpy as np
import pytest
from PIL import Image

from processing_aullm import ClipError
from tests.training_aullm.clip_tables import clip_row, encoded, table_of, turned
from training_aullm.clips.stored_frames import EncodedFrames, camera_note, marks_of, stored_rows


def test_frames_are_decoded_when_they_are_looked_at(tmp_path):
    (tmp_path / "frame.png").write_bytes(encoded(80))
    stored = [{"bytes": encoded(90), "path": None}, {"bytes": None, "path": str(tmp_path / "frame.png")}]
    frames = EncodedFrames([*stored, {"bytes": b"cut", "path": None}], "tiny/s0/c0")
    assert len(frames) == 3 and frames.encoded(0) == encoded(90)
    assert frames[0].dtype == np.uint8 and frames[0].mean() > frames[1].mean()
    with pytest.raises(ClipError, match="tiny/s0/c0: frame 2 is not a readable image"):
        _ = frames[2]


def test_frames_of_16_bits_are_not_cut_off_at_255():
    deep = io.BytesIO()
    Image.fromarray(np.full((8, 8), 90 * 256 + 7, np.uint16)).save(deep, "png")
    (frame,) = EncodedFrames([{"bytes": deep.getvalue(), "path": None}], "tiny/s0/c0")
    assert frame.dtype == np.uint8 and (frame == 90).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_frames_are_turned_upright_as_their_camera_noted(kind):
    upright = EncodedFrames([{"bytes": encoded(90), "path": None}], "tiny/s0/c0")[0]
    (frame,) = EncodedFrames([{"bytes": turned(encoded(90), kind), "path": None}], "tiny/s0/c0")
    assert np.abs((frame if frame.ndim == 2 else frame[..., 0]).astype(int) - upright).mean() < 6
    assert camera_note(turned(encoded(90), kind)) == ("" if kind == "TIFF" else "turned 6")


def test_pictures_that_stand_upright_have_no_note():
    broken = [b"", b"cut", turned(encoded(90))[:40]]
    upright = [encoded(90), turned(encoded(90), note=1)]
    assert {camera_note(picture) for picture in broken + upright} == {""}


def test_rows_come_with_encoded_frames():
    table = table_of([clip_row("s0", "c0"), clip_row("s1", "c1")]).select([1, 0])
    rows = list(stored_rows(table, ["subject", "frames"]))
    assert [row["subject"] for row in rows] == ["s1", "s0"] and set(rows[0]) == {"subject", "frames"}
    assert rows[0]["frames"][0]["bytes"] == encoded(90)


def test_marks_that_are_not_known_are_the_ends_and_the_middle():
    known = clip_row("s0", "c0", (90,) * 6, onset=1, apex=2, offset=4)
    assert marks_of(known) == (1, 2, 4)
    assert marks_of(known | {"onset": None, "apex": None, "offset": None}) == (0, 3, 5)
    assert marks_of(clip_row("s0", "c0", (90, 95), onset=None, apex=None, offset=None)) == (0, 1, 1)
