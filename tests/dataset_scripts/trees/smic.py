"""A small tree in SMIC's layout: `HS/s1/micro/negative/s1_ne_01/image000123.jpg`; emotions only."""

from pathlib import Path

from tests.dataset_scripts.trees.videos import write_frames

CLIPS = {"s1": {"negative": 2, "positive": 1}, "s2": {"surprise": 1}, "s13": {"negative": 1}}
FIRST, LENGTH = 235, 9


def write_smic(root: Path, part: str = "HS", clips: dict = CLIPS, name: str = "image{:06d}.jpg") -> Path:
    """Write clips of some subjects; returns the root."""
    for subject, emotions in clips.items():
        for emotion, count in emotions.items():
            for number in range(1, count + 1):
                clip = f"{subject}_{emotion[:2]}_{number:02d}"
                write_frames(root / part / subject / "micro" / emotion / clip, range(FIRST, FIRST + LENGTH), name=name)
    return root
