"""How often something that is made anew each time is made: not too often, and never for more than a part of the time.

pace = Pace(every_s=30.0)
for piece in pieces:
    if pace.due():
        with pace.spent():
            write_everything()
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """Keeps the time.

    Args:
        every_s: seconds from one making to the next at least.
        share: of the time that may be spent on making it.
    """

    def __init__(self, every_s: float = 30.0, share: float = 0.05) -> None:
        self.every_s, self.share = every_s, share
        self._next = time.monotonic() + every_s

    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self._next

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Around the making; one that takes long is due the later."""
        start = time.monotonic()
        yield
        end = time.monotonic()
        self._next = end + max(self.every_s, (end - start) / self.share)
