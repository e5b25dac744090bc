"""`aullm annotations`: readings that a coder has corrected in ELAN, as clips of one's own to train on.

Tested in tests/commands/test_annotations.py.
"""

from pathlib import Path
from typing import Annotated

import typer


def annotations(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.eaf...", help="ELAN files, one a video.")],
    metadata: Annotated[
        Path | None, typer.Option("--out", help="The metadata.csv to write; left out: beside the first file's video.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Who is in the videos; left out: the participant of each file's tiers.")
    ] = None,
    video: Annotated[
        Path | None, typer.Option(help="The video, where a single file is given and its link leads nowhere.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(min=1, help="Frames per second, where a video states none, or plays slower.")
    ] = None,
    face: Annotated[int, typer.Option(min=0, help="Whose tiers; only the largest face, 0, can be cut.")] = 0,
) -> None:
    """Take corrected ELAN files back: what the coder left is a metadata.csv.

    Each annotation on the tier movement becomes a line: onset and offset are
    its ends, the apex is what lies on the tier apex, the action units are what
    lies on tiers such as AU12, AU12 L and AU12 R (left and right of the person,
    as in FACS). A unit's text may be an intensity or doubt, such as B, ? or
    C?; anything else, such as our probability, is not read. New tiers are
    read by their name, AU2 as well as au2@face0; where there are several faces,
    the name must say whose it is. Tiers that are not read are told.

    \b
    Read, correct, fine-tune:
      aullm predict clips/anna.mp4 --out clips --formats eaf
      (correct clips/anna.eaf in ELAN)
      aullm annotations clips/anna.eaf --subject anna
      aullm train --dataset folder --data-dir clips --out runs/mine

    \b
    More examples:
      aullm annotations clips/anna/*.eaf --subject anna --out clips/metadata.csv
      aullm prepare folder --data-dir clips --out prepared/mine
    """
    from dataset_scripts.sets.folder_metadata import METADATA
    from training_aullm.videos.annotations import read_annotations, unread_tiers, write_metadata

    if video is not None and len(files) > 1:
        raise ValueError(f"--video {video}: belongs to one file, {len(files)} are given")
    lines = [line for file in files for line in read_annotations(file, subject, video, fps, face)]
    path = metadata or (lines[0].video.parent if lines else Path()) / METADATA
    write_metadata(lines, path)
    for file in files:
        if left := unread_tiers(file, face):
            typer.echo(f"{file}: not read: {', '.join(left)}", err=True)
        if any("@" in name for name in left):
            typer.echo(f"{file}: shows several faces: see with aullm inspect that the largest is meant", err=True)
    people = len({line.subject for line in lines})
    typer.echo(f"{len(lines)} movements of {people} {'person' if people == 1 else 'people'}: {path}")
    named = "" if path.name == METADATA else f"name the file {METADATA}, no other is read, then "
    out = f"prepared/{path.absolute().parent.name or 'mine'}"
    typer.echo(f"next: {named}aullm prepare folder --data-dir {path.parent} --out {out}")
