"""BP4D: occurrence codes and pictures cut into clips; 9 is unknown; damage."""

import pytest

from dataset_scripts.builder import load_dataset_from
from dataset_scripts.cells.facs import Policy
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.sets.bp4d import SPLITS
from tests.dataset_scripts.trees.bp4d import FIRST, write_bp4d, write_codes


@pytest.fixture
def load(tmp_path):
    """A function that loads a tree; clips by subject and name."""

    def load_tree(root, **options):
        table, report = load_dataset_from("bp4d", root, out=tmp_path / "out", progress=False, **options)
        return {f"{row['subject']}/{row['clip']}": row for row in table}, report

    return load_tree


def present(row):
    return [name for name, state in zip(ACTION_UNITS, row["action_units"], strict=True) if state == 1]


def test_movements_become_clips_named_by_task_and_frame(tmp_path, load):
    clips, report = load(write_bp4d(tmp_path / "BP4D"), strict=True)
    row = clips[f"F001/T1_{FIRST + 19:05d}"]
    assert present(row) == ["AU6", "AU12"] and row["fps"] == 25 and row["split"] == "part 1"
    assert (row["onset"], len(row["frames"])) == (0, row["offset"] + 1)
    assert 3 <= row["apex"] <= 10, "in the middle of the frames where both are on"
    unknown = {name for name, state in zip(ACTION_UNITS, row["action_units"], strict=True) if state == -1}
    assert {"AU18", "AU20", "AU25", "AU26"} <= unknown and "AU4" not in unknown, "units without a column are unknown"
    assert 38 not in [unit["number"] for unit in row["coded"]], "9 throughout: never coded"
    assert (report.subjects, report.units[4], report.units[9]) == (2, 1, 1)


@pytest.mark.parametrize("unclear", [-1, 0, 1])
def test_nine_in_a_clip_makes_the_unit_unknown_there_only(tmp_path, load, unclear):
    root = write_bp4d(tmp_path / "BP4D", runs={("M002", "T1"): {4: (15, 10), 7: (40, 10)}})
    path = root / "AUCoding" / "AU_OCC" / "M002_T1.csv"
    lines = path.read_text().splitlines()
    cells = lines[20].split(",")
    cells[2] = "9"  # AU2
    path.write_text("\n".join([*lines[:20], ",".join(cells), *lines[21:]]))
    clips, report = load(root, policy=Policy(unclear=unclear))
    first, second = clips[f"M002/T1_{FIRST + 14:05d}"], clips[f"M002/T1_{FIRST + 39:05d}"]
    at = ACTION_UNITS.index("AU2")
    assert (first["action_units"][at], second["action_units"][at]) == (-1, 0)
    assert {"number": 2, "certainty": "unclear"}.items() <= next(u for u in first["coded"] if u["number"] == 2).items()
    assert report.in_doubt == {2: 1} and 2 not in report.units


@pytest.mark.parametrize(("labels", "pictures"), [("AU_OCC", "2D+3D"), ("AUCoding", "BP4D-training")])
def test_archives_unpack_in_several_ways(tmp_path, load, labels, pictures):
    assert load(write_bp4d(tmp_path / "BP4D", labels=labels, pictures=pictures))[1].subjects == 2


def test_missing_pictures_shorten_a_clip_and_a_broken_file_drops_its_task(tmp_path, load):
    root = write_bp4d(tmp_path / "BP4D")
    for number in range(FIRST + 24, FIRST + 28):
        (root / "F001" / "T1" / f"{number:04d}.jpg").unlink()
    write_codes(root, "F001", "T8", ["nothing"])
    clips, report = load(root)
    assert not any(name.startswith("F001/T8") for name in clips)
    assert any("missing" in finding.what and str(FIRST + 24) in finding.what for finding in report.of_kind("repaired"))
    assert any("looked for unit numbers" in finding.what for finding in report.of_kind("dropped"))


def test_the_parts_hold_every_subject_once():
    assert len(SPLITS) == 41 and sorted(map(list(SPLITS.values()).count, set(SPLITS.values()))) == [13, 14, 14]


def test_another_folder(tmp_path, load):
    (tmp_path / "x" / "pictures").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"Looked for F001_T1\.csv in AU_OCC, .* Found pictures/"):
        load(tmp_path / "x")


def test_a_column_of_no_unit_drops_its_task_alone(tmp_path, load):
    root = write_bp4d(tmp_path / "BP4D")
    write_codes(root, "F001", "T1", ["0,1,3", "1,0,1"])
    clips, report = load(root)
    (finding,) = report.of_kind("dropped")
    assert finding.where == "F001/T1" and "column 3: AU3 is no number of FACS" in finding.what
    assert clips and not any(name.startswith("F001/T1_") for name in clips)
