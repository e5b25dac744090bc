"""What goes where: folders that become repositories on the Hub, and the files that each may hold.

Tested in tests/commands/test_publish_run.py.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

Role = Literal["model", "metric", "clips", "space"]
REPO_TYPES: dict[Role, str] = {"model": "model", "metric": "space", "clips": "dataset", "space": "space"}
METRIC = "au_f1"
"""`evaluate` looks for NAME.py in the Space owner/NAME, so the metric's repository has this name."""

NOTICES = r"README\.md|LICENSE|NOTICE"
ALLOWED: dict[Role, str] = {
    "model": rf"{NOTICES}|\w+_aullm\.py|chat_template\.jinja|merges\.txt|tokenizer\.model"
    r"|(face|blendshape)_networks\.(json|safetensors)|(config|generation_config|processor_config|preprocessor_config"
    r"|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json|model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json",
    "metric": rf"{NOTICES}|index\.html|requirements\.txt|au_f1\.py|metrics\.py",
    "clips": rf"{NOTICES}|data/[\w-]+\.parquet",
    "space": rf"{NOTICES}|requirements\.txt|packages\.txt|model\.json|\w+\.(py|css|js|html)"
    r"|examples/[\w-]+\.(mp4|png|jpg|json)",
}
"""Patterns of the files of each repository, as paths in it; everything else stays here."""


@dataclass(frozen=True)
class RepoFolder:
    """A folder whose files become a repository's files.

    Attributes:
        role: what it is to us.
        repo_id: "owner/name".
        folder: whose files go; nothing else goes.
    """

    role: Role
    repo_id: str
    folder: Path

    @property
    def repo_type(self) -> str:
        """What it is to the Hub: "model", "dataset" or "space"."""
        return REPO_TYPES[self.role]

    @property
    def address(self) -> str:
        """The repository's place below the Hub's address."""
        return self.repo_id if self.repo_type == "model" else f"{self.repo_type}s/{self.repo_id}"

    def names(self) -> tuple[str, ...]:
        """Every file, links too, as its path in the repository, sorted."""
        paths = (path for path in self.folder.rglob("*") if path.is_symlink() or not path.is_dir())
        return tuple(sorted(path.relative_to(self.folder).as_posix() for path in paths))

    def may_hold(self, name: str) -> bool:
        """Whether a file is one of those that we send; one that stands on the Hub goes when we send it no longer."""
        return re.fullmatch(ALLOWED[self.role], name) is not None


def repositories(repo: str) -> dict[Role, str]:
    """The four repositories of a publication.

    Args:
        repo: "owner/name" of the model.

    Returns:
        Role -> "owner/name". The Space has the model's name, the clips that name with "-clips".

    Raises:
        ValueError: a name that the Hub does not take.
    """
    if repo.count("/") != 1:
        raise ValueError(f"--repo {repo}: write owner/name, as in me/aullm-demo")
    found: dict[Role, str] = {"model": repo, "metric": f"{repo.split('/')[0]}/{METRIC}"}
    found |= {"clips": f"{repo}-clips", "space": repo}
    try:
        for name in found.values():
            validate_repo_id(name)
    except HFValidationError as error:
        raise ValueError(f"--repo {repo}: {error}") from error
    return found
