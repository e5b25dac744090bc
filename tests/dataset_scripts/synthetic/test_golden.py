"""The two first domains look as they always did: experiments of different days are compared on them.

`golden_clips.json` holds the mean of every 8x8 block of some frames, made by running this file with Python when
`SOURCE_VERSION` changes. Blocks rather than bytes, since another processor may round a pixel otherwise.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.config import SOURCE_VERSION

FILE = Path(__file__).parent / "golden_clips.json"
SETTINGS = {"subjects": 2, "clips": 4, "frames": 3, "size": 64, "num_proc": 1, "progress": False}


def clips_as_numbers(domain: str, cache_dir) -> dict:
    """What is kept of a small set."""
    clips = {}
    for row in load_synthetic(domain, **SETTINGS, cache_dir=cache_dir):
        frames = [np.asarray(frame, float).reshape(8, 8, 8, 8).mean((1, 3)).round(1) for frame in row["frames"]]
        coded = zip(ACTION_UNITS, row["action_units"], row["amplitude_px"], strict=True)
        clips[row["sample_id"]] = {
            "amplitude_px": {unit: round(pixels, 4) for unit, state, pixels in coded if state == 1},
            "apex": row["apex"],
            "fps": round(row["fps"], 4),
            "blocks": [frame.ravel().tolist() for frame in frames],
        }
    return clips


@pytest.mark.parametrize("domain", ["casme2-like", "samm-like"])
def test_frames_and_labels_are_those_of_the_stored_version(domain, tmp_path):
    golden = json.loads(FILE.read_text())
    assert golden["version"] == SOURCE_VERSION, "another version: look at its clips, then make the file anew"
    stored, found = golden["domains"][domain], clips_as_numbers(domain, tmp_path)
    assert list(found) == list(stored)
    for name, clip in stored.items():
        assert found[name]["apex"] == clip["apex"]
        assert found[name]["fps"] == pytest.approx(clip["fps"], abs=1e-3)
        assert found[name]["amplitude_px"] == pytest.approx(clip["amplitude_px"], abs=1e-3)
        assert np.abs(np.array(found[name]["blocks"]) - clip["blocks"]).max() < 0.3, name


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        domains = {name: clips_as_numbers(name, folder) for name in ("casme2-like", "samm-like")}
    FILE.write_text(json.dumps({"version": SOURCE_VERSION, "domains": domains}) + "\n")
