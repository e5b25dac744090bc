"""The video once more, with what was read drawn on its own pixels.

    write_film(Path("out/face"), journal, summary, "face.mp4", {}, print)  # out/face.annotated.mp4

It is drawn when all is read: a movement is known only after it has ended. Parts of 120 s are encoded on their own and
joined as they are, so that a run that is killed meanwhile goes on with the next part and ends with the same film.
"""

import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from itertools import chain, islice, pairwise, repeat
from pathlib import Path

import av
import cv2
import numpy as np

from dataset_scripts.synthetic.camera.codec import write_mp4
from dataset_scripts.whole_files import whole_file
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.geometry_aullm import to_rgb
from processing_aullm.reading_types_aullm import Piece
from processing_aullm.video_aullm import open_clip
from processing_aullm.video_file_aullm import VideoFile
from training_aullm.videos.journal import Journal, parts_folder
from training_aullm.videos.played import Played
from training_aullm.videos.summary import SIDES, Summary, by_second_opinion, events_of

# what looks ahead in x264 gives other bytes now and then for the same pictures
STEADY = {"bf": "0", "x264-params": "no-mbtree=1:weightp=0"}
CRF = 20
MAX_GAP_S = 600.0
PART_S = 120.0  # of the video, that are encoded at once
LATE_S = 30.0  # a movement is known at most that long after it starts
STRIP_S = 10.0  # seconds that the strip at the bottom shows
CALM, MICRO, MACRO, BLINK = (200, 208, 216), (224, 123, 38), (46, 160, 90), (92, 140, 220)
COLOURS = {"micro": MICRO, "macro": MACRO, "blink": BLINK, "closure": BLINK, "wink": BLINK}
DARK, LIGHT = (24, 30, 36), (245, 247, 249)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_film(
    base: Path,
    journal: Journal,
    summary: Summary,
    video: str | Path,
    options: dict,
    progress: Callable[[float], None],
) -> Path:
    """Write BASE.annotated.mp4: H.264 where PyAV has an encoder for it, without sound.

    Args:
        base: path without an ending.
        journal: of the whole reading.
        summary: of the same.
        video: the file that was read.
        options: of the reading; start, end and fps are used.
        progress: called with the share that is drawn.
    """
    clip = partial(NumberedFrames, open_clip(video), fps=options.get("fps"))
    whole, folder = clip(options.get("start"), options.get("end")), parts_folder(base)
    length = max(1, round(PART_S * whole.fps))
    rate = Fraction(Played.of(whole.clip, whole.fps).fps).limit_denominator(1001)
    reached = max((face.about["last"] for face in summary.faces.values()), default=-1)
    films, drawn, first = [], 0, whole.first
    while whole.last is None or first <= whole.last:
        stop = first + length if whole.last is None else min(first + length, whole.last + 1)
        film = folder / f"{first}.mp4"
        if not film.exists():
            begin = max(whole.first, whole.first + drawn - 1)  # with the picture that stays over a hole
            frames = clip(begin / whole.fps, stop / whole.fps)
            pictures = _pictures(frames, ReadingPart(journal, begin, stop, whole.fps), whole.first + drawn)
            if opening := list(islice(pictures, 1)):  # a video with a hole may show nothing here
                write_mp4(film, chain(opening, pictures), rate, CRF, STEADY)
            elif whole.last is None and first > reached:  # the file did not say where it ends: here
                break
        if film.exists():
            films.append(film)
            drawn += _length(film)
        first = stop
        progress(0.0 if whole.last is None else (stop - whole.first) / (whole.last + 1 - whole.first))
    path = base.with_name(f"{base.name}.annotated.mp4")
    _join(path, films, rate)
    shutil.rmtree(folder)
    return path


def check_film(video: str | Path, fps: float | None) -> None:
    """Refuse, before anything is read, a film that would mostly stand still: it keeps the video's time.

    Args:
        video: the file.
        fps: frames per second of files that state none.

    Raises:
        ValueError: the video's time stamps have a gap of more than MAX_GAP_S.
    """
    clip = open_clip(video)
    if not isinstance(clip, VideoFile) or not (clip.fps or fps):
        return
    before, after = (number / (clip.fps or fps) for number in clip.longest_gap)
    if after - before > MAX_GAP_S:
        raise ValueError(
            f"{video}: holds no frame from {before:.0f} s to {after:.0f} s, and a film of it would stand still for as "
            "long: leave mp4 out of --formats, or cut the video there"
        )


