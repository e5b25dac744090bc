"""Large arrays that were freed are kept for the next ones.

Tested in tests/dataset_scripts/test_freed_memory.py.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt


def keep_freed_memory() -> None:
    """Let this process keep up to 256 MB that it freed, arrays of up to 64 MB among them. No effect without glibc.

    glibc hands large arrays back to the system at once, and clears every page of the next one anew: a tenth of the
    processor time of a training step (docs/training.md, "What a step costs"), a fifth of rendering.

    Source: Our choice of how much; mallopt(3).
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_MMAP_THRESHOLD, 2**26)
        mallopt(_TRIM_THRESHOLD, 2**28)
