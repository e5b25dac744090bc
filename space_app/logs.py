"""What may be written down: the kind of an error and where in the code it happened. No messages, no names of files.

Tested in tests/space_app/test_uploads.py.
"""

import logging
import sys
import traceback
import warnings
from pathlib import Path

LOG = logging.getLogger("aullm.space")


def note(error: BaseException) -> None:
    """Log one error without its message, which may name a file or a person."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    LOG.error("%s in %s", type(error).__name__, place)


def say_little() -> None:
    """For this whole process: no warnings, and no tracebacks.

    The pipeline's warnings name the file and what happened to the face in it. Gradio prints whole tracebacks with
    `traceback.print_exc`, and puts the path of the upload, which ends in its name, into the message.
    """
    logging.basicConfig(level=logging.WARNING)
    warnings.simplefilter("ignore")
    traceback.print_exc = _brief


def _brief(*_arguments, **_options) -> None:
    if error := sys.exc_info()[1]:
        note(error)
