"""DFME: micro-expressions at 200, 300 or 500 frames a second, which the sheet tells clip by clip.

A clip's folder bears its file name, `sub0003_01/00109.png`. Coders wrote action descriptors as AD, as in `4+AD38`.

Source: Zhao et al., "DFME: A new benchmark for dynamic facial micro-expression recognition", IEEE Transactions on
Affective Computing 15(3), 2024; names of columns and folders as others' readers have them.
"""

from dataset_scripts.layout import FrameFolder, Layout, Release

LAYOUT = Layout(
    name="dfme",
    title="DFME",
    releases=(
        Release(
            name="1",
            sheets=("*DFME*", "*train*", "*anno*", "*label*", "*"),
            columns={
                "subject": ("Subject",),
                "clip": ("Filename",),
                "onset": ("OnsetFrame",),
                "apex": ("ApexFrame",),
                "offset": ("OffsetFrame",),
                "units": ("AU", "AUs"),
                "emotion": ("Emotion",),
                "fps": ("Fps",),
            },
            frames={
                "raw": FrameFolder(
                    "{clip}", fps=500, roots=(".", "train", "train_data", "DFME", "DFME/train"), prefix=""
                )
            },
            only=("Fps", "EmotionId"),
        ),
    ),
    unchecked=(
        "the sheet's file name: any sheet with columns Fps and EmotionId is taken",
        "the folders around sub0003_01",
        "500 frames a second where column Fps is empty",
    ),
)
