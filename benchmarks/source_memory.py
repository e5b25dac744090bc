"""Memory of a process and of those it started, watched while something runs."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path


class MemoryWatch:
    """A thread that looks once a second; a context manager.

    Counted is what a process cannot give back: anonymous pages, not files mapped into memory. Linux only; elsewhere
    nothing is seen and the lists are empty.
    """

    def __init__(self, every: float = 1.0):
        self._every, self._seen, self._stop = every, [], threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    def by_tenth(self) -> list[int]:
        """Megabytes of all processes together: the most seen in each tenth of the time."""
        count = len(self._seen)
        parts = [self._seen[count * part // 10 : count * (part + 1) // 10] for part in range(10)]
        return [round(max(part)) for part in parts if part]

    def most(self) -> int:
        """Megabytes: the most seen."""
        return round(max(self._seen, default=0))

    def _watch(self) -> None:
        while not self._stop.is_set():
            family = [os.getpid(), *_children(os.getpid())]
            self._seen.append(sum(_anonymous(process) for process in family))
            time.sleep(self._every)


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(folder.name))
    return found


def _anonymous(process: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0
