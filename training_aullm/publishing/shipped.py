"""The checkpoint that comes with the package, to the Hub: it has no run, but brings its card along.

aullm publish release --repo me/aullm --dry-run

Tested in tests/training_aullm/publishing/test_shipped.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import ModelCard

from training_aullm.loading import RELEASE, RELEASED, RUNS, holds_model

THIS_FOLDER = "PATH/TO/THIS/FOLDER"  # as `model_card.md` calls a folder that is on no Hub


def is_shipped(run: Path) -> bool:
    """Whether what is named is the shipped checkpoint, and no folder of that name."""
    return str(run) == RELEASE and not holds_model(run)


@dataclass(frozen=True)
class Shipped:
    """What publishing asks of a run, told of the shipped checkpoint.

    Attributes:
        folder: below which the repositories' folders are put together.
        source: what is loaded.
        licensed: data sets under a signed licence that it saw: it was trained on rendered faces alone.
    """

    folder: Path = RUNS / RELEASE
    source: str = RELEASE
    licensed: tuple[str, ...] = ()

    def card(self, repositories: Mapping[str, str]) -> str:
        """Its card, under the name that it gets.

        Args:
            repositories: role -> "owner/name" of what is published.
        """
        repo = repositories["model"]
        card = ModelCard((RELEASED / "README.md").read_text("utf-8").replace(THIS_FOLDER, repo))
        old, new = card.data.model_name, repo.split("/")[-1]
        card.data.model_name = new
        return f"{card}".replace(f"\n# {old}\n", f"\n# {new}\n", 1).rstrip("\n") + "\n"
