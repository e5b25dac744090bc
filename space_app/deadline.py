"""A time limit for code that does not ask what time it is: a decoder that must read hours to reach a frame.

Tested in tests/space_app/test_deadline.py.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer, get_ident

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class OutOfTime(BaseException):
    """The limit has struck; no `Exception`, so that nobody on the way takes it for a damaged file."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End the block with `OutOfTime` if it takes longer: between two steps of Python, so one call in C is finished.

    Our choice: the pipeline runs in the page's own threads, where a signal cannot be raised, and a process that could
    be killed would need a model of its own.
    """
    thread, lock, over = ctypes.c_ulong(get_ident()), Lock(), []

    def strike() -> None:
        with lock:
            if not over:
                _raise_in(thread, ctypes.py_object(OutOfTime))

    timer = Timer(seconds, strike)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over.append(True)
            _raise_in(thread, None)  # struck, and not raised yet: the work is done
