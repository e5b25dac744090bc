"""What the page is started with: which model, pinned to a revision, and how much it takes on.

settings = Settings.from_environment()  # AULLM_MODEL and AULLM_REVISION, else model.json, else what comes along
settings = Settings.from_environment(model="runs/demo/model")
"""

import importlib.util
import json
import os
import re
from dataclasses import dataclass, fields
from pathlib import Path

HERE = Path(__file__).parent
PINNED = HERE / "model.json"
RELEASE = "release"
PROJECT = importlib.util.find_spec("training_aullm") is not None
"""Whether the project is installed here; in a published Space it is not."""

COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Settings:
    """Model and limits.

    Args:
        model: a folder that holds `config.json`, a Hub id, or "release": the checkpoint that comes with the project.
        revision: the commit of a Hub id, 40 hexadecimal digits; None for a folder. Our choice: the model brings code
            that runs here, so a name that can move ("main") is not enough.
        max_megabytes: of the uploaded file.
        max_seconds: of the part that is read or explained.
        longest_side, shortest_side: of the picture, in pixels.
        max_minutes: that one reading may take before it is given up.
        max_explain_seconds: that one explanation may take, and so may the opening of a file: others wait meanwhile.
        max_faces: that are followed at once.
        keep_minutes: after which an upload is deleted, also while the page is open.
        waiting: people in the queue before new ones are turned away.

    Raises:
        ValueError: no model, a Hub id without a pinned commit, or a limit that is not above zero.
    """

    model: str
    revision: str | None = None
    max_megabytes: int = 50
    max_seconds: float = 60.0
    longest_side: int = 1920
    shortest_side: int = 96
    max_minutes: float = 5.0
    max_explain_seconds: float = 30.0
    max_faces: int = 4
    keep_minutes: int = 15
    waiting: int = 12

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError(
                "no model: pass --model FOLDER, set AULLM_MODEL (and AULLM_REVISION for a Hub id), "
                f"or write {PINNED.name} with both"
            )
        if not self.is_folder and not self.comes_along and not COMMIT.fullmatch(self.revision or ""):
            raise ValueError(
                f"{self.model!r} is no folder with a config.json, so it is taken for a Hub id, and its code would run "
                f"here: pin it to a commit of 40 hexadecimal digits with AULLM_REVISION; got {self.revision!r}"
            )
        for name in (field.name for field in fields(self) if field.name.startswith(("max", "longest", "keep"))):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above zero, got {getattr(self, name)}")

    @property
    def comes_along(self) -> bool:
        """Whether it is the project's own checkpoint, read by the project's own code."""
        return self.model == RELEASE and PROJECT

    @property
    def is_folder(self) -> bool:
        """Whether the model lies on this machine."""
        return (Path(self.model) / "config.json").is_file()

    @classmethod
    def from_environment(cls, model: str | None = None, revision: str | None = None, **limits) -> "Settings":
        """What was passed, else the environment, else `model.json` beside this file, which publishing writes, else the
        checkpoint that comes with the project, where that is installed.

        Args:
            model, revision: override both other places.
            **limits: other fields.
        """
        pinned = json.loads(PINNED.read_text("utf-8")) if PINNED.is_file() else {}
        if model is None and (model := os.environ.get("AULLM_MODEL")):
            revision = revision or os.environ.get("AULLM_REVISION")
        if model is None:
            model, revision = pinned.get("model", RELEASE if PROJECT else ""), revision or pinned.get("revision")
        return cls(model, revision, **limits)
