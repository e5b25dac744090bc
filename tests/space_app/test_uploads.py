"""Uploads are deleted session by session; examples are nobody's. What is too heavy is told before it is sent."""

from pathlib import Path

import pytest

from tests.space_app.staging import staged


def test_a_session_drops_its_own_files_only(tmp_path):
    from uploads import Uploads

    uploads, files = Uploads(), {}
    for session in ("a", "b"):
        (tmp_path / session).mkdir()
        files[session] = tmp_path / session / "film.mp4"
        files[session].write_bytes(b"film")
        uploads.keep_only(session, str(files[session]))
    assert uploads.drop("a")
    assert not files["a"].exists() and not files["a"].parent.exists() and files["b"].exists()
    assert not uploads.drop("a")


def test_examples_stay(tmp_path):
    from uploads import EXAMPLES, Uploads, described

    name = next(iter(described()))
    copy = tmp_path / name
    copy.write_bytes((EXAMPLES / name).read_bytes())
    uploads = Uploads()
    uploads.keep_only("a", str(copy))
    assert not uploads.drop("a") and copy.exists()
    copy.write_bytes(b"an upload with an example's name")
    uploads.keep_only("a", str(copy))
    assert uploads.drop("a") and not copy.exists()


def test_a_new_video_replaces_the_one_before(tmp_path):
    from uploads import Uploads

    uploads, films = Uploads(), [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for film in films:
        film.write_bytes(b"film")
        uploads.keep_only("a", str(film))
        uploads.keep_only("a", str(film))
    assert [film.exists() for film in films] == [False, True]


def test_what_stands_is_the_last_video_and_face(tmp_path):
    from uploads import Uploads

    uploads, films = Uploads(), [str(tmp_path / name) for name in ("one.mp4", "two.mp4")]
    assert uploads.stand("a", films[0], 3), "of one who is not known nothing else was chosen"
    for film in films:
        uploads.keep_only("a", film)
    assert [uploads.stand("a", film) for film in films] == [False, True]
    assert uploads.stand("a", films[1], 0) and uploads.stand("b", films[0])
    uploads.show("a", films[0], 1)
    assert uploads.stand("a", films[1], 0), "a face of a video that is chosen no longer"
    uploads.show("a", films[1], 1)
    assert [uploads.stand("a", films[1], face) for face in (None, 0, 1)] == [True, False, True]
    uploads.drop("a")
    assert [uploads.stand("a", film) for film in (*films, None)] == [False, False, True]
    uploads.leave("a")
    assert uploads.stand("a", films[0])


def test_only_the_upload_that_a_press_was_about_is_dropped(tmp_path):
    from uploads import Uploads

    uploads, film = Uploads(), tmp_path / "two.mp4"
    film.write_bytes(b"film")
    uploads.keep_only("a", str(film))
    assert not uploads.drop("a", only=str(tmp_path / "one.mp4")) and film.exists()
    assert uploads.stand("a", str(film))
    assert uploads.drop("a", only=str(film)) and not film.exists()


def test_who_leaves_leaves_nothing(tmp_path):
    from uploads import Uploads

    uploads, film = Uploads(), tmp_path / "one.mp4"
    film.write_bytes(b"film")
    uploads.keep_only("a", str(film))
    uploads.leave("a")
    assert not film.exists() and not uploads._chosen


def test_every_example_is_there_and_described():
    from uploads import EXAMPLES, described

    films = {path.name for path in Path(EXAMPLES).glob("*.mp4")}
    assert films == set(described()) and films


def test_gradio_prints_kinds_of_errors_and_no_names(monkeypatch, caplog, capsys):
    import traceback

    import logs

    monkeypatch.setattr(traceback, "print_exc", traceback.print_exc)
    logs.say_little()
    try:
        raise RuntimeError("cannot read /gradio/jane_doe.mp4")
    except RuntimeError:
        traceback.print_exc()
    assert "RuntimeError in test_uploads.py" in caplog.text
    assert "jane" not in caplog.text + "".join(capsys.readouterr())


@pytest.mark.parametrize("event", ["change", "drop"])
def test_what_is_too_heavy_is_told_before_it_is_sent(event):
    seen = staged("upload_stage.js", "upload.js", event=event, megabytes=[50.3], inside=True)
    assert seen["told"] == [{"name": "upload", "megabytes": 50.3}]
    assert seen["stopped"], "Gradio would say it again, with a limit of its own"
    assert seen["value"] == ("" if event == "change" else "film.mp4"), "the same file can be chosen again"
    assert seen["left"] == (event == "drop")
    for megabytes, inside in (([49.9], True), ([], True), ([50.3], False)):
        seen = staged("upload_stage.js", "upload.js", event=event, megabytes=megabytes, inside=inside)
        assert not seen["told"] and not seen["stopped"]


def test_gradios_own_limit_lies_above_the_pages(make_reader):
    from app import launch_options

    settings = make_reader(max_megabytes=20).settings
    assert launch_options(settings)["max_file_size"] > 20e6, "a recording is weighed when it is here, by the page"
