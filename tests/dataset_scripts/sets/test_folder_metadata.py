"""metadata.csv: what it may say, and how mistakes are told."""

import pytest

from dataset_scripts.sets.folder_metadata import MetadataError, read_metadata
from tests.dataset_scripts.trees.videos import write_frames

HEADER = "file_name,subject,action_units,onset,apex,offset,fps,emotion,coded_units,expression\n"


@pytest.fixture
def folder(tmp_path):
    """A function that writes metadata.csv beside two clips."""
    (tmp_path / "a.mp4").write_bytes(b"-")
    write_frames(tmp_path / "frames" / "b", range(3))

    def write(*lines, header=HEADER, encoding="utf-8", name="metadata.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((header + "\n".join(lines) + "\n").encode(encoding))
        return tmp_path

    return write


def test_a_line_becomes_a_row(folder):
    first, second = read_metadata(folder("a.mp4,006,4+L7B,2,5,9,30,joy,1+4+7,Micro", "", "frames/b,Ann Ö,,,,,,,,"))
    assert first.path.name == "a.mp4" and first.subject == "006"
    assert [(unit.number, unit.side, unit.intensity) for unit in first.coding.units] == [
        (4, "both", None),
        (7, "L", "B"),
    ]
    assert (first.onset, first.apex, first.offset, first.fps, first.emotion) == (2, 5, 9, 30.0, "joy")
    assert first.coded_units == (1, 4, 7) and first.where == "metadata.csv, line 2" and first.split is None
    assert second.path.is_dir() and second.subject == "Ann Ö" and not second.coding.units and second.coded_units is None
    assert (first.expression, second.expression) == ("micro", None)
    assert second.where == "metadata.csv, line 4" and second.fps is None and second.emotion is None


def test_the_three_columns_suffice_and_others_are_let_be(folder):
    (row,) = read_metadata(folder("x,12,a.mp4,s1", header="note,action_units,file_name,subject\n"))
    assert row.cell == "12" and row.onset is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_sheets_as_spreadsheets_save_them(folder, encoding):
    lines = 'a.mp4;s1;"4;7"'.replace("\n", "\r\n")
    (row,) = read_metadata(folder(lines, header="file_name;subject;action_units\r\n", encoding=encoding))
    assert [unit.number for unit in row.coding.units] == [4, 7]


def test_splits_are_folders_with_a_metadata_each(folder, tmp_path):
    write_frames(tmp_path / "train" / "c", range(2))
    write_frames(tmp_path / "test" / "d", range(2))
    folder("c,s1,4", name="train/metadata.csv", header="file_name,subject,action_units\n")
    folder("d,s2,4", name="test/metadata.csv", header="file_name,subject,action_units\n")
    assert [(row.split, row.where) for row in read_metadata(tmp_path)] == [
        ("test", "test/metadata.csv, line 2"),
        ("train", "train/metadata.csv, line 2"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",s1,4", "line 2, file_name: is empty"),
        ("c.mp4,s1,4", "line 2, file_name: 'c.mp4' is no file and no folder"),
        ("a.avi,s1,4", "'a.avi' is no file and no folder; there is a.mp4"),
        ("missing/a.mp4,s1,4", "there is no folder 'missing'"),
        ("frames,s1,4", "the folder 'frames' holds no image"),
        ("metadata.csv,s1,4", "'metadata.csv' is no video"),
        ("../a.mp4,s1,4", "'../a.mp4' must be a path inside the folder"),
        ("/etc/passwd,s1,4", "'/etc/passwd' must be a path inside"),
        ("file://a.mp4,s1,4", "must be a path inside"),
        ("C:/a.mp4,s1,4", "must be a path inside"),
        ("a.mp4,,4", "line 2, subject: is empty"),
        ("a.mp4,s1,4+smile", "line 2, action_units: '4+smile': cannot read 'smile'"),
        ("a.mp4,s1,4,7,,,,,,,", "11 cells for 10 columns; write units as 4+7"),
        ("a.mp4,s1,4,two", "line 2, onset: 'two' is no frame number"),
        ("a.mp4,s1,4,-1", "line 2, onset: '-1' is no frame number"),
        ("a.mp4,s1,4,1.5", "line 2, onset: '1.5' is no frame number"),
        ("a.mp4,s1,4,5,3", "line 2, apex: 3 lies before the onset, 5"),
        ("a.mp4,s1,4,5,,4", "line 2, offset: 4 lies before the onset, 5"),
        ("a.mp4,s1,4,5,,5", "line 2, offset: 5 is also the onset"),
        ("a.mp4,s1,4,,,,,,,slow", "line 2, expression: 'slow' is none of micro, macro"),
        ("a.mp4,s1,4,,,,0", "line 2, fps: '0' is no number of frames per second"),
        ("a.mp4,s1,4,,,,nan", "line 2, fps: 'nan'"),
        ("a.mp4,s1,4,,,,,,brows", "line 2, coded_units: 'brows': cannot read"),
    ],
)
def test_a_mistake_is_told_with_line_column_and_value(folder, line, said):
    with pytest.raises(MetadataError) as error:
        read_metadata(folder(line))
    assert said in str(error.value)


def test_all_mistakes_are_told_at_once(folder, tmp_path):
    lines = [f"gone{number}.mp4,s1,4" for number in range(30)]
    with pytest.raises(MetadataError) as error:
        read_metadata(folder(*lines))
    assert f"{tmp_path}: 30 to be mended" in str(error.value)
    assert str(error.value).count("\n") == 21 and "and 10 more" in str(error.value)


def test_one_film_of_two_subjects_and_a_clip_listed_twice(folder):
    with pytest.raises(MetadataError) as error:
        read_metadata(folder("a.mp4,s1,4,0,,5", "a.mp4,s1,7,5,,9", "a.mp4,s2,4,7,,9", "a.mp4,s1,12,0,,5"))
    assert "line 4, subject: 'a.mp4' is of 's2' here and of 's1' in metadata.csv, line 2" in str(error.value)
    assert "line 5, file_name: 'a.mp4' with these frames is in metadata.csv, line 2 already" in str(error.value)
    assert "2 to be mended" in str(error.value)


def test_another_folder_says_what_was_looked_for_and_found(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_metadata(tmp_path / "nowhere")
    (tmp_path / "a.mp4").write_bytes(b"-")
    with pytest.raises(
        FileNotFoundError, match=r"looked for metadata\.csv here and one folder down, found a\.mp4, frames"
    ):
        read_metadata(tmp_path)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("file_name,Subject,action_units\n", "line 1: columns subject are missing; there are file_name, Subject"),
        ("", "columns file_name, subject, action_units are missing"),
    ],
)
def test_a_header_without_the_columns(folder, header, said):
    with pytest.raises(MetadataError, match=said):
        read_metadata(folder("a.mp4,s1,4", header=header))


def test_no_line_and_another_encoding(folder):
    with pytest.raises(MetadataError, match="no line below it"):
        read_metadata(folder())
    with pytest.raises(MetadataError, match="not UTF-8"):
        read_metadata(folder("a.mp4,Zoë,4", encoding="latin-1"))
