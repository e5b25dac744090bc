"""Every domain looks as it always did: experiments of different days are compared on it, and caches are named after
`SOURCE_VERSION` and `TAKES_VERSION`, not after the code.

`golden_clips.json` holds truth and the mean of every 8x8 block of some frames. Blocks rather than bytes, since another
processor may round a pixel otherwise.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.synthetic import load_synthetic, open_take
from dataset_scripts.synthetic.config import SOURCE_VERSION, TAKES_VERSION

FILE = Path(__file__).parent / "golden_clips.json"
COMMAND = "python -m tests.dataset_scripts.synthetic.test_golden"
VERSIONS = {"SOURCE_VERSION": SOURCE_VERSION, "TAKES_VERSION": TAKES_VERSION}
SETTINGS = {"subjects": 2, "clips": 4, "frames": 3, "size": 64, "num_proc": 1, "progress": False}
DOMAINS = {
    "casme2-like": {},
    "samm-like": {},
    "casme3-like": {"glasses": 0.5, "beard": 0.5, "gaze": 1.0, "neutral": 0.2, "lead_in": 1},
}
EVENTS = {"micro": 1, "macro": 0, "turn": 1, "speech": 1, "blink": 1, "gaze": 1}
CHANGED = (
    f"{{}} came out otherwise. If that was not meant, mend it. If it was: raise {{}} in synthetic/config.py, so that "
    f"caches are made anew, look at what comes out, and record it with `{COMMAND}`"
)


def clips_as_numbers(domain: str, cache_dir) -> dict:
    """What is kept of a small set."""
    clips = {}
    for row in load_synthetic(domain, **SETTINGS, **DOMAINS[domain], cache_dir=cache_dir):
        coded = zip(ACTION_UNITS, row["action_units"], row["amplitude_px"], strict=True)
        clips[row["sample_id"]] = {
            "truth": {
                "apex": -1 if row["apex"] is None else row["apex"],
                "fps": round(row["fps"], 4),
                **{unit: round(pixels, 4) for unit, state, pixels in coded if state == 1},
            },
            "blocks": [blocks_of(np.asarray(frame)) for frame in row["frames"]],
        }
    return clips


def take_as_numbers() -> dict:
    """What is kept of a take in which everything happens that can: truth of its events, and five of its frames."""
    take = open_take("casme3-like", subject=1, seconds=6.0, fps=10, size=96, events=EVENTS)
    frames = list(take.frames())[::12]
    events = {
        f"{index} {event['kind']} {mark}": event[mark]
        for index, event in enumerate(take.truth["events"])
        for mark in ("onset", "apex", "offset")
    }
    return {"take": {"truth": events, "blocks": [blocks_of(frame) for frame in frames]}}


def blocks_of(frame: np.ndarray) -> list[float]:
    """Means of an 8x8 grid, of each colour."""
    height, width = (side // 8 for side in frame.shape[:2])
    return frame.reshape(8, height, 8, width, -1).mean((1, 3), float).round(1).ravel().tolist()


def compare(name: str, version: str, found: dict) -> None:
    golden = json.loads(FILE.read_text("utf-8"))
    assert golden["versions"] == VERSIONS, f"another version: look at what comes out, then record it with `{COMMAND}`"
    told, stored = CHANGED.format(name, version), golden["values"][name]
    assert list(found) == list(stored), told
    for key, value in stored.items():
        assert found[key]["truth"] == pytest.approx(value["truth"], abs=1e-3), told
        assert np.abs(np.array(found[key]["blocks"]) - value["blocks"]).max() < 0.3, told


@pytest.mark.parametrize("domain", DOMAINS)
def test_frames_and_labels_are_those_of_the_stored_version(domain, tmp_path):
    compare(domain, "SOURCE_VERSION", clips_as_numbers(domain, tmp_path))


def test_takes_are_those_of_the_stored_version():
    compare("take", "TAKES_VERSION", take_as_numbers())


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        values = {name: clips_as_numbers(name, folder) for name in DOMAINS} | {"take": take_as_numbers()}
    FILE.write_text(json.dumps({"versions": VERSIONS, "values": values}) + "\n", "utf-8")
