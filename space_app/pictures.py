"""Pictures of one movement: its strongest moment with what the model looked at, and a flip book of magnified motion.

Pictures travel inside the page as data, so none is stored on the server.

Tested in tests/space_app/test_figures.py.
"""

import base64
import io
from collections.abc import Callable
from html import escape

import numpy as np
from PIL import Image
from words import label

WIDEST = 480  # px of a picture in the page
MARGIN = 0.12  # of the crop's side, around it
QUALITY = 85


def shown_step(explanation: dict) -> int:
    """Place of the frame that `pipe.draw` draws on: the largest movement, or the middle where none is measured.

    The pipeline does not tell it; a test holds this to the same frame as its own.
    """
    fields = explanation.get("displacement")
    if fields is None:
        return len(explanation["frames"]) // 2
    sizes = np.sort(np.hypot(fields[:, 0], fields[:, 1]).reshape(len(fields), -1), axis=1)
    return 1 + int(sizes[:, -max(1, sizes.shape[1] // 10) :].mean(axis=1).argmax())


def strongest_moment(explanation: dict, drawn: np.ndarray, fps: float, caption: str) -> str:
    """A figure with one frame, the one of `shown_step`.

    Args:
        explanation: of the pipeline.
        drawn: (H, W, 3) uint8, the frame or what `pipe.draw` made of it.
        fps: frames per second of the video, for the time that is told.
        caption: what is to be seen; it is the picture's text for those who cannot see it, too.
    """
    shown = data_uri(_region(drawn, explanation))
    seconds = explanation["frame_indices"][shown_step(explanation)] / fps
    alt = escape(f"The face at {seconds:.2f} s. {caption}")
    return f'<figure class="picture"><img src="{shown}" alt="{alt}"><figcaption>{escape(caption)}</figcaption></figure>'


def flip_book(explanation: dict, magnified: np.ndarray, factor: float, most: float, fps: float) -> str:
    """A figure that flips through the frames of a movement, as filmed and magnified side by side.

    Args:
        explanation: of the pipeline.
        magnified: (T, H, W, 3) uint8, what `pipe.magnify` gave.
        factor: how much was asked for.
        most: how much this movement can be magnified; the pipeline goes no further.
        fps: frames per second of the video, for the times under the pictures.
    """
    frames, numbers = explanation["frames"], explanation["frame_indices"]
    sides = (("As filmed", frames), (f"Moved {min(factor, most):.2g} times as far", magnified))
    capped = " Drawn any larger, skin would be pushed over other skin." if factor > most else ""
    columns = []
    for title, pictures in sides:
        shown = "".join(
            f'<img src="{data_uri(_region(picture, explanation))}" data-flip="{i}"{"" if i == 0 else " hidden"} '
            f'alt="{escape(title)}, frame {i + 1} of {len(pictures)}, at {numbers[i] / fps:.2f} s">'
            for i, picture in enumerate(pictures)
        )
        columns.append(f'<div class="side"><b>{escape(title)}</b><div class="stack">{shown}</div></div>')
    last = len(frames) - 1
    times = ",".join(f"{index / fps:.2f}" for index in numbers)
    return (
        f'<figure class="flip" data-last="{last}" data-times="{times}"><div class="sides">{"".join(columns)}</div>'
        '<div class="flip-controls"><button type="button" class="play" aria-pressed="false">Play</button>'
        f'<label>Frame <input type="range" class="frame" min="0" max="{last}" value="0" step="1" '
        f'aria-valuetext="frame 1 of {last + 1}"></label>'
        f"<output>1 of {last + 1}, {numbers[0] / fps:.2f} s</output></div>"
        "<figcaption>The right side is made from the left one: the measured movement is drawn larger, nothing is "
        f"added.{capped}</figcaption></figure>"
    )


def film(content: bytes) -> str:
    """A film that stands in the page itself.

    Args:
        content: an MP4.
    """
    source = "data:video/mp4;base64," + base64.b64encode(content).decode("ascii")
    told = "The points of the face as they were followed, and the outline of the part that is compared."
    return (
        f'<figure class="film"><video controls autoplay muted loop playsinline src="{source}" aria-label="{told}">'
        f"</video><figcaption>{told}</figcaption></figure>"
    )


def portrait(crop: np.ndarray, name: str) -> str:
    """A small picture of a face with its name, for choosing among several."""
    return f'<figure><img src="{data_uri(crop)}" alt=""><figcaption>{escape(name)}</figcaption></figure>'


def looked(explanation: dict, unit: str, meanings: dict, place_name: Callable[[float], str]) -> str:
    """Where the attention of a unit is strongest, in words.

    Args:
        explanation: of the pipeline.
        unit: as in "AU4".
        meanings: unit -> FACS name.
        place_name: the processor's: part of the face at a height of the crop, 0 at its top and 1 at its bottom.
    """
    weights = np.asarray(explanation["attentions"][unit]).mean(axis=0)
    row, column = np.unravel_index(int(weights.argmax()), weights.shape)
    across = (column + 0.5) / weights.shape[1]
    side = " on the left of the picture" if across < 0.38 else " on the right of the picture" if across > 0.62 else ""
    place = place_name((row + 0.5) / weights.shape[0])
    return f"Coloured: where the model looked for “{label(unit, meanings)}”, most at {place}{side}."


def moved(explanation: dict, place_name: Callable[[float], str]) -> str:
    """Where and how far the face has moved most in the frame with the arrows; `place_name` as in `looked`."""
    field = np.asarray(explanation["displacement"])[shown_step(explanation) - 1]
    size = np.hypot(*field)
    row, column = np.unravel_index(int(size.argmax()), size.shape)
    right, down = field[:, row, column]
    way = (
        ("down" if down > 0 else "up") if abs(down) >= abs(right) else ("to the right" if right > 0 else "to the left")
    )
    pixels = f"{size.max():.1f} pixels of a face {np.asarray(explanation['crops']).shape[-1]} pixels wide"
    place = place_name((row + 0.5) / len(size))
    return f"Arrows, drawn longer than the movement was: most at {place}, {pixels}, {way}."


def data_uri(picture: np.ndarray) -> str:
    """A picture (H, W) or (H, W, 3) uint8 as a JPEG that stands in the page itself."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    if image.width > WIDEST:
        image = image.resize((WIDEST, round(image.height * WIDEST / image.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def _region(picture: np.ndarray, explanation: dict) -> np.ndarray:
    """The part of a frame that shows the face: the crop's outline over all frames, with a margin."""
    size = np.asarray(explanation["crops"]).shape[-1]
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]], dtype=float)
    outline = (np.asarray(explanation["crop_transforms"], dtype=float) @ corners.T).transpose(0, 2, 1).reshape(-1, 2)
    low, high = outline.min(axis=0), outline.max(axis=0)
    margin = MARGIN * float((high - low).max())
    left, top = np.maximum(np.floor(low - margin), 0).astype(int)
    right, bottom = np.minimum(np.ceil(high + margin), [picture.shape[1], picture.shape[0]]).astype(int)
    return picture[top:bottom, left:right] if right - left > 8 and bottom - top > 8 else picture
