"""Everything that can be wrong with an upload, told so that the person knows what to do next."""

import math

import gradio as gr

ENDS = ("unexpected", "not-a-video", "too-large", "too-small", "no-rate")


class Problem(gr.Error):
    """A state of the page, not a failure: it is shown in place and never printed.

    It is a `gr.Error` because that is the only exception that comes back whole from a ZeroGPU worker.

    Args:
        state: a short name, for tests and for the API.
        title: what is wrong, in a few words.
        advice: what to do about it.

    Attributes:
        ends: nothing can be done with this file, so it is deleted.
    """

    def __init__(self, state: str, title: str, advice: str) -> None:
        super().__init__(f"{title} {advice}", title=title, print_exception=False)
        self.state, self.headline, self.advice = state, title, advice
        self.ends = state in ENDS

    def __reduce__(self) -> tuple:
        return Problem, (self.state, self.headline, self.advice)


def nothing_chosen() -> Problem:
    """The button was pressed without a video."""
    return Problem("nothing", "There is no video yet.", "Upload one, record one, or choose an example below.")


def not_a_video() -> Problem:
    """No decoder takes it."""
    return Problem(
        "not-a-video",
        "This file cannot be read as a video.",
        "MP4, MOV, WebM and AVI usually work. If it is one of these, it may be damaged or cut off: try to play it, "
        "and save it again as MP4.",
    )


def a_picture() -> Problem:
    """An image file, of one picture or of several."""
    return Problem(
        "not-a-video",
        "This is a picture, and a movement needs a video.",
        "Choose a video of the face. MP4, MOV, WebM and AVI usually work.",
    )


def too_heavy(megabytes: float, most: float) -> Problem:
    """More bytes than are taken."""
    return Problem(
        "too-large",
        f"The file is too large: {math.ceil(megabytes)} MB, and {most:g} MB is the most this page takes.",
        "Cut out the seconds that matter, or save it with a smaller picture.",
    )


def too_wide(width: int, height: int, most: int) -> Problem:
    """More pixels than are taken."""
    return Problem(
        "too-large",
        f"The picture is too large: {width} × {height} pixels, and {most} is the longest side this page takes.",
        "Save the video with a smaller picture. 640 × 480 is plenty when the face fills a third of it.",
    )


def too_narrow(width: int, height: int, least: int) -> Problem:
    """So few pixels that no face can be seen to move."""
    return Problem(
        "too-small",
        f"The picture is too small: {width} × {height} pixels, and {least} is the least.",
        "Small movements of a face cannot be seen in it. Choose a video with a larger picture.",
    )


def too_long(seconds: float, most: float) -> Problem:
    """The part to be read lasts longer than is taken."""
    return Problem(
        "too-long",
        f"That is too long: {clock(seconds)}, and {clock(most)} is the most this page reads at once.",
        "Choose a part of it: fill in “From second” and “To second” below the video, then press the button again.",
    )


def bad_part(length: float | None = None) -> Problem:
    """The part to be read does not exist; `length` of the video in seconds, where it is known."""
    return Problem(
        "bad-part",
        "There is nothing to read in this part of the video.",
        "“From second” must be before “To second”, and both inside the video."
        + ("" if length is None else f" It lasts {length:.1f} s."),
    )


def no_face() -> Problem:
    """Nobody is in the picture."""
    return Problem(
        "no-face",
        "No face was found.",
        "It should look towards the camera, be well lit, and fill at least a fifth of the picture's height. "
        "If it only comes later in the video, say from which second to read.",
    )


def no_motion_to_read() -> Problem:
    """A face in one frame: motion needs two."""
    return Problem(
        "too-short",
        "There is too little to read.",
        "A face is seen in a single picture only, and a movement is what changes from one picture to the next. "
        "Choose a longer part, or a video in which the face stays in sight.",
    )


def no_rate() -> Problem:
    """The file does not say how fast it runs."""
    return Problem(
        "no-rate",
        "This video does not say how many pictures it shows in a second.",
        "Save it again as MP4, or convert it with another program.",
    )


def no_such_frame() -> Problem:
    """A frame was asked for that the file does not have."""
    return Problem(
        "no-such-frame",
        "The video has no picture at this place.",
        "It may be damaged or cut off towards its end. Choose another movement, or save the video again as MP4.",
    )


def no_such_face() -> Problem:
    """Fewer faces are in the first frame of a movement than in the reading."""
    return Problem(
        "no-such-face",
        "This face could not be found again in the first picture of the movement.",
        "Choose another movement of this face.",
    )


def link() -> Problem:
    """An address was given in the place of a file: fetching it would pass by every limit."""
    return Problem("link", "Addresses are not fetched.", "Upload the file itself.")


def too_slow(seconds: float) -> Problem:
    """The time limit has struck."""
    return Problem(
        "too-slow",
        f"That took longer than {clock(seconds)} and was given up.",
        "Choose a shorter part, or a smaller picture.",
    )


def gone() -> Problem:
    """The upload was deleted in the meantime."""
    return Problem(
        "gone",
        "Your video has been deleted.",
        "Uploads are kept for a few minutes only, and not at all where nothing can be done with them. Upload it again.",
    )


def forgotten() -> Problem:
    """The results of this session stand in memory no longer."""
    return Problem(
        "forgotten",
        "The results are here no longer.",
        "They are kept for some minutes, or for less when many people are here. Press “Find movements” again.",
    )


def camera_busy() -> Problem:
    """As many faces are read live as this machine can."""
    return Problem(
        "camera-busy",
        "Others are being filmed right now, and this page cannot read more faces at once.",
        "Record a video in the other tab and read it, or try again in a minute.",
    )


def nothing_filmed() -> Problem:
    """The live camera was stopped before it had seen anything, or long ago."""
    return Problem("nothing-filmed", "Nothing was filmed.", "Start the camera again, or record a video.")


def unexpected() -> Problem:
    """A fault of ours."""
    return Problem(
        "unexpected",
        "Something went wrong here.",
        "It is a fault of this page and not of your video. Your video is deleted. Please try again, or try an example.",
    )


_BY_CODE = {
    "not_found": gone,
    "unreadable": not_a_video,
    "empty": not_a_video,
    "not_a_clip": a_picture,  # of the kinds that have this code, files can be no other
    "no_rate": no_rate,
    "bad_span": bad_part,
    "no_such_frame": no_such_frame,
    "no_face": no_face,
    "no_such_face": no_such_face,
    "too_short": no_motion_to_read,
}
"""Codes of the pipeline's `ClipError`. Its class comes with the model's code and cannot be imported, so codes count."""


def problem_for(error: Exception) -> Problem | None:
    """What an error of the pipeline means to a person, None where it is not about the video."""
    code = getattr(error, "code", None)
    return _BY_CODE[code]() if isinstance(code, str) and code in _BY_CODE else None


def clock(seconds: float) -> str:
    """Seconds as people say them: "45 s", "2 min 5 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
