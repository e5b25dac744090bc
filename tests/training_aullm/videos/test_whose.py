"""Files that are there are not replaced by those of another video of the same name."""

import json
import warnings
from pathlib import Path

import pytest

from training_aullm.videos import whose
from training_aullm.videos.elan import write_eaf
from training_aullm.videos.journal import Journal
from training_aullm.videos.pairs import write_pair
from training_aullm.videos.tables import write_json, write_parts
from training_aullm.videos.video_files import base_names, identity
from training_aullm.videos.whose import name_of, named_by_frames, path_of, refuse_others, ways_to


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
        path = base.with_name(f"{base.name}.pieces.jsonl")
        Journal(path, {"video": identity(video), "ways_to_video": ways_to([video], path)})
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


@pytest.mark.parametrize("kind", ["json", "pieces", "eaf", "tables"])
def test_where_a_command_is_given_from_plays_no_part(films, journal, summary, kind, monkeypatch):
    """A video is called the same from its own folder, whoever's it is."""
    anna, ben = (film.resolve() for film in films)
    out, name = Path("out").resolve(), Path(anna.name)
    monkeypatch.chdir(anna.parent)
    write(kind, *base_names([name], out), name, journal, summary)
    monkeypatch.chdir(ben.parent)
    with pytest.raises(ValueError, match="same files as"):
        base_names([name], out)
    assert base_names([anna], out) == base_names([Path("..", "anna", name)], out), "the same video from elsewhere"


@pytest.mark.parametrize("kind", ["json", "pieces", "eaf", "tables"])
def test_a_folder_that_moves_with_its_video_stays_that_videos(films, journal, summary, kind, monkeypatch):
    anna, _ = films
    name = Path(anna.name)
    monkeypatch.chdir(anna.parent)
    write(kind, *base_names([name], Path("out")), name, journal, summary)
    monkeypatch.chdir("..")
    Path("anna").rename("moved")
    assert base_names([Path("moved") / name], Path("moved/out"))


def test_files_of_before_say_only_what_the_video_was_called(films):
    anna, ben = films
    Path("out", "rest.json").write_text(json.dumps({"video": str(anna)}))
    refuse_others([Path("out", "rest.json")], anna.resolve())
    with pytest.raises(ValueError, match="same files as anna"):
        refuse_others([Path("out", "rest.json")], ben)


def test_results_that_move_alone_are_told_by_a_whole_path(films, journal, summary):
    """The way to the video leads nowhere then."""
    anna, ben = (film.resolve() for film in films)
    write("json", *base_names([anna], Path("out")), anna, journal, summary)
    Path("far", "away").mkdir(parents=True)
    Path("out").rename("far/away/out")
    assert base_names([anna], Path("far/away/out"))
    with pytest.raises(ValueError, match="same files as"):
        base_names([ben], Path("far/away/out"))


def test_pictures_that_are_called_the_same_from_two_folders_are_two_pairs(films, monkeypatch):
    anna, ben = (film.resolve().parent for film in films)
    path = Path("out", "rest-apex.json").resolve()
    monkeypatch.chdir(anna)
    write_pair(path, {"video": "rest and up.jpg and apex.jpg"}, ["rest and up.jpg", "apex.jpg"])
    refuse_others([path], "rest and up.jpg", "apex.jpg")
    monkeypatch.chdir(ben)
    with pytest.raises(ValueError, match="same files as rest and up"):
        refuse_others([path], "rest and up.jpg", "apex.jpg")
    refuse_others([path], anna / "rest and up.jpg", "../anna/apex.jpg")


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


def test_an_address_is_the_path_of_this_system(tmp_path, monkeypatch):
    assert path_of((tmp_path / "a face é.mp4").as_uri()) == tmp_path / "a face é.mp4"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        monkeypatch.setattr(whose, "url2pathname", pytest.importorskip("nturl2path").url2pathname)
    assert path_of("file:///C:/films/a%20face.mp4") == Path(r"C:\films\a face.mp4")
