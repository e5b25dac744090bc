"""A preview shows as many people as there are, and names what they show."""

import numpy as np
from matplotlib.image import imread
from PIL import Image

from tests.training_aullm.clip_tables import clip_row, in_16_bits, states, table_of
from training_aullm.prepare.previews import present_units, save_preview, spread_over_subjects


def test_clips_are_spread_over_people():
    assert spread_over_subjects(["a", "a", "a", "b", "c"], 3) == [0, 3, 4]
    assert spread_over_subjects(["a", "a", "a", "b", "c"], 4) == [0, 1, 3, 4]
    assert spread_over_subjects(["a"], 8) == [0]


def test_units_are_named():
    assert present_units(states("4 7", "9")) == "AU4 AU7" and present_units(states()) == "no action unit"


def test_a_preview_is_a_picture(tmp_path):
    save_preview(table_of([clip_row("s0", "c0"), clip_row("s1", "c1")]), tmp_path / "preview.png")
    with Image.open(tmp_path / "preview.png") as picture:
        assert min(picture.size) > 100


def test_pictures_of_16_bits_are_previewed_as_bright_as_they_are(tmp_path):
    row = clip_row("s0", "c0", (90, 120, 150))
    deep = row | {"frames": [frame | {"bytes": in_16_bits(frame["bytes"])} for frame in row["frames"]]}
    for name, each in (("8", row), ("16", deep)):
        save_preview(table_of([each]), tmp_path / f"{name}.png")
    assert np.array_equal(imread(tmp_path / "8.png"), imread(tmp_path / "16.png"))
