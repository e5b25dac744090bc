"""`aullm synth`: render a data set of clips with exact labels."""

from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import Domain


def synth(
    domain: Annotated[Domain, typer.Argument(help="Which kind of camera, people and faces' movement to render.")],
    out: Annotated[Path, typer.Option(help="Folder to write: clips.parquet and preview.png.")],
    subjects: Annotated[int | None, typer.Option(min=1, help="People; left out: as the real data set.")] = None,
    clips: Annotated[
        int | None, typer.Option(min=1, help="Number of clips; left out: as the real data set has per person.")
    ] = None,
    frames: Annotated[int, typer.Option(min=2, help="Frames per clip, spread from onset to offset.")] = 6,
    size: Annotated[int, typer.Option(min=32, help="Side of a frame in pixels.")] = 224,
    seed: Annotated[int, typer.Option(help="Same seed, same clips.")] = 0,
    processes: Annotated[int | None, typer.Option(min=1, help="Processes that render; left out: one per core.")] = None,
) -> None:
    """Render clips of micro-expressions with exact action units, onset, apex and offset.

    The parquet file loads with datasets.load_dataset("parquet", ...) and with
    `aullm train --data`. Everything rendered is synthetic: scores on it say
    nothing about real faces.

    \b
    Examples:
      aullm synth casme2-like --out runs/casme2-like
      aullm synth samm-like --out runs/samm-like --subjects 29
      aullm synth casme2-like --out runs/many --subjects 150 --clips 1500 --seed 7
    """
    from dataset_scripts.synthetic import load_synthetic
    from training_aullm.previews import save_preview

    table = load_synthetic(
        domain.value, subjects=subjects, clips=clips, frames=frames, size=size, seed=seed, num_proc=processes
    )
    out.mkdir(parents=True, exist_ok=True)
    table.to_parquet(out / "clips.parquet")
    save_preview(table, out / "preview.png")
    typer.echo(f"{len(table)} clips of {len(set(table['subject']))} people: {out / 'clips.parquet'}")
    typer.echo(f"a look at some of them: {out / 'preview.png'}")
