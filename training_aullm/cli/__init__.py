"""The command `aullm`."""

from training_aullm.cli.main import app, run

__all__ = ["app", "run"]
