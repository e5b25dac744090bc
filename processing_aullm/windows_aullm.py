"""Windows that slide over a face: a few frames each, the first one taken as the onset.

grid = WindowGrid.of(fps=30, length=0.5, hop=0.1)
grid.inside(0, 60, start=0)  # [(0, 15), (3, 18), ... (45, 60)]
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class WindowGrid:
    """How long a window is and how far the next one starts, in frames.

    Args:
        span: frames from a window's first to its last; it holds `span + 1`.
        step: frames from the start of one window to that of the next.
    """

    span: int
    step: int

    def __post_init__(self) -> None:
        for name in ("span", "step"):
            if getattr(self, name) < 1:
                raise ValueError(f"windows: {name} is {getattr(self, name)} frames, it must be at least 1")

    @classmethod
    def of(cls, fps: float, length: float, hop: float) -> "WindowGrid":
        """The grid of windows of `length` seconds, one every `hop` seconds.

        Raises:
            ValueError: a length, hop or frame rate that is not above zero.
        """
        for name, value in (("fps", fps), ("length", length), ("hop", hop)):
            if not value > 0:
                raise ValueError(f"{name}={value} must be above zero")
        return cls(max(round(length * fps), 1), max(round(hop * fps), 1))

    def inside(self, first: int, last: int, start: int, ends: bool = False) -> list[tuple[int, int]]:
        """Windows that lie whole inside a stretch of frames.

        Args:
            first, last: of the stretch, both included.
            start: where the next window is due; nothing before it is given again.
            ends: whether the face is seen no longer than `last`: then one more window ends with it. A stretch shorter
                than a window gives one over all of it, if it has two frames.

        Returns:
            (first, last) frame of each window, both included, in order.
        """
        start = max(start, first)
        windows = [(at, at + self.span) for at in range(start, last - self.span + 1, self.step)]
        if ends and last > first and (not windows or windows[-1][1] < last):
            final = max(first, last - self.span)
            if windows or final > start - self.step:
                windows.append((final, last))
        return windows
