"""CAS(ME)^3 at 30 frames a second: part A (860 coded micro-expressions, elicited by films) and part C (a mock crime).

Whole recordings lie on disk; clips are cut out of them by frame range, so several clips share a folder and a file name
in the sheet is no name of a clip: where one occurs again it gets the onset, as in "a2@38". Macro-expressions stand in a
sheet of their own (`..._MaE_...`, without action units), or beside the others in a column of types.

Source: Li, Dong, Lu, Wang, Yan, Ma, Liu, Huang and Fu, "CAS(ME)^3: A third generation facial spontaneous
micro-expression database", IEEE TPAMI 45(3), 2023.
"""

from dataclasses import replace

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered

_KIND = "Expression type"
_COLUMNS = {
    "subject": ("Subject", "sub"),
    "clip": ("Filename", "seq", "count"),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "units": ("AU", "AUs", "Action Units"),
    "emotion": ("emotion",),
    "objective_class": ("Objective class",),
    "expression": (_KIND, "Exp_type"),
}
_RECORDINGS = ("part_A", "part_A_split/part_A", "data/part_A_split/part_A", "part_A/data/part_A_split/part_A")
_CLIPS = ("Part_A_ME_clip/frame", "Part_A_ME_clip/Part_A_ME_clip/frame", "ME_A")
_PART_C = ("part_C", "RGB_Depth/part_C", "part_C/RGB_Depth/part_C", "ME_C")
_FPS = 30
_UNCODED = ("subject", "clip", "onset", "offset")
"""Columns of a sheet of macro-expressions alone, which may have no action units."""

# Recordings with clips cut out by others into a2, a3, ...; whole recordings; clips as the authors cut them.
_PART_A_FRAMES = FrameFolder(
    "{subject}/{clip}{repeat}/color",
    _FPS,
    roots=(*_RECORDINGS, *_CLIPS, "."),
    prefix="",
    also=("{subject}/{clip}/color", "{subject}_{clip}_{onset}"),
)
_PART_C_FRAMES = FrameFolder(
    "{subject}/{clip}/color", _FPS, roots=(*_PART_C, "."), prefix="", also=("{subject}/a/color",)
)
_PART_A = Release(
    name="part A v2",
    sheets=("*part_A_ME*v2*", "*part*A*_ME_*v2*"),
    columns=_COLUMNS,
    frames={"raw": _PART_A_FRAMES},
    takes=FrameFolder("{subject}/{clip}/color", _FPS, roots=(*_RECORDINGS, "."), prefix=""),
    split="A",
)
_BOTH_KINDS = replace(_PART_A, sheets=("*part*A*", "*cas*me*3*"), not_sheets=("*part?C*",), only=(_KIND,))
_MACRO_V2 = replace(_PART_A, sheets=("*part*A*MaE*v2*",), required=_UNCODED)
_MACRO_V1 = replace(_PART_A, name="part A v1", sheets=("*part*A*MaE*",), not_sheets=("*v2*",), required=_UNCODED)
_PART_A_V1 = replace(_PART_A, name="part A v1", sheets=("*part_A_ME*", "*part*A*_ME_*"), not_sheets=("*v2*",))
_PART_C_V2 = Release(
    name="part C v2",
    sheets=("*part*C*ME*v2*",),
    columns=_COLUMNS,
    frames={"raw": _PART_C_FRAMES},
    takes=FrameFolder("{subject}/a/color", _FPS, roots=(*_PART_C, "."), prefix=""),
    required=("subject", "onset", "offset"),
    split="C",
    clip="a",
    subject=numbered("{:02d}"),
)

LAYOUT = Layout(
    name="casme3",
    title="CAS(ME)^3",
    releases=(
        replace(_PART_A, beside=(_MACRO_V2, _BOTH_KINDS)),
        _BOTH_KINDS,
        replace(_PART_A_V1, beside=(_MACRO_V1,)),
        _MACRO_V2,
        _MACRO_V1,
        _PART_C_V2,
        replace(_PART_C_V2, sheets=("*part*C*",), only=("Exp_type",)),
        replace(_PART_C_V2, name="part C v1", sheets=("*part_C_ME*", "*part*C*ME*"), not_sheets=("*v2*",)),
    ),
    subject=numbered("spNO.{:d}"),
    shared_folders=True,
    unchecked=(
        "the folders around spNO.1 (part A), and clips in folders such as Part_A_ME_clip/frame/spNO.1_a_38",
        "everything about part C: columns sub, count, onset, offset, au, and folders such as 01/a/color",
        "that a sheet with a column of expression types is of the second version, whatever its name",
    ),
)
