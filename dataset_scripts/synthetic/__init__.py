"""The clip source: procedural faces with exact action-unit truth. See docs/clip_source.md."""

from dataset_scripts.synthetic.tables.clip_table import load_synthetic
from dataset_scripts.synthetic.tables.take_table import load_takes
from dataset_scripts.synthetic.tables.takes import open_take, render_take
from dataset_scripts.synthetic.tables.video import render_video

__all__ = ["load_synthetic", "load_takes", "open_take", "render_take", "render_video"]
