"""Outputs that stay as they are until a version says that they have changed: caches are named after these versions.

A golden file holds the version and the values; a module that records one is run as `python -m tests....`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Golden:
    """What the code of a version gives.

    Attributes:
        file: JSON. name: of the version's constant. version: its value. command: records the file anew.
        within: how far another processor's rounding may move a value.
    """

    file: Path
    name: str
    version: str
    command: str
    within: float

    def check(self, values: Mapping[str, object]) -> None:
        """Compare with what was recorded."""
        golden = json.loads(self.file.read_text("utf-8"))
        assert golden["version"] == self.version, (
            f"{self.name} is {self.version!r}, {self.file.name} was recorded with {golden['version']!r}: look at what "
            f"comes out now, then record it with `{self.command}`"
        )
        assert list(values) == list(golden["values"])
        for key, value in values.items():
            stored, found = np.array(golden["values"][key], float), np.array(value, float)
            assert stored.shape == found.shape and np.abs(found - stored).max() <= self.within, (
                f"{key} came out otherwise than in version {self.version!r}. If not meant, mend it. If meant: "
                f"raise {self.name}, so that caches are made anew, and record the new values with `{self.command}`"
            )

    def record(self, values: Mapping[str, object]) -> None:
        """Write the file."""
        content = {key: np.array(value, float).round(4).tolist() for key, value in values.items()}
        self.file.write_text(json.dumps({"version": self.version, "values": content}) + "\n", "utf-8")
