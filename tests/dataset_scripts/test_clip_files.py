"""A subject's file: whole or not there, with what it was made of and what was found."""

import pyarrow.parquet as pq
import pytest

from dataset_scripts.clip_files import count_frames, findings_of, read_arrow, write_clips
from dataset_scripts.report import Finding
from dataset_scripts.schema import FEATURES
from dataset_scripts.synthetic.tables.columns import STORED
from tests.training_aullm.clip_tables import clip_row

SCHEMA = FEATURES.arrow_schema
FOUND = Finding("dropped", "tiny/s1/c1", "no face", "left out")
CLIPS = [(clip_row("s1", "c0"), []), (None, [FOUND]), (clip_row("s1", "c2", (90, 91)), [])]


def test_a_parquet_file_says_what_it_is(tmp_path):
    path = tmp_path / "folder" / "subject-s1.parquet"
    assert write_clips(path, CLIPS, SCHEMA, "this") == [FOUND]
    assert pq.read_table(path).to_pylist() == [row for row, _ in CLIPS if row]
    assert findings_of(path) == findings_of(path, "this") == [FOUND]
    assert findings_of(path, "that") is None
    assert count_frames(path) == 8 and pq.read_metadata(path).num_row_groups == 2


def test_a_subject_without_a_clip_has_an_empty_file(tmp_path):
    path = tmp_path / "subject-s1.parquet"
    write_clips(path, [(None, [FOUND])], SCHEMA, "this")
    assert len(pq.read_table(path)) == 0 and count_frames(path) == 0 and findings_of(path) == [FOUND]


def test_a_file_that_is_not_ours_has_no_findings(tmp_path):
    pq.write_table(SCHEMA.empty_table(), tmp_path / "foreign.parquet")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    assert [findings_of(tmp_path / f"{name}.parquet") for name in ("foreign", "cut", "missing")] == [None] * 3


@pytest.mark.parametrize("name", ["subject.parquet", "subject.arrow"])
def test_what_breaks_off_leaves_nothing(tmp_path, name):
    def clips():
        yield CLIPS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clips(tmp_path / name, clips(), SCHEMA)
    assert not list(tmp_path.iterdir())


def test_an_arrow_file_is_mapped(tmp_path):
    row = {name: CLIPS[0][0].get(name) for name in STORED.names}
    write_clips(tmp_path / "subject.arrow", [(row, [])], STORED)
    assert read_arrow(tmp_path / "subject.arrow").to_pylist() == [row]
