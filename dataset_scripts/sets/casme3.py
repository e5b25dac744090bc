"""CAS(ME)^3 at 30 frames a second: part A (860 coded micro-expressions, elicited by films) and part C (a mock crime).

Whole recordings lie on disk; clips are cut out of them by frame range, so several clips share a folder and a file name
in the sheet is no name of a clip: where one occurs again it gets the onset, as in "a2@38".

Source: Li, Dong, Lu, Wang, Yan, Ma, Liu, Huang and Fu, "CAS(ME)^3: A third generation facial spontaneous
micro-expression database", IEEE TPAMI 45(3), 2023.
"""

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered

_COLUMNS = {
    "subject": ("Subject", "sub"),
    "clip": ("Filename", "seq", "count"),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "units": ("AU", "AUs", "Action Units"),
    "emotion": ("emotion",),
    "objective_class": ("Objective class",),
}
_RECORDINGS = ("part_A", "part_A_split/part_A", "data/part_A_split/part_A", "part_A/data/part_A_split/part_A")
_CLIPS = ("Part_A_ME_clip/frame", "Part_A_ME_clip/Part_A_ME_clip/frame", "ME_A")
_PART_C = ("part_C", "RGB_Depth/part_C", "part_C/RGB_Depth/part_C", "ME_C")

# Recordings with clips cut out by others into a2, a3, ...; whole recordings; clips as the authors cut them.
_PART_A_FRAMES = FrameFolder(
    "{subject}/{clip}{repeat}/color",
    fps=30,
    roots=(*_RECORDINGS, *_CLIPS, "."),
    prefix="",
    also=("{subject}/{clip}/color", "{subject}_{clip}_{onset}"),
)
_PART_C_FRAMES = FrameFolder(
    "{subject}/{clip}/color", fps=30, roots=(*_PART_C, "."), prefix="", also=("{subject}/a/color",)
)

LAYOUT = Layout(
    name="casme3",
    title="CAS(ME)^3",
    releases=(
        Release("part A", ("*part_A_ME*", "*part*A*_ME_*"), _COLUMNS, {"raw": _PART_A_FRAMES}, split="A"),
        Release(
            "part C",
            ("*part_C_ME*", "*part*C*_ME*"),
            _COLUMNS,
            {"raw": _PART_C_FRAMES},
            required=("subject", "onset", "offset"),
            split="C",
            clip="a",
            subject=numbered("{:02d}"),
        ),
    ),
    subject=numbered("spNO.{:d}"),
    shared_folders=True,
    unchecked=(
        "the folders around spNO.1 (part A), and clips in folders such as Part_A_ME_clip/frame/spNO.1_a_38",
        "everything about part C: columns sub, count, onset, offset, au, and folders such as 01/a/color",
    ),
)
