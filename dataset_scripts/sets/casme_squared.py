"""CAS(ME)^2: recordings at 30 frames a second with their micro- and macro-expressions, for spotting.

The workbook has no headings. Its first sheet holds the expressions, with a number for the subject and a name for the
film that was shown; its second and third say how folders write them: subject 1 is s15, the film anger1 is 0401, and
together they are `s15/15_0401girlcrashing/img557.jpg`. An offset of 0 is open: the clip is then as long after its apex
as before it.

Source: Qu, Wang, Yan, Li, Wu and Fu, "CAS(ME)^2: A database for spontaneous macro-expression and micro-expression
spotting and recognition", IEEE Transactions on Affective Computing 9(4), 2018; columns and folders as others' readers
have them.
"""

from dataclasses import replace
from pathlib import Path

from dataset_scripts.layout import FrameFolder, Layout, Release
from dataset_scripts.report import Report
from dataset_scripts.rows import ClipRow, SheetRow
from dataset_scripts.sheets.sheets import as_coded, read_grids

_COLUMNS = ("subject", "clip", "onset", "apex", "offset", "units", "valence", "expression", "emotion")
_FILM = "film"
_RECORDINGS = FrameFolder(
    "{subject}/{clip}", fps=30, roots=("rawpic", ".", "CAS(ME)^2/rawpic", "selectedpic"), prefix="img"
)


def read_workbook(path: Path, release: Release) -> list[SheetRow]:
    """The rows of the first sheet, subjects written as the folders do.

    Args:
        path: of the workbook. release: not used, there is one.

    Returns:
        One row an expression; the code of its film stands in `others`.

    Raises:
        ValueError: it has not three sheets, or the first holds no expression.
    """
    sheets = list(read_grids(path))
    if len(sheets) < 3:
        raise ValueError(f"{path} has {len(sheets)} sheets, not the three of CAS(ME)^2: expressions, subjects, films")
    (name, expressions), (_, subjects), (_, films) = sheets[:3]
    people = {row[2]: f"s{row[1].lower().removeprefix('s')}" for row in subjects if len(row) > 2}
    codes = {row[1]: row[0].zfill(4) for row in films if len(row) > 1}
    rows = []
    for number, row in enumerate(expressions, start=1):
        cells = dict(zip(_COLUMNS, [*row, *[""] * len(_COLUMNS)], strict=False))
        if not cells["subject"].isdigit():
            continue  # blank, or a heading that somebody wrote above
        cells["units"] = as_coded(cells["units"])
        cells["subject"] = people.get(cells["subject"], cells["subject"])
        film = codes.get(cells["clip"].split("_")[0], "")
        rows.append(SheetRow(path.name, name, number, cells, {_FILM: film}, {each: each for each in _COLUMNS}))
    if not rows:
        raise ValueError(f"{path}, sheet {name}: no row begins with the number of a subject")
    return rows


def locate_recordings(rows: list[ClipRow], data_dir: Path, report: Report) -> list[ClipRow]:
    """Look up each recording's folder, which has more in its name than the sheet knows, and close what is open.

    Args:
        rows: as read. data_dir: the user's copy. report: told of offsets that were left open.

    Returns:
        The rows; `folder` is the recording's folder, or the beginning of its name where there is none.
    """
    return [_closed(replace(row, folder=_folder(row, data_dir)), report) for row in rows]


def _folder(row: ClipRow, data_dir: Path) -> str:
    beginning = f"{row.subject.removeprefix('s')}_{row.others[_FILM] or row.clip}"
    places = (data_dir / root / row.subject for root in _RECORDINGS.roots)
    found = (path.name for place in places if place.is_dir() for path in sorted(place.glob(f"{beginning}*")))
    return next(found, beginning)


def _closed(row: ClipRow, report: Report) -> ClipRow:
    if row.offset or None in (row.onset, row.apex):
        return row
    offset = max(2 * row.apex - row.onset, row.apex + 1)
    why = "as long after the apex as before it; known: shipped like this"
    report.add("repaired", row.place, f"the offset is open, {offset} was taken", why, known=True)
    return replace(row, offset=offset)


LAYOUT = Layout(
    name="casme_squared",
    title="CAS(ME)^2",
    releases=(
        Release(
            name="1",
            sheets=("*CAS(ME)^2*", "*CAS*2*code*final*", "*CASFE*"),
            columns={name: (name,) for name in _COLUMNS},
            frames={"raw": _RECORDINGS},
            takes=_RECORDINGS,
        ),
    ),
    shared_folders=True,
    read_sheet=read_workbook,
    mend_rows=locate_recordings,
    unchecked=(
        "the three sheets and their columns, which have no headings",
        "folders rawpic/s15/15_0401girlcrashing/img557.jpg",
    ),
)
