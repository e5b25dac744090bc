"""One table for every data set: a row is a clip.

`action_units` and `amplitude_px` run over `labels.ACTION_UNITS`, in that order.
"""

from datasets import Features, Image, List, Value

from dataset_scripts.labels import ACTION_UNITS

FEATURES = Features(
    {
        "sample_id": Value("string"),  # "casme2-like/s003/c007", unique over all sets
        "data_set": Value("string"),
        "label_release": Value("string"),  # which release of the coding sheet, or of the synthetic source
        "subject": Value("string"),
        "clip": Value("string"),
        "frames": List(Image()),  # encoded bytes, in order of time
        "fps": Value("float32"),  # of the frames as stored
        "onset": Value("int32"),  # indices into frames
        "apex": Value("int32"),
        "offset": Value("int32"),
        "action_units": List(Value("int8"), length=len(ACTION_UNITS)),  # 1 present, 0 absent, -1 unknown
        "emotion": Value("string"),
        "objective_class": Value("string"),
        "amplitude_px": List(Value("float32")),  # apex displacement in a 224-pixel crop; null where not rendered
    }
)
