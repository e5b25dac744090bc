"""Options of a set: what each adds, and that it changes nothing else."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.people.head import draw_traits
from dataset_scripts.synthetic.tables.session import Session
from dataset_scripts.synthetic.variety import Variety

SETTINGS = {"subjects": 2, "clips": 4, "frames": 3, "size": 64, "num_proc": 1, "progress": False}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("variety")


@pytest.fixture(scope="module")
def plain(cache):
    return rows(load_synthetic("casme2-like", **SETTINGS, cache_dir=cache))


def rows(clips):
    return clips.with_format("arrow")[:].to_pylist()


def pictures(row):
    return np.stack([np.asarray(Image.open(io.BytesIO(frame["bytes"])), float) for frame in row["frames"]])


def session(name="casme2-like", size=64, **options):
    domain = DOMAINS[name]
    variety = domain.variety.but(**options)
    return Session(replace(domain, variety=variety), 0, 1, Camera(size=size, colour=variety.colour))


def test_neutral_clips_are_added_and_leave_the_others_as_they_are(plain, cache):
    mixed = rows(load_synthetic("casme2-like", **SETTINGS, neutral=0.5, cache_dir=cache))
    expressive = [row for row in mixed if row["clip"].startswith("c")]
    neutral = [row for row in mixed if row["clip"].startswith("n")]
    assert expressive == plain
    assert len(neutral) == pytest.approx(4, abs=1)
    for row in neutral:
        assert not any(row["action_units"]) and not any(row["amplitude_px"]) and row["coded"] == []
        assert row["apex"] is None and (row["onset"], row["offset"]) == (0, 2)


def test_a_neutral_face_moves_less_than_one_with_an_expression():
    strong = session(expression="macro")
    still = session()

    def change(clip):
        frames = pictures({"frames": [{"bytes": frame} for frame in clip.frames]})
        return np.abs(frames[1] / frames[1].mean() - frames[0] / frames[0].mean()).mean()

    moved = np.mean([change(strong.clip(("AU1", "AU2", "AU12"), number, 3)) for number in range(4)])
    assert moved > 1.1 * np.mean([change(still.clip((), number, 3)) for number in range(4)])


def test_lead_frames_lie_around_onset_and_offset():
    plain, led = session(), session(lead_in=2, lead_out=3)
    short, long = plain.clip(("AU4",), 0, 4), led.clip(("AU4",), 0, 4)
    assert len(long.frames) == 9
    assert (long.onset, long.offset) == (2, 5) and long.apex == short.apex + 2
    assert long.fps == pytest.approx(short.fps)


def test_the_lead_in_is_neutral():
    """Without nuisances, the frames before the onset are all alike and the apex is not."""
    calm = {
        "tremor_px": 0,
        "slow_px": 0,
        "drift_px": 0,
        "stray_px": 0,
        "mouth": 0,
        "blink": 0,
        "walk": (0,) * 6,
        "gain_sigma": 0,
        "flicker": 0,
        "pulse": (0, 0),
    }
    domain = DOMAINS["casme2-like"]
    domain = replace(domain, noise=0, nuisance=replace(domain.nuisance, **calm), variety=Variety(lead_in=2, lead_out=1))
    clip = Session(domain, 0, 1, Camera(size=64)).clip(("AU1", "AU2"), 0, 5)
    assert clip.frames[0] == clip.frames[1] == clip.frames[2] != clip.frames[clip.apex]


def test_frames_of_a_slow_camera_lie_on_its_clock():
    clip = session("casme3-like", colour=False).clip(("AU4",), 0, 4)
    ticks = 30 * 3 / clip.fps
    assert ticks == pytest.approx(round(ticks), abs=1e-6)
    assert len(session("casme3-like", colour=False).clip(("AU4",), 0, 40).frames) == 40  # more than the camera took


def test_the_third_domain_is_in_colour_and_the_first_can_be():
    third = session("casme3-like").clip(("AU4",), 0, 2).frames[0]
    first = session(colour=True).clip(("AU4",), 0, 2).frames[0]
    for frame in (third, first):
        picture = np.asarray(Image.open(io.BytesIO(frame)), float)
        assert picture.shape == (64, 64, 3)
        face = picture[20:50, 20:44].reshape(-1, 3).mean(0)
        assert face[0] > face[2] + 5  # skin is redder than blue


def test_colour_and_grey_show_the_same_face():
    grey, colour = session(), session(colour=True)
    first, second = (each.clip(("AU12",), 0, 2).frames[0] for each in (grey, colour))
    first, second = (np.asarray(Image.open(io.BytesIO(frame)).convert("L"), float) for frame in (first, second))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("options", [{"h264": 34}, {"gaze": 1.0}, {"lead_in": 1, "h264": 18}, {"expression": "macro"}])
def test_the_onset_frame_tells_nothing_under_any_option(options):
    filmed = session("casme3-like", **options)
    clips = [filmed.clip(units, 3, 4) for units in (("AU4",), ("AU12", "AU15"), ("AU1", "AU2", "AU7"))]
    assert len({clip.frames[clip.onset] for clip in clips}) == 1
    assert len({clip.frames[clip.apex] for clip in clips}) > 1


def test_h264_smooths_and_keeps_the_face():
    clean, coded = session(size=96), session(size=96, h264=38)
    first, second = (
        pictures({"frames": [{"bytes": f} for f in each.clip(("AU4",), 0, 3).frames]}) for each in (clean, coded)
    )
    assert np.corrcoef(first[1].ravel(), second[1].ravel())[0, 1] > 0.95
    roughness = [np.abs(np.diff(each, axis=-1)).mean() for each in (first, second)]
    assert roughness[1] < 0.9 * roughness[0]


def test_gaze_moves_the_eyes_only():
    plain, looking = session(size=96), session(size=96, gaze=1.0)
    differing = np.zeros((96, 96))
    for number in range(4):
        pair = [
            pictures({"frames": [{"bytes": f} for f in each.clip(("AU17",), number, 4).frames]})
            for each in (plain, looking)
        ]
        differing = np.maximum(differing, np.abs(pair[0] - pair[1]).max(0))
    assert differing[24:40].max() > 15
    assert differing[48:].max() < 10


def test_macro_expressions_are_the_same_people_at_full_size(plain, cache):
    macro = rows(load_synthetic("casme2-like", **SETTINGS, expression="macro", cache_dir=cache))
    assert [row["subject"] for row in macro] == sorted(row["subject"] for row in macro)
    assert {row["clip"][0] for row in macro} == {"m"}
    assert min(px for row in macro for px in row["amplitude_px"] if px) >= 2.0
    assert np.mean([row["fps"] for row in macro]) < np.mean([row["fps"] for row in plain])  # they last longer


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neutral": 1.0}, "neutral must be a share from 0 to below 1"),
        ({"glasses": 1.2}, "glasses must be a share from 0 to 1"),
        ({"h264": 60}, "h264 must be a rate factor from 0 to 51"),
        ({"lead_in": -1}, "lead_in must be a number of frames"),
        ({"expression": "big"}, "expression must be one of"),
        ({"hats": 0.5}, "unknown option hats; there are expression, colour, neutral"),
        ({"h264": 30, "size": 65}, "size must be even"),
    ],
)
def test_bad_options_are_named(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_synthetic("casme2-like", **({"subjects": 1} | options), cache_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_everybody_is_of_every_tone_of_skin_and_the_domain_of_its_own():
    domain = DOMAINS["casme2-like"]
    all_people = replace(domain, variety=domain.variety.but(everybody=True))
    darkest, own = (
        max(draw_traits(each, np.random.default_rng(subject)).ancestry["african"] for subject in range(40))
        for each in (all_people, domain)
    )
    assert darkest > 0.8 and own < 0.5
