"""What a command shows while it works: a console wide enough for its tables, and a quiet bar for training."""

import sys

from rich.console import Console
from tqdm.auto import tqdm
from transformers import TrainerCallback

SHOWN = {"loss": "loss", "loss_main": "main", "loss_invariance": "invariance", "loss_intervention": "intervention"}


class TrainingBar(TrainerCallback):
    """Shows steps done, and the last logged loss with its parts.

    Args:
        name: in front of the bar.
    """

    def __init__(self, name: str = "training"):
        self.name = name
        self.bar: tqdm | None = None

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        self.bar = tqdm(
            total=state.max_steps, initial=state.global_step, desc=self.name, unit="step", mininterval=_pause()
        )

    def on_step_end(self, args, state, control, **kwargs) -> None:
        self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args, state, control, logs: dict | None = None, **kwargs) -> None:
        known = {text: f"{logs[name]:.3f}" for name, text in SHOWN.items() if name in (logs or {})}
        if known and self.bar is not None:
            self.bar.set_postfix(known, refresh=False)

    def on_train_end(self, args, state, control, **kwargs) -> None:
        self.bar.close()


def wide_console() -> Console:
    """A console as wide as the terminal; where output goes to a file, wide enough that no cell of a table is cut.

    What is printed stands there as it is: names of files may hold brackets and colons.
    """
    return Console(width=None if sys.stdout.isatty() else 110, markup=False, emoji=False)


def counted(number: int, word: str) -> str:
    """ "1 movement", "2 movements"."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def _pause() -> float:
    """Seconds between two pictures of a bar: seldom where the output goes to a file, which keeps every one of them."""
    return 0.1 if sys.stderr.isatty() else 20.0
