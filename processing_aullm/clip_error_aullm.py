"""What can be wrong with a clip: one error class, and a short code that programs read instead of the English text.

try:
    inputs = processor(videos="face.mp4")
except ClipError as error:
    if error.code == ClipFault.NO_FACE: ...
"""

from enum import StrEnum


class ClipFault(StrEnum):
    """Kinds of `ClipError`. The values are public: the Space, which cannot import this class, compares with them."""

    NOT_FOUND = "not_found"  # no file or folder of that name
    UNREADABLE = "unreadable"  # no video or image, or a damaged one
    EMPTY = "empty"  # not a single frame
    NOT_A_CLIP = "not_a_clip"  # an object, an array or pixels of a kind that is not read
    NO_RATE = "no_rate"  # the frames per second are not known
    BAD_SPAN = "bad_span"  # start and end, or onset and offset, name no part of the clip
    NO_SUCH_FRAME = "no_such_frame"
    NO_FACE = "no_face"
    NO_SUCH_FACE = "no_such_face"  # fewer faces than the one asked for
    TOO_SHORT = "too_short"  # too few frames, or too few before the face is lost


class ClipError(ValueError):
    """A clip that cannot be read.

    Args:
        message: What is wrong, naming the file, the frame and the value.
        code: The kind of fault.
        advice: What the caller may do, where that depends on who calls; stands after the message in `str(error)`.
    """

    def __init__(self, message: str, code: ClipFault, advice: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.message, self.code, self.advice = message, code, advice

    def __reduce__(self) -> tuple:  # worker processes send errors back: without this, unpickling misses the code
        return type(self), (self.message, self.code, self.advice)
