"""CASME II: 255 clips of 26 subjects at 200 frames a second, in two releases of the coding.

Source: Yan, Li, Wang, Zhao, Liu, Chen and Fu, "CASME II: An improved spontaneous micro-expression database and the
baseline evaluation", PLoS ONE 9(1), 2014. The two sheets differ in 56 cells of action units (51 where no "?" is) and in
three emotions.
"""

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered

_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "units": ("Action Units",),
    "emotion": ("Estimated Emotion",),
    "objective_class": ("Objective Class", "Objective Classes"),
}
_FRAMES = {
    "raw": FrameFolder(
        pattern="{subject}/{clip}",
        fps=200,
        roots=(
            *(".", "CASME2_RAW_selected", "CASME2-RAW", "CASME2_RAW", "RAW_selected", "Raw"),
            *("CASME2-RAW-NoVideo", "CASME2-RAW-NoVideo/CASME2-RAW"),
        ),
        prefix="img",
        only_prefix=True,
    ),
    "cropped": FrameFolder(
        pattern="{subject}/{clip}",
        fps=200,
        roots=(".", "Cropped", "Cropped-updated", "Cropped-updated/Cropped", "Cropped_original"),
        prefix="reg_img",
        only_prefix=True,
    ),
}

LAYOUT = Layout(
    name="casme2",
    title="CASME II",
    releases=(
        Release("2019-07-01", ("*CASME2*20190701*", "*CASME2*2019-07-01*"), _COLUMNS, _FRAMES),
        Release("2014-05-08", ("*CASME2*20140508*", "*CASME2*2014-05-08*"), _COLUMNS, _FRAMES),
    ),
    subject=numbered("sub{:02d}"),
    unchecked=("names of the folders around sub01 to sub26 (CASME2_RAW_selected, Cropped)",),
)
