"""Which errors a user can mend, and so are told in one line, and which are bugs, whose traceback is wanted."""

import re
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = tuple(ROOT / name for name in ("modeling_aullm", "processing_aullm", "dataset_scripts", "training_aullm"))
FRAME = re.compile(r'^ *File "(.+)", line \d+, in .+\n +(?!File ")(\S.*)', re.MULTILINE)  # a frame with its source


def is_users_to_mend(error: BaseException) -> bool:
    """Whether the message is for the user.

    It is where a `raise` in one of our own files made it: there somebody looked at what the user gave. The same class
    from numpy, or from `int("x")` in a line of ours, is a mistake in our code. A file of the user's that cannot be
    opened is named by the system's own error.

    Args:
        error: as it reached the command line.

    Returns:
        True where one line is enough.

    Source: Our choice: no base class, since the code that ships to the Hub may not import one of ours.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return not _is_ours(str(error.filename))
    cause, frames = error.__cause__, "".join(traceback.format_tb(error.__traceback__))
    if type(cause).__name__ == "_RemoteTraceback":  # of a worker process: the text of the traceback over there
        cause, frames = None, str(cause)
    if cause is not None and is_users_to_mend(cause):  # a library passed our error on, as transformers does in a config
        return True
    file, line = next(reversed(FRAME.findall(frames)), ("", ""))
    return isinstance(error, (ValueError, OSError)) and _is_ours(file) and line.startswith("raise ")


def _is_ours(file: str) -> bool:
    return any(Path(file).is_relative_to(package) for package in PACKAGES)
