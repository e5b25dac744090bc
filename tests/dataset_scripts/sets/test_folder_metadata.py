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

    def write(*lines, header=HEADER, encoding="utf-8", name="metadata.csv", pad=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if pad and header == HEADER:  # cells that a test leaves out are empty
            lines = [line + "," * (header.count(",") - line.count(",")) for line in lines]
        (tmp_path / name).write_bytes((header + "\n".join(lines) + "\n").encode(encoding))
        return tmp_path

    return write


def test_a_line_becomes_a_row(folder):
    lines = ("a.mp4,006,4+L7B,2,5,9,30,joy,1+4+7,Micro", "", "frames/b,Ann Ö,,,,,,,,")
    first, second = read_metadata(folder(*lines, pad=False))
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


def test_the_three_columns_suffice_and_others_are_told(folder):
    unread = []
    (row,) = read_metadata(folder("x,12,a.mp4,s1", header="note,action_units,file_name,subject\n"), unread)
    assert row.cell == "12" and row.onset is None and unread == [("metadata.csv, line 1", "note")]


@pytest.mark.parametrize("lines", [("a.mp4,s1",), ("a.mp4,s1,4,2,5,9,30",), ("a.mp4",)])
def test_a_line_that_lacks_cells_is_no_clip_without_units(folder, lines):
    with pytest.raises(MetadataError, match=r"metadata\.csv, line 2: \d cells? for 10 columns; leave a cell empty"):
        read_metadata(folder(*lines, pad=False))


@pytest.mark.parametrize("line", ['a.mp4,s1,"4', '"a.mp4,s1,4', 'a.mp4,s1,"4"7', 'a.mp4,s1,4,,,,,"glad\nand more"'])
def test_a_quote_swallows_no_other_line(folder, line):
    with pytest.raises(MetadataError) as error:
        read_metadata(folder(line, "gone.mp4,s2,4", pad=False))
    assert "line 2: a cell in quotes must end in its own line" in str(error.value)


def test_one_name_in_two_forms_is_one_person(folder, tmp_path):
    composed, apart = "Jos\u00e9", "Jose\u0301"
    (tmp_path / f"{apart}.mp4").write_bytes(b"-")
    rows = read_metadata(folder(f"a.mp4,{composed},4", f"{composed}.mp4,{apart},4"))
    assert {row.subject for row in rows} == {composed} and rows[1].path.name == f"{apart}.mp4"


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x1c", "\x85"])
def test_only_ends_of_lines_end_lines(folder, sign):
    (row,) = read_metadata(folder(f"a.mp4,s1,4,,,,,glad{sign}and more"))
    assert row.emotion == f"glad{sign}and more"


def test_a_colon_makes_no_address_of_a_name(folder, tmp_path):
    (tmp_path / "12:30.mp4").write_bytes(b"-")
    (row,) = read_metadata(folder("12:30.mp4,s1,4"))
    assert row.path == tmp_path / "12:30.mp4"


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
        ("a.mp4,s1,4+L12B+15?,,,,,,1+4", "line 2, coded_units: '1+4' lacks 12, 15 of action_units"),
    ],
)
def test_a_mistake_is_told_with_line_column_and_value(folder, line, said):
    with pytest.raises(MetadataError) as error:
        read_metadata(folder(line))
    assert said in str(error.value)


def test_all_mistakes_are_told_at_once(folder, tmp_path):
    lines = [*(f"gone{number}.mp4,s1,4" for number in range(30)), "a.mp4,,4", "frames/b,s1,4,x"]
    with pytest.raises(MetadataError) as error:
        read_metadata(folder(*lines))
    said = str(error.value)
    assert f"{tmp_path}: 32 to be mended" in said and said.count("\n") == 7
    assert "'gone4.mp4' is no file and no folder (and 25 like this)" in said and "gone5" not in said
    assert "line 32, subject: is empty" in said and "line 33, onset: 'x' is no frame number" in said


def test_after_many_mistakes_nobody_reads_on(folder):
    with pytest.raises(MetadataError, match="1000, and perhaps more behind them, to be mended") as error:
        read_metadata(folder(*(f"gone{number}.mp4,s1,smile" for number in range(5000))))
    assert str(error.value).count("\n") == 10 and "(and 495 like this)" in str(error.value)


def test_a_name_that_no_system_takes_is_told_with_its_line(folder):
    with pytest.raises(MetadataError, match=r"line 2, file_name: 'xxx.*File name too long"):
        read_metadata(folder(f"{'x' * 300}.mp4,s1,4"))


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
        ("file_name,subject,action_units,onsett\n", "line 1: column onsett is not known; is onset meant"),
        ("file_name,subject,action_units,Coded Units\n", "column Coded Units is not known; is coded_units meant"),
        ("file_name,subject,subject,action_units\n", "line 1: column subject stands there 2 times"),
        ("file_name,subject,action_units,fps,fps,fps\n", "column fps stands there 3 times"),
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


def test_a_number_made_of_units_is_refused_with_what_happened(folder):
    with pytest.raises(MetadataError, match=r"line 2, action_units: '1\.20E\+15' is a number .* 12E\+14; write"):
        read_metadata(folder("a.mp4,s1,1.20E+15"))
    assert [row.coding.text() for row in read_metadata(folder("a.mp4,s1,12E+14"))] == ["12E+14"]
