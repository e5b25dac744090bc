"""The clip source: procedural faces with exact action-unit truth. See docs/clip_source.md."""

from dataset_scripts.synthetic.builder import load_synthetic

__all__ = ["load_synthetic"]
