"""The video once more, with what was read drawn on it; it grows while the video is read.

film = AnnotatedFilm(Path("out/face"), journal, "face.mp4", {"start": 60.0})  # out/face.annotated.mp4
film.extend(reached=9000)  # by the parts that the pieces in the journal cover
film.extend(reached=9500, over=True)  # to the end

Parts of 120 s are drawn and encoded on their own and joined as they are, so the film is the same wherever a run broke
off. It says in its own comment which reading it belongs to and how far it goes.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path

import av
import numpy as np

from dataset_scripts.synthetic.camera.codec import video_encoder
from dataset_scripts.whole_files import whole_file
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.geometry_aullm import to_rgb
from processing_aullm.video_aullm import open_clip
from training_aullm.pace import Pace
from training_aullm.videos.drawing import STRIP_S, FaceTrail, draw_face, draw_strip
from training_aullm.videos.journal import Journal
from training_aullm.videos.tables import LATE_S, events_of

# what looks ahead in x264 gives other bytes now and then for the same pictures
ENCODING = {"libx264": {"crf": "20", "preset": "fast", "bf": "0", "x264-params": "no-mbtree=1:weightp=0"}}
PLAIN_ENCODING = {"qmin": "10", "qmax": "10"}  # of other encoders
PART_S = 120.0  # of the video, that are encoded at once
USUAL_WINDOW_S = 0.5


class AnnotatedFilm:
    """The film of one reading: H.264 where PyAV has an encoder for it, without sound.

    Args:
        base: path without an ending.
        journal: of the reading.
        video: the file that is read.
        options: of the reading; start, end, fps and length are used.
        pace: of joining, which copies the whole film each time.

    Attributes:
        path: BASE.annotated.mp4.
    """

    def __init__(
        self, base: Path, journal: Journal, video: str | Path, options: dict, pace: Pace | None = None
    ) -> None:
        self.path = base.with_name(f"{base.name}.annotated.mp4")
        self.journal, self.video, self.options = journal, video, options
        self.pace = pace or Pace()
        self.whole = self._frames(options.get("start"), options.get("end"))
        self._length = max(1, round(PART_S * self.whole.fps))
        self._ahead = round((LATE_S + STRIP_S + 2 * (options.get("length") or USUAL_WINDOW_S)) * self.whole.fps)

    def extend(self, reached: int, over: bool = False) -> None:
        """Draw the parts that are not in the film yet, and put the longer film in the place of the shorter one.

        Args:
            reached: the last frame that was read; a part waits until everything about it is known.
            over: whether nothing more will be read: draw to the end.
        """
        if not (over or self.pace.due()):
            return
        drawn, first = self._state()
        films = [self.path] if drawn else []
        folder = self.path.with_name(f".{self.path.name}.parts")
        shutil.rmtree(folder, ignore_errors=True)
        while self._ready(first, reached, over):
            stop, film = self._stop(first), folder / f"{first}.mp4"
            frames = self._write_part(film, first, stop, self.whole.first + drawn)
            if frames:
                films.append(film)
            elif self.whole.last is None and first > reached:
                break
            drawn, first = drawn + frames, stop
        if films and films[-1] != self.path:
            with self.pace.spent():
                _join(self.path, films, f"{self.journal.mark} {drawn} {first}", self._rate)
        shutil.rmtree(folder, ignore_errors=True)

    @property
    def _rate(self) -> Fraction:
        return Fraction(self.whole.fps).limit_denominator(1001)

    def _state(self) -> tuple[int, int]:
        """How many frames the film has, and which frame of the video comes next."""
        if self.path.is_file():
            with suppress(av.FFmpegError), av.open(str(self.path)) as container:
                mark, *counts = (container.metadata.get("comment") or "none").split()
                if mark == self.journal.mark:
                    return int(counts[0]), int(counts[1])
        return 0, self.whole.first

    def _ready(self, first: int, reached: int, over: bool) -> bool:
        if self.whole.last is not None and first > self.whole.last:
            return False
        return over or self._stop(first) + self._ahead + self.whole.fps <= reached

    def _stop(self, first: int) -> int:
        stop = first + self._length
        return stop if self.whole.last is None else min(stop, self.whole.last + 1)

    def _frames(self, start: float | None, end: float | None) -> NumberedFrames:
        return NumberedFrames(open_clip(self.video), start, end, self.options.get("fps"))

    def _write_part(self, film: Path, first: int, stop: int, shown: int) -> int:
        """Write the frames from `first` to before `stop`; nothing where the video has none there.

        Args:
            film: path. first, stop: frames. shown: the frame that the film goes on with; what the video lacks between
                it and the next frame is filled, so that the film keeps the video's time.

        Returns:
            How many frames were written.
        """
        fps = self.whole.fps
        pictures = self._pictures(self._frames(first / fps, stop / fps), shown)
        opening = list(islice(pictures, 1))
        return _encode(film, chain(opening, pictures), self._rate) if opening else 0

    def _pictures(self, frames: NumberedFrames, shown: int) -> Iterator[np.ndarray]:
        seen, picture = Surroundings(self.journal.pieces(), frames, self._ahead), None
        for number, pixels in frames:
            even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
            before, picture = picture, np.ascontiguousarray(to_rgb(even)).copy()
            yield from repeat(np.zeros_like(picture) if before is None else before, number - shown)
            seen.draw(picture, number)
            yield picture
            shown = number + 1


class Surroundings:
    """What was read around a frame: pieces are taken in before the frames come, and dropped behind them.

    Args:
        pieces: of the reading, from its beginning.
        frames: that will be drawn on.
        ahead: how many frames ahead of a picture the pieces must be.
    """

    def __init__(self, pieces: Iterator[dict], frames: NumberedFrames, ahead: int) -> None:
        self._pieces, self._ahead, self._fps = pieces, ahead, frames.fps
        self._trails: dict[int, FaceTrail] = {}
        self._events: list[dict] = []
        self._names: list[str] = []
        self._newest = self._kept_from = -1

    def draw(self, picture: np.ndarray, frame: int) -> None:
        """Draw on (H, W, 3) uint8 what was read around its frame; frames come in order."""
        self._move_to(frame)
        now = [row for row in self._events if row["onset"] <= frame <= row["offset"]]
        for number in sorted(self._trails):
            draw_face(picture, self._trails[number], [row for row in now if row["face"] == number], self._names, frame)
        draw_strip(picture, self._events, frame, self._fps)

    def _move_to(self, frame: int) -> None:
        """Take in the pieces up to some seconds ahead, a second at a time; forget what lies that far behind."""
        if self._newest >= frame + self._ahead and frame - self._ahead < self._kept_from + self._fps:
            return
        self._kept_from = frame - self._ahead
        while self._newest < frame + self._ahead + self._fps and (piece := next(self._pieces, None)) is not None:
            self._newest = max([self._newest, *(part["last"] for part in piece["faces"])])
            if self._newest >= self._kept_from:
                self._take(piece)
        self._events = [row for row in self._events if row["offset"] >= self._kept_from]
        for trail in self._trails.values():
            trail.forget(self._kept_from)

    def _take(self, piece: dict) -> None:
        self._names = piece["action_units"]
        self._events += events_of(piece)
        for part in piece["faces"]:
            self._trails.setdefault(part["face"], FaceTrail(part["face"])).add(part)


def _encode(path: Path, pictures: Iterator[np.ndarray], rate: Fraction) -> int:
    """Write pictures (H, W, 3) as a film; gives how many."""
    path.parent.mkdir(exist_ok=True)
    encoder, stream, frames = video_encoder(), None, 0
    with av.open(str(path), "w", format="mp4") as container:
        for picture in pictures:
            if stream is None:
                stream = container.add_stream(encoder, rate=rate, options=ENCODING.get(encoder, PLAIN_ENCODING))
                stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            frames += 1
        container.mux(stream.encode())
    return frames


def _join(path: Path, films: list[Path], comment: str, rate: Fraction) -> None:
    """Put films one behind the other without encoding them again; the first may be the one that is replaced."""
    with whole_file(path) as unfinished, av.open(str(unfinished), "w", format="mp4") as whole:
        whole.metadata["comment"] = comment
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
