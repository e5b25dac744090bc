"""SAMM: 159 micro-movements of 29 subjects at 200 frames a second.

Source: Davison, Lansley, Costen, Tan and Yap, "SAMM: A spontaneous micro-facial movement dataset", IEEE Transactions on
Affective Computing 9(1), 2018. Thirteen rows of preamble stand above the headings; the first column is text ("006").
Frames of both choices have the same names; raw ones are 2040 x 1088 pixels.
"""

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered

_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("Onset Frame",),
    "apex": ("Apex Frame",),
    "offset": ("Offset Frame",),
    "units": ("Action Units",),
    "emotion": ("Estimated Emotion",),
    "objective_class": ("Objective Classes", "Objective Class"),
}
_FRAMES = {
    "raw": FrameFolder("{subject}/{clip}", fps=200, roots=(".", "SAMM", "SAMM_RAW"), prefix="{subject}_"),
    "cropped": FrameFolder("{subject}/{clip}", fps=200, roots=("SAMM_CROP", "SAMM_Cropped", ".")),
}

LAYOUT = Layout(
    name="samm",
    title="SAMM",
    releases=(
        Release("v2", ("*SAMM_Micro_FACS*", "*SAMM*FACS*", "*SAMM*"), _COLUMNS, _FRAMES, not_sheets=("*long*",)),
    ),
    subject=numbered("{:03d}"),
    raw_side=800,
    unchecked=("the folder and the file names of the cropped frames (SAMM_CROP)",),
)