def _pictures(frames: NumberedFrames, read: "ReadingPart", shown: int) -> Iterator[np.ndarray]:
    """Frames with what was `read` drawn on them.

    The film goes on with the frame `shown`: what the video lacks between it and the next frame is filled, so that the
    film keeps the video's time. Frames before `shown` are in the part before.
    """
    picture = None
    for number, pixels in frames:
        even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]  # H.264 has no odd sides
        before, picture = picture, np.ascontiguousarray(to_rgb(even)).copy()
        read.draw(picture, number)
        if number < shown:
            continue
        yield from repeat(np.zeros_like(picture) if before is None else before, number - shown)
        yield picture
        shown = number + 1


def _length(film: Path) -> int:
    with av.open(str(film)) as container:
        return container.streams.video[0].frames


def _join(path: Path, films: list[Path], rate: Fraction) -> None:
    """Put films one behind the other without encoding them again."""
    with whole_file(path) as unfinished, av.open(str(unfinished), "w", format="mp4") as whole:
        stream, frames = None, 0
        for film in films:
            with av.open(str(film)) as part:
                source = part.streams.video[0]
                stream = stream or whole.add_stream_from_template(source)
                shift = round(frames / rate / source.time_base)
                for packet in part.demux(source):
                    if packet.dts is not None:  # the last one is empty
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                        whole.mux(packet)
                        frames += 1


class ReadingPart:
    """What was read in some frames and around them.

    Args:
        pieces: of the reading, in order.
        first, stop: frames, `stop` not included.
        fps: frames per second.
    """

    def __init__(self, pieces: Iterable[Piece], first: int, stop: int, fps: float) -> None:
        near, reach = [], (LATE_S + STRIP_S) * fps
        for piece in pieces:
            last = max((part["last"] for part in piece["faces"]), default=-1)
            if last >= first - reach:
                near.append(piece)
            if last > stop + reach:
                break
        self.fps, self.events = fps, [row for piece in near for row in events_of(piece)]
        numbers = sorted({part["face"] for piece in near for part in piece["faces"]})
        self.trails = [FaceTrail(near, number) for number in numbers]

    def draw(self, picture: np.ndarray, frame: int) -> None:
        """Draw on (H, W, 3) uint8 what was read around its frame."""
        now = [row for row in self.events if row["onset"] <= frame <= row["offset"]]
        for trail in self.trails:
            draw_face(picture, trail, [row for row in now if row["face"] == trail.number], frame)
        draw_strip(picture, self.events, frame, self.fps)


