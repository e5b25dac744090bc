"""What a reading says in short."""

from tests.processing_aullm.faked_faces import FakeFace, FakeProcessor
from training_aullm.videos import summary as reading_summary
from training_aullm.videos.summary import Summary, in_words


def test_pieces_and_the_whole_reading_say_the_same(pieces, summary):
    whole = Summary.of([FakeProcessor().join_pieces(pieces)])
    assert (whole.head, whole.events) == (summary.head, summary.events)
    assert [(f.about, f.windows, f.answered) for f in whole.faces.values()] == [
        (f.about, f.windows, f.answered) for f in summary.faces.values()
    ]
    assert list(summary.faces) == [0, 1] and 0 < summary.faces[0].answered < summary.faces[0].windows == 195


def test_a_face_names_the_pieces_that_tell_of_it(pieces):
    head = {**pieces[0], "faces": []}
    late = [head, {**pieces[0], "faces": pieces[0]["faces"][:1]}, head]
    face = Summary.of(late).faces[0]
    assert (face.first, face.stop) == (1, 2)


def test_events_that_become_known_late_stand_in_order_of_time(pieces):
    part = pieces[0]["faces"][0]
    marks = (50, 10, 400, 150, 800)
    blinks = [[{"kind": "blink", "onset": mark, "apex": mark, "offset": mark}] for mark in marks]
    late = [{**pieces[0], "faces": [{**part, "movements": [], "blinks": each}]} for each in blinks]
    assert [row["onset"] for row in Summary.of(late).events] == sorted(marks)


def test_the_table_lists_movements(summary, monkeypatch):
    table = summary.table()
    assert "3 movements, 1 blink" in table.title and "390 windows" in table.caption
    assert list(table.columns[1].cells) == ["micro", "micro", "macro"]
    monkeypatch.setattr(reading_summary, "MAX_ROWS", 1)
    assert summary.table().row_count == 1 and "2 more in the files" in summary.table().caption


def test_a_second_opinion_is_called_one_wherever_units_stand():
    face = FakeFace(frames=140, shows=((30, 36, 60, 0.7, "mouthPressLeft"),))
    reading = FakeProcessor().read(face, second_opinion=True)
    summary = Summary.of([reading])
    (row,) = summary.events
    assert row["named_by"] == "blendshapes" and row["second_opinion"] == row["action_units"]
    assert in_words(row, reading["meanings"]).startswith("AU24 lip pressor 0.")
    assert next(iter(summary.table().columns[-1].cells)).endswith("(second opinion)")
