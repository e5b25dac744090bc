"""The journal keeps what was read, and nothing that was written in half."""

from pathlib import Path

from training_aullm.videos.journal import Journal


def test_pieces_come_back_as_they_were(journal, pieces):
    assert list(journal) == list(journal) == pieces
    assert list(journal.pieces(2, 4)) == pieces[2:4]


def test_a_run_goes_on_behind_the_last_complete_section(tmp_path, pieces):
    ends = [place + 1 for place, piece in enumerate(pieces) if piece["resume"] is not None]
    for count in range(len(pieces) + 1):
        path = tmp_path / f"{count}.jsonl"
        journal = Journal(path, {"hop": 0.1})
        assert journal.resume is None
        for piece in pieces[:count]:
            journal.add(piece)
        kept = max((end for end in ends if end <= count), default=0)
        again = Journal(path, {"hop": 0.1})
        assert list(again) == pieces[:kept] and again.resume == (pieces[kept - 1]["resume"] if kept else None)
        again.add(pieces[0])
        assert list(again) == [*pieces[:kept], pieces[0]]


def test_a_line_that_was_not_written_to_its_end_is_dropped(tmp_path, pieces):
    path, end = tmp_path / "a.jsonl", next(n for n, piece in enumerate(pieces, 1) if piece["resume"] is not None)
    journal = Journal(path, {})
    for piece in pieces[:end]:
        journal.add(piece)
    whole = path.read_bytes()
    for half in (b'{"video": "half a li', b"\x00\x00\x00\n", b"{"):
        path.write_bytes(whole + half)
        assert Journal(path, {}).resume == pieces[end - 1]["resume"] and path.read_bytes() == whole
    path.write_bytes(whole[:-1])  # all of it but its end: the next piece would stand behind it
    assert Journal(path, {}).resume is None and list(Journal(path, {})) == []
    path.write_bytes(whole[:-9])
    assert Journal(path, {}).resume is None and list(Journal(path, {})) == []


def test_a_run_goes_on_where_the_system_ends_lines_otherwise(tmp_path, pieces, monkeypatch):
    """Windows writes a return before each end of a line of text, unless it is told not to."""
    opened = Path.open

    def open_as_windows(self, mode="r", buffering=-1, encoding=None, errors=None, newline=None):
        writes_text = "b" not in mode and mode[0] in "wax+"
        return opened(self, mode, buffering, encoding, errors, "\r\n" if writes_text and newline is None else newline)

    monkeypatch.setattr(Path, "open", open_as_windows)
    journal = Journal(tmp_path / "a.jsonl", {"hop": 0.1})
    for piece in pieces:
        journal.add(piece)
    assert Journal(journal.path, {"hop": 0.1}).resume == pieces[-1]["resume"]
    assert b"\r" not in journal.path.read_bytes()


def test_other_settings_begin_anew(tmp_path, pieces):
    journal = Journal(tmp_path / "a.jsonl", {"hop": 0.1})
    journal.add(pieces[-1])
    assert Journal(journal.path, {"hop": 0.1}).resume is not None
    assert Journal(journal.path, {"hop": 0.2}).resume is None and list(Journal(journal.path, {"hop": 0.2})) == []
