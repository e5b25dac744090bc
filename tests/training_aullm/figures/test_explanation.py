"""The page of an explanation holds what is written on it; what is drawn is tested in tests/commands/test_explain.py."""

from matplotlib.figure import Figure

from dataset_scripts.labels import AU_MEANINGS
from training_aullm.figures.explanation import draw_headline


def test_a_headline_of_many_units_stays_on_the_page():
    told = ", ".join(f"{meaning} ({name})" for name, meaning in AU_MEANINGS.items())
    page = Figure(figsize=(11, 4), layout="constrained")
    headline = draw_headline(page, f"2  What the model answers: {told}")
    page.draw_without_rendering()
    box = headline.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= page.bbox.x1 and box.y0 >= 0
