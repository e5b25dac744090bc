"""The cache holds what a folder holds: made anew when that changes, and by one run at a time."""

import threading

import pytest

from dataset_scripts.cells import facs
from dataset_scripts.report import Report
from dataset_scripts.sets import folder_metadata
from tests.dataset_scripts.trees.casme2 import clip_folder, write_casme2
from tests.training_aullm.clip_tables import encoded, table_of, write_clips
from training_aullm.prepare import cached, preparing
from training_aullm.prepare.cached import listing_digest, prepare_cached
from training_aullm.prepare.prepared import load_prepared
from training_aullm.prepare.preparing import Preparation


def test_the_cache_is_used_until_the_folder_changes(builder, rows, tmp_path, monkeypatch):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    clips = write_clips(tmp_path / "clips", "ann")
    settings = Preparation("folder", str(clips), align=False)
    rows[:] = [row for row in rows if row["clip"] != "c4"]
    first = prepare_cached(settings, num_proc=1, progress=False)
    assert prepare_cached(settings, num_proc=1, progress=False) == first and len(builder) == 1
    (clips / "metadata.csv").write_text("file_name,subject,action_units,fps\nann,ann,7,50\n")
    rows.pop()
    assert prepare_cached(settings, num_proc=1, progress=False) == first and len(builder) == 2
    assert len(load_prepared(first)) == 4 and first.is_relative_to(tmp_path / "cache")


def test_linked_frames_that_change_are_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    clips = write_clips(tmp_path / "clips", "ann", "ben")
    linked = (clips / "ben").rename(tmp_path / "elsewhere")
    (clips / "ben").symlink_to(linked)
    (linked / "all").symlink_to(clips)  # a circle
    (clips / ".#metadata.csv").symlink_to("nobody@nowhere.1:2")  # as Emacs keeps others from a file
    settings = Preparation("folder", str(clips), align=False)
    first = load_prepared(prepare_cached(settings, 1, False))["frames"][1]
    (linked / "1.png").write_bytes(encoded(200))
    changed = load_prepared(prepare_cached(settings, 1, False))["frames"][1]
    assert [a == b for a, b in zip(first, changed, strict=True)] == [True, False, True]


def test_the_cache_is_made_anew_where_another_version_reads_the_same_files_otherwise(
    builder, rows, tmp_path, monkeypatch
):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    settings = Preparation("folder", str(write_clips(tmp_path / "clips", "ann", cell="4?")), align=False)
    rows.pop(4)
    for _ in range(2):
        prepare_cached(settings, 1, False)
    assert len(builder) == 1
    monkeypatch.setattr(cached, "ROWS_VERSION", "another")
    prepare_cached(settings, 1, False)
    assert len(builder) == 2
    monkeypatch.setattr(folder_metadata, "_parse", lambda cell: facs.parse_cell(cell.replace("?", "")))
    prepare_cached(settings, 1, False)
    assert len(builder) == 3


def test_of_two_processes_one_prepares_and_the_other_waits_for_it(rows, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    settings = Preparation("folder", str(write_clips(tmp_path / "clips", "ann")), align=False)
    begun, ended, calls, results = threading.Event(), threading.Event(), [], []

    def load(name, data_dir, **options):
        calls.append(name)
        begun.set()
        assert ended.wait(60)
        return table_of([row for row in rows if row["clip"] != "c4"]), Report(name, "1")

    monkeypatch.setattr(preparing, "load_dataset_from", load)
    processes = [
        threading.Thread(target=lambda: results.append(prepare_cached(settings, num_proc=1, progress=False)))
        for _ in range(2)
    ]
    processes[0].start()
    assert begun.wait(60)
    processes[1].start()
    processes[1].join(0.5)
    ended.set()
    for process in processes:
        process.join()
    assert len(calls) == 1 and results[0] == results[1] and len(load_prepared(results[0])) == 5
    assert "folder is being prepared by another run" in capsys.readouterr().err


def test_only_what_the_sheet_names_decides_whether_a_copy_has_changed(builder, rows, tmp_path, monkeypatch):
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    copy = write_casme2(tmp_path / "CASME2")
    settings = Preparation("casme2", str(copy), align=False)
    rows[:] = [row | {"label_release": "2019-07-01"} for row in rows if row["clip"] != "c4"]
    prepare_cached(settings, num_proc=1, progress=False)
    (copy / "CASME2_RAW_selected" / "holiday.jpg").write_bytes(b"not of the set")
    prepare_cached(settings, num_proc=1, progress=False)
    assert len(builder) == 1
    (clip_folder(copy, 0) / "img47.jpg").write_bytes(b"changed")
    prepare_cached(settings, num_proc=1, progress=False)
    assert len(builder) == 2


def test_the_listing_sees_names_sizes_and_depth(tmp_path):
    (tmp_path / "a").mkdir()
    seen = {listing_digest(tmp_path)}
    (tmp_path / "a" / "1.jpg").write_bytes(b"1")
    seen.add(listing_digest(tmp_path))
    (tmp_path / "a" / "1.jpg").write_bytes(b"12")
    seen.add(listing_digest(tmp_path))
    (tmp_path / "a" / "1.jpg").rename(tmp_path / "1.jpg")
    seen.add(listing_digest(tmp_path))
    (tmp_path / "b").mkdir()
    for target in ("a", "b"):
        (tmp_path / "b" / "link").unlink(missing_ok=True)
        (tmp_path / "b" / "link").symlink_to(tmp_path / target)
        seen.add(listing_digest(tmp_path))
    assert len(seen) == 6 and listing_digest(tmp_path) in seen
    with pytest.raises(FileNotFoundError, match="--data-dir"):
        listing_digest(tmp_path / "nowhere")


def test_nothing_is_written_into_the_copy(builder, tmp_path, monkeypatch):
    clips = write_clips(tmp_path / "clips", "ann")
    monkeypatch.setenv("AULLM_CACHE", str(clips / "cache"))
    with pytest.raises(ValueError, match=r"lies in .*clips, your copy"):
        prepare_cached(Preparation("folder", str(clips)), 1, False)
    assert sorted(path.name for path in clips.iterdir()) == ["ann", "metadata.csv"]
