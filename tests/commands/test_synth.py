"""`aullm synth`: every option reaches the clip source; what does not go together is told before any rendering."""

import json

import pytest
from datasets import Dataset, load_dataset
from typer.testing import CliRunner

from dataset_scripts import synthetic
from dataset_scripts.synthetic.tables.take_table import TAKE_FEATURES
from training_aullm.cli.main import app
from training_aullm.cli.synth import event_counts
from training_aullm.prepare import previews


@pytest.fixture
def synth(tmp_path, monkeypatch):
    """A function that runs `aullm synth` into a folder with a source that renders nothing: (result, what was asked)."""
    asked = {}
    film = tmp_path / "cache" / "s000-t00.mp4"
    film.parent.mkdir()
    film.write_bytes(b"film")
    events = [{"kind": "micro", "onset": 3, "apex": 5, "offset": 9, "action_units": ["AU4"], "amplitude_px": [1.0]}]
    film.with_suffix(".json").write_text(json.dumps({"events": events}))
    row = dict.fromkeys(TAKE_FEATURES) | {"subject": "s000", "video": str(film), "events": events}

    def clips(domain, **options):
        asked["clips"] = (domain, options)
        return Dataset.from_dict({"subject": ["s000", "s000"]})

    def takes(domain, **options):
        asked["takes"] = (domain, options)
        return Dataset.from_list([row], features=TAKE_FEATURES)

    monkeypatch.setattr(synthetic, "load_synthetic", clips)
    monkeypatch.setattr(synthetic, "load_takes", takes)
    monkeypatch.setattr(previews, "save_preview", lambda table, path: None)

    def run(*arguments):
        return CliRunner().invoke(app, ["synth", "casme2-like", "--out", str(tmp_path / "out"), *arguments]), asked

    return run


def test_left_out_options_leave_the_source_its_defaults(synth):
    result, asked = synth()
    assert result.exit_code == 0 and "2 clips of 1 people" in result.output
    assert asked == {"clips": ("casme2-like", {"seed": 0, "num_proc": None})}


def test_every_option_of_a_set_of_clips_reaches_the_source(synth, tmp_path):
    words = "--neutral 0.2 --expression macro --colour --glasses 0.3 --beard 0.1 --gaze 0 --h264 30 --lead-in 3"
    _, asked = synth(*words.split(), "--lead-out", "2", "--size", "64", "--frames", "4", "--subjects", "3")
    variety = {"neutral": 0.2, "expression": "macro", "colour": True, "glasses": 0.3, "beard": 0.1, "gaze": 0.0}
    variety |= {"h264": 30, "lead_in": 3, "lead_out": 2}
    counts = {"seed": 0, "num_proc": None, "size": 64, "frames": 4, "subjects": 3}
    assert asked["clips"][1] == variety | counts
    assert synth("--no-colour", "--out", str(tmp_path / "grey"))[1]["clips"][1]["colour"] is False


def test_takes_are_copied_with_their_truth_and_a_table(synth, tmp_path):
    words = "--takes 2 --seconds 30 --fps 60 --framing crop --events micro=4,turn=0 --glasses 0.5 --processes 1"
    result, asked = synth(*words.split())
    assert result.exit_code == 0 and "1 takes of 1 people, in them 1 micro" in result.output
    settings = {"takes": 2, "seconds": 30.0, "fps": 60, "framing": "crop", "events": {"micro": 4, "turn": 0}}
    assert asked == {"takes": ("casme2-like", {"seed": 0, "num_proc": 1, "glasses": 0.5} | settings)}
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {"s000-t00.mp4", "s000-t00.json", "takes.parquet", "synth.json"}
    assert (out / "s000-t00.mp4").read_bytes() == b"film"
    table = load_dataset("parquet", data_files=str(out / "takes.parquet"), split="train", cache_dir=str(tmp_path / "c"))
    assert table[0]["video"] == "s000-t00.mp4" and table[0]["events"][0]["action_units"] == ["AU4"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--seconds 30", "--seconds goes with --takes only"),
        ("--events micro=1 --fps 30", "--fps, --events goes with --takes"),
        ("--takes 1 --clips 5 --lead-in 2", "--clips, --lead-in goes not with --takes"),
        ("--takes 1 --neutral 0.2", "set by --seconds and --events"),
        ("--takes 1 --events micro", "'micro' is not a kind and a number; write it as micro=4"),
        ("--takes 1 --events micro=-1", "write it as"),
    ],
)
def test_options_that_do_not_go_together_are_told(synth, words, said):
    result, asked = synth(*words.split())
    assert isinstance(result.exception, ValueError) and said in str(result.exception) and not asked


def test_counts_of_events_are_read():
    assert event_counts(" micro=4, blink = 0,") == {"micro": 4, "blink": 0}


@pytest.mark.slow
def test_takes_and_a_set_with_options_are_rendered(aullm, tmp_path):
    cache = {"AULLM_CACHE": str(tmp_path / "cache")}
    small = ["--subjects", "1", "--seed", "3", "--processes", "1"]
    done = aullm("synth", "casme3-like", "--out", "clips", *small, "--clips", "3", "--size", "48", "--frames", "3",
                 "--neutral", "0.25", "--glasses", "1", "--h264", "30", cwd=tmp_path, **cache)  # fmt: skip
    assert done.returncode == 0 and "4 clips of 1 people" in done.stdout, done.stderr
    done = aullm("synth", "samm-like", "--out", "takes", *small, "--takes", "2", "--seconds", "3", "--size", "96",
                 "--fps", "10", "--events", "micro=1,macro=0,speech=0", cwd=tmp_path, **cache)  # fmt: skip
    assert done.returncode == 0 and "2 takes of 1 people" in done.stdout and "2 micro" in done.stdout, done.stderr
    truth = json.loads((tmp_path / "takes" / "s000-t01.json").read_text())
    assert truth["frames"] == 30 and [each["kind"] for each in truth["events"]].count("micro") == 1
    wrong = aullm("synth", "samm-like", "--out", "wrong", "--takes", "1", "--events", "smile=1", cwd=tmp_path, **cache)
    assert wrong.returncode == 2 and "micro, macro, blink, speech, gaze, turn" in wrong.stderr


def test_a_table_is_there_whole_or_not_at_all(synth, tmp_path, monkeypatch):
    def killed(table, path):
        path.write_bytes(b"PAR1")
        raise KeyboardInterrupt

    monkeypatch.setattr(Dataset, "to_parquet", killed)
    synth()
    synth("--takes", "1")
    assert not list((tmp_path / "out").glob("*.parquet"))


@pytest.mark.parametrize("kind", [[], ["--takes", "1"]])
def test_a_set_of_other_settings_is_not_replaced(synth, tmp_path, kind):
    assert synth(*kind)[0].exit_code == 0 and synth(*kind, "--processes", "2")[0].exit_code == 0
    result, asked = synth(*kind, "--seed", "7")
    assert "seed: 0, now 7" in str(result.exception) and "choose another --out" in str(result.exception)
    assert [options["seed"] for _, options in asked.values()] == [0], "refused before anything is rendered"
    (tmp_path / "out" / "synth.json").unlink()
    assert isinstance(synth(*kind)[0].exception, FileExistsError)
