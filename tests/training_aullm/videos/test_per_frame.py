"""Tables with a row a frame, in the columns of OpenFace and py-feat."""

import csv

import pytest

from training_aullm.videos.per_frame import frames_of, write_fex, write_openface


def rows(paths):
    return list(csv.DictReader(paths[0].open(newline="")))


def window(onset: int, offset: int) -> dict:
    return {"onset": onset, "offset": offset}


def test_a_frame_has_the_window_whose_middle_is_nearest():
    windows = [window(0, 4), window(3, 7), window(20, 24)]
    found = [(frame, each["onset"]) for frame, each in frames_of(iter(windows))]
    near = {frame: min(windows, key=lambda each: abs(sum(each.values()) / 2 - frame))["onset"] for frame, _ in found}
    assert [frame for frame, _ in found] == [*range(8), *range(20, 25)]
    assert dict(found) == near
    assert list(frames_of(iter([]))) == []


@pytest.fixture
def tables(journal, summary, tmp_path):
    return rows(write_openface(tmp_path / "a", journal, summary)), rows(write_fex(tmp_path / "a", journal, summary))


def test_openface_columns(tables, pieces):
    table, _ = tables
    first = ["frame", "face_id", "timestamp", "confidence", "success", "AU04_r", "AU12_r", "AU04_c", "AU12_c"]
    assert list(table[0]) == [*first, "movement", "movement_units", "side", "size_px", "size_mm", "named_by"]
    assert [(int(row["frame"]), int(row["face_id"])) for row in table] == [
        (n, f) for n in range(1, 201) for f in (0, 1)
    ]
    assert all(float(row["timestamp"]) == (int(row["frame"]) - 1) / 10 for row in table)
    assert {row["AU04_r"] for row in table} == {"", "0.1", "0.9"}
    assert all(row["AU04_c"] == ("1" if row["AU04_r"] == "0.9" else "0") for row in table)


def test_fex_columns(tables, pieces):
    table = tables[1]
    box = ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"]
    known = ["input", "frame", "timestamp", "Identity", *box, "AU04", "AU12"]
    assert list(table[0]) == [*known, "movement", "movement_units", "side", "size_px", "size_mm", "named_by"]
    assert [float(table[0][name]) for name in box] == [10, 10, 50, 50] and table[0]["input"] == "fake.mp4"
    assert [row["AU04"] for row in table] == [row["AU04_r"] for row in tables[0]]
    assert all(int(row["frame"]) + 1 == int(other["frame"]) for row, other in zip(table, tables[0], strict=True))


def test_frames_within_a_movement_have_its_side_and_size(tables, summary):
    movements = [row for row in summary.events if row["kind"] != "blink"]
    for row in tables[1]:
        frame, face = int(row["frame"]), int(row["Identity"])
        inside = [m for m in movements if m["face"] == face and m["onset"] <= frame <= m["offset"]]
        assert row["movement"] == (inside[0]["kind"] if inside else "")
        assert row["movement_units"] == (inside[0]["action_units"] if inside else "")
        assert row["size_mm"] == (str(inside[0]["size_mm"]) if inside else "")


def test_of_movements_that_overlap_the_surest_has_the_frame(journal, summary, tmp_path):
    long = next(row for row in summary.events if row["kind"] != "blink")
    face = [row for row in summary.events if row["face"] != long["face"]]
    rows_of = [long | {"onset": 10, "offset": 60, "score": 0.6}, long | {"onset": 20, "offset": 30, "score": 0.9}]
    rows_of += [long | {"onset": 25, "offset": 40, "score": 0.5}]
    for row, name in zip(rows_of, ("AU12:0.60", "AU4:0.90", "AU1:0.50"), strict=True):
        row["action_units"] = name
    summary.events[:] = [*face, *rows_of]
    table = [row for row in rows(write_fex(tmp_path / "a", journal, summary)) if int(row["Identity"]) == long["face"]]
    said = {int(row["frame"]): row["movement_units"] for row in table}
    assert [said[n] for n in (9, 10, 20, 30, 31, 60, 61)] == [
        "",
        "AU12:0.60",
        "AU4:0.90",
        "AU4:0.90",
        "AU12:0.60",
        "AU12:0.60",
        "",
    ]
