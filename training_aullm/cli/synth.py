"""`aullm synth`: render a data set of clips, or long takes, with exact labels.

Tested in tests/commands/test_synth.py.
"""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import Domain


class Expression(StrEnum):
    """The size of what a face does."""

    MICRO = "micro"
    MACRO = "macro"


class Framing(StrEnum):
    """What a take shows."""

    HEAD = "head"
    CROP = "crop"


def _share(text: str):
    """An option that takes a share."""
    return typer.Option(min=0, max=1, help=text)


def synth(
    domain: Annotated[Domain, typer.Argument(help="Which kind of camera, people and faces' movement to render.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    subjects: Annotated[
        int | None, typer.Option(min=1, help="People; left out: as the real data set, 4 for takes.")
    ] = None,
    clips: Annotated[
        int | None, typer.Option(min=1, help="Number of clips; left out: as the real data set has per person.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help="Frames per clip, spread from onset to offset; left out: 6.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=32, help="Side of a frame in pixels; left out: 224, 320 for takes.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32, help="Same seed, same clips.")] = 0,
    processes: Annotated[int | None, typer.Option(min=1, help="Processes that render; left out: two.")] = None,
    expression: Annotated[
        Expression | None, typer.Option(help="micro (default), or macro: the same people at full size, 2 to 6 px.")
    ] = None,
    neutral: Annotated[float | None, _share("Share of clips without any expression; added to --clips.")] = None,
    everybody: Annotated[bool | None, typer.Option(help="People of all ancestries, not the domain's own.")] = None,
    colour: Annotated[bool | None, typer.Option(help="Colour or grey; left out: as the domain; takes: colour.")] = None,
    glasses: Annotated[float | None, _share("Share of people with glasses.")] = None,
    beard: Annotated[float | None, _share("Share of men with a beard.")] = None,
    gaze: Annotated[float | None, _share("Share of clips in which the eyes jump elsewhere.")] = None,
    h264: Annotated[
        int | None, typer.Option(min=0, max=51, help="Frames of an H.264 film of this rate factor: 18 good, 40 bad.")
    ] = None,
    lead_in: Annotated[int | None, typer.Option(min=0, max=1000, help="Resting frames before the onset.")] = None,
    lead_out: Annotated[int | None, typer.Option(min=0, max=1000, help="Frames after the offset.")] = None,
    takes: Annotated[
        int | None, typer.Option(min=1, help="Film long takes instead of clips: so many of each person.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=2, max=600, help="Length of a take; left out: 20.")] = None,
    fps: Annotated[int | None, typer.Option(min=1, help="Frames a second of a take; left out: 30.")] = None,
    framing: Annotated[
        Framing | None,
        typer.Option(help="head (default): as a camera sees it. crop: the registered face of the clips."),
    ] = None,
    events: Annotated[
        str | None, typer.Option(help="How often in a take, such as micro=4,turn=0; kinds left out are drawn.")
    ] = None,
) -> None:
    """Render clips of micro-expressions with exact action units, onset, apex and offset.

    OUT/clips.parquet loads with datasets.load_dataset("parquet", ...) and with
    `aullm train --data OUT`; OUT/preview.png shows some of it. Everything rendered
    is synthetic: scores on it say nothing about real faces.

    With --takes, films of 2 to 600 seconds for spotting: OUT/s000-t00.mp4 and its
    truth beside it as .json, the first and last frame and the apex of every event:
    micro, macro (with their action units), speech, blink, closure, wink, gaze,
    turn, mouth (lips and jaw that move for no reason).
    OUT/takes.parquet holds all of it in one table. OUT/synth.json says what the
    set was rendered with: one of other options is not replaced.

    \b
    Examples:
      aullm synth casme2-like --out runs/casme2-like
      aullm synth samm-like --out runs/samm-like --subjects 29
      aullm synth casme2-like --out runs/many --subjects 150 --clips 1500 --seed 7
      aullm synth casme2-like --out runs/hard --neutral 0.2 --glasses 0.3 --h264 30
      aullm synth casme2-like --out runs/macro --expression macro
      aullm synth casme3-like --out runs/takes --takes 2 --seconds 30 --events micro=4
    """
    look = _given(everybody=everybody, colour=colour, glasses=glasses, beard=beard)
    shared = {"seed": seed, "num_proc": processes} | _given(subjects=subjects, size=size) | look
    of_clips = _given(clips=clips, frames=frames, expression=expression and expression.value, neutral=neutral)
    of_clips |= _given(gaze=gaze, h264=h264, lead_in=lead_in, lead_out=lead_out)
    of_takes = _given(seconds=seconds, fps=fps, framing=framing and framing.value, events=events)
    if takes is None:
        _refuse(of_takes, "with --takes only: say how many takes of each person, or leave it out")
        _write_clips(domain.value, out, shared | of_clips)
        return
    _refuse(of_clips, "not with --takes: what happens in a take is set by --seconds and --events")
    if events is not None:
        of_takes["events"] = event_counts(events)
    _write_takes(domain.value, out, shared | of_takes | {"takes": takes})


def event_counts(text: str) -> dict[str, int]:
    """ "micro=4,turn=0" -> {"micro": 4, "turn": 0}.

    Raises:
        ValueError: a part is not a kind, "=" and a number.
    """
    counts = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        kind, _, count = (word.strip() for word in part.partition("="))
        if not count.isdecimal():
            raise ValueError(f"--events {text}: {part!r} is not a kind and a number; write it as micro=4,blink=0")
        counts[kind] = int(count)
    return counts


def _given(**options) -> dict:
    return {name: value for name, value in options.items() if value is not None}


def _refuse(options: dict, why: str) -> None:
    if options:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in options)
        raise ValueError(f"{names} goes {why}")


def _made_with(out: Path, table: str, domain: str, options: dict):
    """OUT/synth.json around the work: what the set was rendered with, so that another never replaces it.

    Raises:
        FileExistsError: there is a set that does not say so.
        ValueError: it was rendered with other options.
    """
    from dataset_scripts.synthetic.config import SOURCE_VERSION
    from training_aullm.files import recorded

    record, advice = out / "synth.json", "choose another --out, or delete the folder"
    if (out / table).exists() and not record.exists():
        raise FileExistsError(f"{out / table} is there, and no {record.name} says what it was rendered with: {advice}")
    settings = {name: value for name, value in options.items() if name != "num_proc"}
    return recorded(record, {"domain": domain, "source": SOURCE_VERSION} | settings, advice)


def _write_clips(domain: str, out: Path, options: dict) -> None:
    from dataset_scripts.synthetic import load_synthetic
    from dataset_scripts.whole_files import whole_file
    from training_aullm.prepare.previews import save_preview

    with _made_with(out, "clips.parquet", domain, options):
        table = load_synthetic(domain, **options)
        with whole_file(out / "clips.parquet") as unfinished:
            table.to_parquet(unfinished)
    save_preview(table, out / "preview.png")
    typer.echo(f"{len(table)} clips of {len(set(table['subject']))} people: {out / 'clips.parquet'}")
    typer.echo(f"a look at some of them: {out / 'preview.png'}")


def _write_takes(domain: str, out: Path, options: dict) -> None:
    """Films stay in the cache, too, so that a command that was stopped goes on where it was."""
    from dataset_scripts.synthetic import load_takes
    from dataset_scripts.whole_files import whole_file

    with _made_with(out, "takes.parquet", domain, options):
        table = load_takes(domain, **options)
        for film in map(Path, table["video"]):
            for path in (film, film.with_suffix(".json")):
                with whole_file(out / path.name) as unfinished:
                    shutil.copyfile(path, unfinished)
        table = table.map(lambda row: {"video": Path(row["video"]).name}, features=table.features)
        with whole_file(out / "takes.parquet") as unfinished:
            table.to_parquet(unfinished)
    kinds = [event["kind"] for events in table["events"] for event in events]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(sorted(kinds)))
    typer.echo(f"{len(table)} takes of {len(set(table['subject']))} people, in them {counted or 'no event'}")
    typer.echo(f"films with their truth beside them: {out}, all of it as a table: {out / 'takes.parquet'}")
