"""Read, correct, fine-tune: the loop of a coder's day on two rendered films, with the checkpoint that comes along."""

import csv
import json
from pathlib import Path

import pytest
from pympi import Eaf
from safetensors.torch import load_file

from dataset_scripts.synthetic.tables.video import render_video
from training_aullm.loading import RELEASED

UNITS = [["AU4"], ["AU12"]]


def correct(path: Path, movements: list[dict], fps: float, participant: str) -> None:
    """Put the truth in place of what was read, on the same tiers, as a coder would."""
    eaf = Eaf(path)
    eaf.remove_tiers(list(eaf.get_tier_names()))
    for movement in movements:
        onset, apex, offset = (round(movement[mark] / fps * 1000) for mark in ("onset", "apex", "offset"))
        marks = [("movement@face0", onset, offset, "micro"), ("apex@face0", apex, apex + 10, "")]
        marks += [(f"{unit} L@face0", onset, offset, "B") for unit in movement["action_units"]]
        for tier, *annotation in marks:
            if tier not in eaf.get_tier_names():
                eaf.add_tier(tier, part=participant)
            eaf.add_annotation(tier, *annotation)
    eaf.to_file(path)


@pytest.mark.slow
def test_read_correct_and_fine_tune(aullm, tmp_path):
    clips, truths = tmp_path / "clips", {}
    clips.mkdir()
    for number, name in enumerate(("anna", "bo")):
        film = {"fps": 60, "lead_in_s": 0.4, "lead_out_s": 0.4, "gap_s": 0.4, "size": 240}
        truths[name] = render_video(clips / f"{name}.mp4", UNITS, subject=number, **film)["movements"]
    videos = [clips / f"{name}.mp4" for name in truths]
    done = [aullm("predict", *videos, "--out", clips, "--formats", "eaf", cwd=tmp_path)]
    for name, movements in truths.items():
        correct(clips / f"{name}.eaf", movements, 60, name)
    done.append(aullm("annotations", *sorted(clips.glob("*.eaf")), cwd=tmp_path))
    done.append(aullm("prepare", "folder", "--data-dir", clips, "--out", "prepared", "--processes", 1, cwd=tmp_path))
    tuned = ["--from", "release", "--epochs", "1", "--out", "mine"]
    done.append(aullm("train", "--data", "prepared", *tuned, cwd=tmp_path))
    assert [each.returncode for each in done] == [0] * 4, "\n".join(each.stderr[-1500:] for each in done)
    rows = list(csv.DictReader((clips / "metadata.csv").open(newline="")))
    wanted = [
        (f"{name}.mp4", name, "+".join(f"L{unit.removeprefix('AU')}B" for unit in each["action_units"]), each["onset"])
        for name, movements in truths.items()
        for each in movements
    ]
    found = [(row["file_name"], row["subject"], row["action_units"], int(row["onset"])) for row in rows]
    assert found == wanted
    assert json.loads((tmp_path / "prepared/prepared.json").read_text())["clips"] == 4
    before, after = (json.loads((folder / "config.json").read_text()) for folder in (RELEASED, tmp_path / "mine/model"))
    assert after["trained_on"]["data_sets"].keys() == {*before["trained_on"]["data_sets"], "folder"}
    assert len(after["trained_on"]["people"]) == len(before["trained_on"]["people"]) + 2, "anna and bo"
    weights = [load_file(folder / "model.safetensors") for folder in (RELEASED, tmp_path / "mine/model")]
    assert any(not weights[0][name].equal(weights[1][name]) for name in weights[0])
