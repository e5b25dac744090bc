"""SMIC-E: the micro-expressions of SMIC HS in longer clips at 100 frames a second, for spotting. Emotions only.

A clip's frames are `HS_long/SMIC_HS_E/s03/s3_ne_03/image000123.jpg`; the sheet says where in them the movement is. The
movements are those of SMIC: never count both sets in one score.

Source: Li et al., "Towards reading hidden emotions: a comparative study of spontaneous micro-expression spotting and
recognition methods", IEEE Transactions on Affective Computing 9(4), 2018; names of columns and folders as others'
readers have them.
"""

from dataset_scripts.layout import FrameFolder, Layout, Release, numbered

_NAMES = ("SMIC_HS_E", "SMIC-HS-E")
_BOXES = ("", "HS_long/", "SMIC-E_raw image/HS_long/", "SMIC-E/HS_long/")
_CLIPS = FrameFolder(
    "{subject}/{clip}", 100, (*(f"{box}{name}" for box in _BOXES for name in _NAMES), "."), prefix="image"
)

LAYOUT = Layout(
    name="smic_e",
    title="SMIC-E",
    releases=(
        Release(
            name="HS",
            sheets=("*SMIC*E*anno*", "*SMIC*E*spot*", "*SMIC*E*"),
            columns={
                "subject": ("Subject",),
                "clip": ("Filename",),
                "onset": ("OnsetF", "Onset"),
                "apex": ("ApexF", "Apex"),
                "offset": ("OffsetF", "Offset"),
                "emotion": ("Emotion",),
            },
            frames={"raw": _CLIPS},
            required=("subject", "clip", "onset", "offset"),
            split="HS",
            takes=_CLIPS,
        ),
    ),
    subject=numbered("s{:02d}"),
    has_units=False,
    shared_folders=True,
    unchecked=(
        "columns OnsetF, OffsetF, Emotion, and one movement a row",
        "folders HS_long/SMIC_HS_E/s03/s3_ne_03/image000123.jpg",
    ),
)