class FaceTrail:
    """One face of some pieces, looked up by frame.

    Args:
        pieces: near in time.
        number: of the face.
    """

    def __init__(self, pieces: Iterable[Piece], number: int) -> None:
        parts = [(piece, part) for piece in pieces for part in piece["faces"] if part["face"] == number]
        self.number, self.last = number, parts[-1][1]["last"]
        self.action_units, self.threshold = parts[-1][0]["action_units"], parts[-1][0]["threshold"]
        self.windows = [window for _, part in parts for window in part["windows"]]
        self.onsets = [window["onset"] for window in self.windows]
        middles = [window["onset"] + window["offset"] for window in self.windows]  # twice
        self.changes = [(one + other) // 4 for one, other in pairwise(middles)]  # the last frame nearest to each
        # of the longest: where a face leaves the last one is shorter
        self.span = max((window["offset"] - window["onset"] for window in self.windows), default=1)

    def box(self, frame: int) -> np.ndarray | None:
        """(4,) between those of the windows before and after; None where the face is not followed."""
        place = bisect_right(self.onsets, frame) - 1
        if place < 0 or frame > self.last or frame - self.onsets[place] > 2 * self.span:
            return None
        before, after = self.windows[place], self.windows[min(place + 1, len(self.windows) - 1)]
        share = min(1.0, (frame - before["onset"]) / max(1, after["onset"] - before["onset"]))
        return (1 - share) * np.array(before["box"]) + share * np.array(after["box"])

    def answer(self, frame: int) -> list[float]:
        """K probabilities of the window whose middle is nearest; zeros where nothing moved."""
        window = self.windows[bisect_left(self.changes, frame)]
        return window["probabilities"] or [0.0] * len(self.action_units)


def draw_face(picture: np.ndarray, trail: FaceTrail, now: list[dict], frame: int) -> None:
    """Box, what happens now, and a bar for each action unit beside the face.

    Args:
        picture: (H, W, 3) uint8, drawn on. trail: of the face. now: its events. frame: number.
    """
    box = trail.box(frame)
    if box is None:
        return
    unit = max(10, picture.shape[0] // 28)  # height of a line of text in pixels
    left, top, right, bottom = (round(value) for value in box.tolist())
    colour = COLOURS[now[0]["kind"]] if now else CALM
    cv2.rectangle(picture, (left, top), (right, bottom), colour, max(1, unit // 8), cv2.LINE_AA)
    _write(
        picture,
        ", ".join(map(_in_short, now)) or f"face {trail.number}",
        (left, max(unit, top - unit // 3)),
        unit,
        colour,
    )
    room = right + unit // 2 + 9 * unit < picture.shape[1]
    at = right + unit // 2 if room else max(0, left - unit // 2 - 8 * unit)
    for row, (name, value) in enumerate(zip(trail.action_units, trail.answer(frame), strict=True), 1):
        line, start, length = top + row * unit, at + 4 * unit, 4 * unit
        _write(picture, name, (at, line), unit, LIGHT)
        _bar(picture, start, line - unit // 2, length, unit // 3, value, value >= trail.threshold)


def _in_short(row: dict) -> str:
    """ "micro L AU12 0.83 1.2 mm", "blink"."""
    if row["score"] is None:
        return row["kind"]
    units = SIDES.get(row["side"], "") + row["action_units"].replace(":", " ")
    size = "" if row["size_mm"] is None else f"{row['size_mm']:.1f} mm"
    return " ".join(part for part in (row["kind"], units, size) if part) + by_second_opinion(row)


def _bar(picture: np.ndarray, left: int, top: int, length: int, height: int, value: float, present: bool) -> None:
    """A frame that is filled from the left as far as a value from 0 to 1; what is empty lets the picture through."""
    right, top, bottom = left + length, max(0, top), top + height
    if bottom <= top:  # the face reaches over the upper edge
        return
    picture[top : bottom + 1, left : right + 1] = picture[top : bottom + 1, left : right + 1] // 2 + np.uint8(64)
    cv2.rectangle(picture, (left, top), (left + int(length * value), bottom), MICRO if present else BLINK, -1)
    cv2.rectangle(picture, (left - 1, top - 1), (right + 1, bottom + 1), DARK, 1)


def draw_strip(picture: np.ndarray, events: list[dict], frame: int, fps: float) -> None:
    """The events of some seconds around now as a strip at the bottom, now in its middle."""
    height, width = picture.shape[:2]
    top, reach = height - max(6, height // 40), STRIP_S * fps / 2
    picture[top:] = (picture[top:].astype(np.float32) * 0.35 + np.array(DARK) * 0.65).astype(np.uint8)
    for row in events:
        if row["offset"] >= frame - reach and row["onset"] <= frame + reach:
            first, last = (int((row[mark] - frame + reach) / (2 * reach) * width) for mark in ("onset", "offset"))
            cv2.rectangle(picture, (first, top), (max(last, first + 2), height - 1), COLOURS[row["kind"]], -1)
    cv2.line(picture, (width // 2, top), (width // 2, height - 1), LIGHT, 1)


def _write(picture: np.ndarray, text: str, at: tuple[int, int], unit: int, colour: tuple[int, int, int]) -> None:
    scale, width = unit / 30, max(1, unit // 14)
    for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):  # a thicker outline would be wider than the text
        cv2.putText(picture, text, (at[0] + x, at[1] + y), FONT, scale, DARK, width, cv2.LINE_AA)
    cv2.putText(picture, text, at, FONT, scale, colour, width, cv2.LINE_AA)
