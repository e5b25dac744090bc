"""The command `aullm` called in this process as its entry point does, so that hundreds of calls take minutes."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from training_aullm.cli import run

LIMIT_S = 120
MAX_LINES = 25  # of what is said: mistakes in a sheet are told at once, each in its line


@dataclass(frozen=True)
class Called:
    """How a call ended.

    Attributes:
        status: the exit status.
        said: what the user is told, without bars of progress before it; empty where nothing marks it.
        raised: an error that only a programmer understands.
    """

    status: int
    said: str
    raised: str = ""

    @property
    def is_short(self) -> bool:
        """Whether it is told in few lines."""
        return bool(self.said) and self.said.count("\n") <= MAX_LINES


def call(words: list, capfd) -> Called:
    """Call `aullm` with these words.

    Raises:
        TimeoutError: it did not end in time.
    """
    status, raised = 0, ""
    with mock.patch.object(sys, "argv", ["aullm", *map(str, words)]), limited():
        try:
            run()
        except SystemExit as end:
            status = end.code or 0
        except TimeoutError:
            raise
        except Exception as error:
            status, raised = 1, f"{type(error).__name__}: {error}"
    shown = capfd.readouterr().err
    begin = next((mark for mark in ("aullm: ", "Usage: ") if mark in shown), "")
    return Called(status, shown[shown.find(begin) :] if begin else "", raised)


@contextmanager
def limited(seconds: int = LIMIT_S) -> Iterator[None]:
    """End what takes longer with a TimeoutError."""

    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
