"""Freed arrays are kept: the next one costs no new pages."""

import ctypes
import subprocess
import sys

import pytest

PAGES = """
import resource, numpy as np
from dataset_scripts.freed_memory import keep_freed_memory
if {keep}:
    keep_freed_memory()
np.ones(2**22)  # 32 MB, more than glibc keeps by itself
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(2**22)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc hands memory back"
)
def test_arrays_are_written_into_the_pages_of_freed_ones():
    new_pages = [
        int(subprocess.run([sys.executable, "-c", PAGES.format(keep=keep)], capture_output=True, check=True).stdout)
        for keep in (False, True)
    ]
    assert new_pages[1] < new_pages[0] / 4  # how many there are depends on how large the system's pages are
