"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Domain(StrEnum):
    """The domains of the clip source."""

    CASME2_LIKE = "casme2-like"
    SAMM_LIKE = "samm-like"


class Preset(StrEnum):
    """The named settings of the model."""

    BASE = "base"
    PAPER = "paper"


class Protocol(StrEnum):
    """How a run is scored."""

    FOLDS = "folds"
    LOSO = "loso"
    CROSS = "cross"


DomainOption = Annotated[Domain | None, typer.Option(help="Render (or take from the cache) clips of this domain.")]
DataOption = Annotated[
    Path | None, typer.Option(help="A parquet file of clips, or a folder with clips.parquet, as `aullm synth` writes.")
]
SubjectsOption = Annotated[
    int | None, typer.Option(min=2, help="People to render, with --domain; left out: as many as the real data set has.")
]
ClipsOption = Annotated[
    int | None,
    typer.Option(min=2, help="Clips to render, with --domain; left out: as the real data set has per person."),
]
SeedOption = Annotated[int, typer.Option(help="Same seed, same result.")]
EpochsOption = Annotated[float | None, typer.Option(help="Passes over the training clips; left out: the preset's.")]
LanguageModelOption = Annotated[str, typer.Option(help="Hub id, folder, or bundled.")]
LayersOption = Annotated[
    int | None, typer.Option(min=1, help="Layers of the language model to use; left out: the preset's.")
]


def action_unit_names(text: str | None) -> list[str] | None:
    """ "AU1,AU4" or "1,4" -> ["AU1", "AU4"]; None stays None."""
    if text is None:
        return None
    names = [part.strip().upper() for part in text.split(",") if part.strip()]
    return [name if name.startswith("AU") else f"AU{name}" for name in names]
