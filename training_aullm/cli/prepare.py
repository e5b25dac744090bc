"""`aullm prepare`: a data set, aligned once and kept, so that training never decodes or detects again.

Tested in tests/commands/test_own_clips.py.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Frames(StrEnum):
    """Which of the frames that a data set ships."""

    RAW = "raw"
    CROPPED = "cropped"


class Expressions(StrEnum):
    """Which kinds of expressions, of a set that has both."""

    MICRO = "micro"
    MACRO = "macro"
    BOTH = "both"


class Counted(StrEnum):
    """What a unit counts as that the coders were not sure of."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


def prepare(
    name: Annotated[str, typer.Argument(help="casme2, samm, ..., folder, or a domain of the clip source.")],
    out: Annotated[Path, typer.Option(help="Folder of the prepared set.")],
    data_dir: Annotated[
        Path | None, typer.Option(help="Where your copy lies: the folder with the coding sheet and the frames.")
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(help="Release of the labels, where a set has several; left out: the first that is found."),
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="The coding sheet, where it does not lie in --data-dir.")] = None,
    frames: Annotated[Frames, typer.Option(help="Which frames, where a set ships both.")] = Frames.RAW,
    align: Annotated[
        bool | None,
        typer.Option(
            "--align/--no-align", help="Find the face and hold it still; left out: yes, but for rendered clips."
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Keep the frames before the onset and after the offset too.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at what would be repaired or left out, and at names too alike.")
    ] = False,
    alternatives: Annotated[
        Counted, typer.Option(help='What units count as of which the coders named several: "12 or 14".')
    ] = Counted.UNKNOWN,
    unclear: Annotated[
        Counted,
        typer.Option(help='What doubtful units count as: "4?". Unknown ones are neither trained on nor scored.'),
    ] = Counted.UNKNOWN,
    expressions: Annotated[
        Expressions | None,
        typer.Option(help="Which kind; left out: micro (DISFA, BP4D: macro; folder: all, of unnamed kind too)."),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that align; left out: one per core, eight at most.")
    ] = None,
) -> None:
    """Read a data set, align every clip once, and keep the result.

    NAME says how your copy is laid out: casme, casme2, casme3, casme_squared,
    samm, samm_long, fourdme, mmew, smic, smic_e, dfme, disfa or bp4d as they are
    handed out; folder for clips of your own (videos or images with metadata.csv:
    file_name, subject, action_units such as 4+7, and what you know of the times).

    Each clip is cut from onset to offset, its face is found and held still, and
    the 224-pixel crops are kept as PNG, without loss. OUT then holds
    \b
      prepared.json   what it is: release, alignment, code, counts
      report.json     what was repaired, left out or is doubtful, and why
      data/*.parquet  a file per person, written whole or not at all

    Stopped half-way? The same command goes on where it was. Run again later, it
    makes anew only the people whose clips or labels have changed.

    \b
    Examples:
      aullm prepare casme2 --data-dir CASME2 --out prepared/casme2
      aullm prepare casme2 --data-dir CASME2 --release 2014-05-08 --out prepared/casme2-2014
      aullm prepare casme2 --data-dir CASME2 --alternatives present --out prepared/lenient
      aullm prepare casme3 --data-dir CASME3 --expressions macro --out prepared/casme3-macro
      aullm prepare folder --data-dir my-clips --out prepared/mine
      aullm prepare folder --data-dir registered --no-align --out prepared/registered
      aullm inspect prepared/mine
    """
    from dataset_scripts.report import Report
    from training_aullm.console import wide_console
    from training_aullm.prepare.inspecting import finding_tables
    from training_aullm.prepare.preparing import Preparation, prepare

    paths = [path and str(path) for path in (data_dir, sheet)]
    chosen = (frames.value, align, whole, strict, alternatives.value, unclear.value, expressions and expressions.value)
    settings = Preparation(name, paths[0], release, paths[1], *chosen)
    record = prepare(settings, out, processes)
    console = wide_console()
    for part in finding_tables(Report.load(out)):
        console.print(part)
    stored = f"{record.clips} clips of {record.subjects} people, {record.frames} frames: {out}"
    console.print(f"{stored}\na look at it: aullm inspect {out}", soft_wrap=True)
