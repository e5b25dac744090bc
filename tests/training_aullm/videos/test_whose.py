"""Files that are there are not replaced by those of another video of the same name."""

import json
from pathlib import Path

import pytest

from training_aullm.videos.elan import write_eaf
from training_aullm.videos.journal import Journal
from training_aullm.videos.tables import write_json, write_parts
from training_aullm.videos.video_files import base_names, identity
from training_aullm.videos.whose import name_of, named_by_frames, refuse_others


@pytest.fixture
def films(tmp_path, monkeypatch):
    """Two films of one name, and nothing in out/."""
    monkeypatch.chdir(tmp_path)
    for person in ("anna", "ben"):
        (tmp_path / person).mkdir()
        (tmp_path / person / 'rest "1".mp4').write_bytes(b"film")
    (tmp_path / "out").mkdir()
    return [Path(person, 'rest "1".mp4') for person in ("anna", "ben")]


def write(kind: str, base: Path, video: Path, journal, summary) -> None:
    summary.head = summary.head | {"video": str(video)}
    if kind == "pieces":
        Journal(base.with_name(f"{base.name}.pieces.jsonl"), {"video": identity(video), "model": [], "options": {}})
    elif kind == "eaf":
        write_eaf(base, summary, video)
    else:
        {"json": write_json, "tables": write_parts}[kind](base, journal, summary)


@pytest.mark.parametrize("kind", ["json", "pieces", "eaf", "tables"])
def test_results_of_another_video_are_not_replaced(films, journal, summary, kind):
    anna, ben = films
    out = Path("out")
    write(kind, *base_names([anna], out), anna, journal, summary)
    with pytest.raises(ValueError, match=r"^ben/rest .* same files as .*anna/rest .* which out/.* different --out"):
        base_names([ben], out)
    assert base_names([anna], out) == base_names([anna.resolve()], out), "the same video again"
    assert base_names([ben], Path("other"))


def test_a_name_is_that_of_the_folder_wherever_one_stands(tmp_path, monkeypatch):
    (tmp_path / "take.1" / "below").mkdir(parents=True)
    (tmp_path / "blob").write_bytes(b"")
    (tmp_path / "face.mp4").symlink_to("blob")
    monkeypatch.chdir(tmp_path / "take.1" / "below")
    assert [name_of(Path(each)) for each in (".", "..", "../")] == ["below", "take.1", "take.1"]
    assert name_of(tmp_path / "face.mp4") == "face"
    assert base_names([Path("..")], tmp_path / "out") == [tmp_path / "out" / "take.1"]


def test_files_of_frames_are_those_of_this_name(tmp_path):
    for name in ("face_10-20", "face_10-30", "face_2_10-20", "other_10-20"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"video": "a/face.mp4"}))
    assert [path.name for path in named_by_frames(tmp_path, "face", None, None)] == [
        "face_10-20.json",
        "face_10-30.json",
    ]
    (marked,) = named_by_frames(tmp_path, "face", 10, 20)
    refuse_others([marked, tmp_path / "none.json"], Path("a/face.mp4"))
    with pytest.raises(ValueError, match="as a/face"):
        refuse_others([marked], "b/face.mp4")
    marked.write_text("{}")
    refuse_others([marked], "b/face.mp4")
