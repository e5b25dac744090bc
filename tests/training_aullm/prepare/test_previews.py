"""A preview shows as many people as there are, and names what they show."""

from PIL import Image

from tests.training_aullm.clip_tables import clip_row, states, table_of
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
