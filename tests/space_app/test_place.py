"""The page's own folder: unguessable, swept by age, after a kill and at the end."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.contract.tree import ROOT

KILLED = """
import sys, tempfile, time
sys.path.insert(0, sys.argv[1])
from place import own_place
with own_place(900) as place:
    (place / "uploads").mkdir()
    (place / "uploads" / "jane_doe.mp4").write_bytes(b"film")
    print(place, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """An empty folder in the place of the system's for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_everything_of_a_page_lies_in_its_own_place_and_goes_with_it(disk):
    from gradio.utils import get_upload_folder
    from place import own_place

    with own_place(900) as place:
        assert place.parent == disk and place.stat().st_mode & 0o077 == 0
        assert Path(get_upload_folder()).is_relative_to(place) and Path(tempfile.mkdtemp()).is_relative_to(place)
        (place / "film.mp4").write_bytes(b"film")
    assert not list(disk.iterdir())
    assert not Path(get_upload_folder()).is_relative_to(place)


def test_what_a_killed_page_left_is_swept_at_the_next_start_and_a_running_page_is_not(disk):
    from place import own_place, sweep_dead

    page = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(ROOT / "space_app")], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    place = Path(page.stdout.readline().strip())
    film = place / "uploads" / "jane_doe.mp4"
    assert sweep_dead(disk) == 0 and film.exists()
    page.kill()
    page.wait()
    assert film.exists()
    with own_place(900):
        assert not place.exists()


def test_old_files_are_swept_and_young_ones_stay(disk):
    from place import own_place, sweep

    with own_place(900) as place:
        film = place / "uploads" / "film" / "film.mp4"
        film.parent.mkdir(parents=True)
        film.write_bytes(b"film")
        sweep(place, 60)
        assert film.exists()
        time.sleep(0.05)
        sweep(place, 0.01)
        sweep(place, -1)  # a folder is as old as the last change in it
        assert place.exists() and not list(place.iterdir())


def test_a_link_with_the_name_of_a_place_is_not_followed(disk, tmp_path_factory):
    from place import PREFIX, sweep_dead

    other = tmp_path_factory.mktemp("other")
    (other / "film.mp4").write_bytes(b"film")
    (disk / f"{PREFIX}x").symlink_to(other)
    assert sweep_dead(disk) == 0 and (other / "film.mp4").exists()


def test_two_people_who_bring_the_same_file_do_not_share_a_path(make_reader, disk):
    import app
    from fastapi.testclient import TestClient
    from gradio.routes import App
    from place import own_place

    with own_place(900):
        blocks = app.build(make_reader())
        blocks.max_file_size = 1000
        client = TestClient(App.create_app(blocks))
        answers = [client.post("/gradio_api/upload", files={"files": ("a.mp4", b"film")}) for _ in "ab"]
        paths = [Path(answer.json()[0]) for answer in answers]
        assert paths[0] != paths[1] and all(path.read_bytes() == b"film" for path in paths)
