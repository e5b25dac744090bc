"""Start-up: importing torch and transformers makes a million objects, of which none is garbage.

with uncollected():
    from training_aullm.loading import load_pipeline

Tested in tests/training_aullm/cli/test_startup.py.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage while the block lasts, nor ever again among what it has made: a tenth of a start-up."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
