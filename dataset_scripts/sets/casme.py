"""CASME: 189 clips at 60 frames a second.

Source: Yan, Wu, Liu, Wang and Fu, "CASME database: A dataset of spontaneous micro-expressions collected from
neutralized faces", FG 2013. The sheet has two apex columns; the first is read, the second stays with the sheet. Column
OnsetF tells it from the sheets of CASME II and others, which are passed over.
"""

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered

_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetF",),
    "apex": ("ApexF1", "ApexF"),
    "offset": ("OffsetF",),
    "units": ("AU", "AUs", "Action Units"),
    "emotion": ("Emotion", "Estimated Emotion"),
}
_FRAMES = {
    "raw": FrameFolder("{subject}/{clip}", fps=60, roots=(".", "CASME_raw_selected", "Raw", "CASME")),
    "cropped": FrameFolder("{subject}/{clip}", fps=60, roots=("Cropped", ".")),
}

LAYOUT = Layout(
    name="casme",
    title="CASME",
    releases=(
        Release(
            "1",
            ("*CASME*cod*", "*CASME*", "*"),
            _COLUMNS,
            _FRAMES,
            not_sheets=("*casme?2*", "*casme2*", "*casme*ii*", "*casme3*", "*(me)*", "*smic*"),
            only=("OnsetF",),
            never=("OnsetFrame", "Objective Class"),
        ),
    ),
    subject=numbered("sub{:02d}"),
    raw_side=400,
    unchecked=(
        "the sheet's file name: any sheet with the columns of CASME is taken, unless it is named after another set",
        "that raw frames are 400 pixels and more wide and high",
        "the folders around sub01, sub02, ... and how frames are named in them",
        "that frame numbers on disk count as the sheet does",
    ),
)
