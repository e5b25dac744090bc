"""What does a video cost? Milliseconds a frame by stage, beside the floor; blinks; stillness; memory over an hour.

    python -m benchmarks.video                                     # stages of the stream on a rendered take, 640 x 480
    python -m benchmarks.video --model release                     # and of everything, up to the reading
    python -m benchmarks.video --model release --no-second-opinion # the same without blendshapes
    python -m benchmarks.video --blinks 4 --stillness 3            # precision, recall; px of jitter
    python -m benchmarks.video --memory 3600 --plot docs/img/video_memory.png
    python -m benchmarks.video --memory 3600 --model release       # memory of all that `aullm predict` does

Processor time of one thread. The floor is decoding and one pass of the landmark network a frame: what any reader that
looks for landmarks in every frame pays before it has read anything.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import av
import cv2
import numpy as np
import torch
from rich.table import Table

from benchmarks import alignment
from benchmarks.video_memory import draw_memory, memory_curve
from dataset_scripts.synthetic import load_takes
from dataset_scripts.whole_files import whole_file
from modeling_aullm.pipeline_aullm import AullmPipeline
from processing_aullm import face_reader_aullm, tracking_aullm
from processing_aullm.blinks_aullm import EyeWatch, find_blinks
from processing_aullm.clip_aullm import AullmImageProcessor
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.face_reader_aullm import FaceReader
from processing_aullm.refinement_aullm import RigidRefiner
from processing_aullm.rest_aullm import RestReference
from processing_aullm.rises_aullm import SkinMotion
from processing_aullm.second_opinion_aullm import SecondOpinion
from processing_aullm.skin_traces_aullm import SkinTraces
from processing_aullm.tracking_aullm import AlignedFrame, FaceTrack
from processing_aullm.video_aullm import open_clip
from training_aullm.console import wide_console
from training_aullm.loading import load_pipeline

WIDTH, HEIGHT = 640, 480
STREAM = ("decode", "detection", "landmarks", "refinement", "warp", "eyes")
READING = ("skin field", "face at rest", "spotting", "windows and clips", "displacement field", "model", "weighing")
SECOND = ("second opinion",)
METHODS = (  # what is timed within another one counts for its own stage only
    (RigidRefiner, "__init__", "refinement"),
    (RigidRefiner, "match", "refinement"),
    (AlignedFrame, "crop", "warp"),
    (tracking_aullm, "warp", "warp"),
    (EyeWatch, "__init__", "eyes"),
    (EyeWatch, "changed", "eyes"),
    (SkinTraces, "add", "skin field"),
    (RestReference, "add", "face at rest"),
    (RestReference, "courses", "face at rest"),
    (face_reader_aullm, "find_blinks", "spotting"),
    (face_reader_aullm, "lids_move", "spotting"),
    (SkinMotion, "of", "spotting"),
    (face_reader_aullm, "find_rises", "spotting"),
    (FaceReader, "add", "windows and clips"),
    (FaceReader, "take_waiting", "windows and clips"),
    (FaceReader, "settled", "weighing"),
    (FaceTrack, "read_shapes", "second opinion"),
    (SecondOpinion, "add", "second opinion"),
    (SecondOpinion, "movements", "second opinion"),
    (SecondOpinion, "units", "second opinion"),
)


class Stopwatch:
    """Processor seconds and calls by name.

    Attributes:
        seconds, calls: of each name.
    """

    def __init__(self) -> None:
        self.seconds, self.calls, self._inside = Counter(), Counter(), []

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count what happens inside; what is timed within that counts for its own name only."""
        self.calls[name] += 1
        self._inside.append(0.0)
        start = time.process_time()
        try:
            yield
        finally:
            spent = time.process_time() - start
            self.seconds[name] += spent - self._inside.pop()
            if self._inside:
                self._inside[-1] += spent

    def timed(self, function: Callable, name: str) -> Callable:
        """The function, timed."""

        def run(*args, **kwargs):
            with self.timing(name):
                return function(*args, **kwargs)

        return run

    def each(self, items: Iterable, name: str) -> Iterator:
        """The items, the making of each timed."""
        iterator, end = iter(items), object()
        while (item := self.timed(next, name)(iterator, end)) is not end:
            yield item

    @contextmanager
    def watching(self, reader: AullmImageProcessor, pipe: AullmPipeline | None = None) -> Iterator[None]:
        """Time the stages of everything that reads videos, with this processor's networks and this pipeline's model."""
        decode, networks = NumberedFrames.__iter__, [*_networks(reader, pipe)]
        with ExitStack() as stack:
            for place, method, name in (*METHODS, *networks):
                stack.enter_context(patch.object(place, method, self.timed(getattr(place, method), name)))
            stack.enter_context(
                patch.object(NumberedFrames, "__iter__", lambda frames: self.each(decode(frames), "decode"))
            )
            yield


def _networks(reader: AullmImageProcessor, pipe: AullmPipeline | None) -> Iterator[tuple[object, str, str]]:
    """What of these objects is timed: rows as of `METHODS`."""
    yield reader.aligner, "detector", "detection"
    yield reader.aligner, "mesh", "landmarks"
    if pipe is not None:
        yield pipe.model, "measure_motion", "displacement field"
        yield pipe.model, "forward", "model"


def stages(film: Path, model: str | None, second_opinion: bool = True) -> dict:
    """Milliseconds a frame by stage, the floor, and how many landmark passes there were.

    Args:
        film: of one face.
        model: a run, folder or Hub id; None: faces are followed only.
        second_opinion: whether it is asked for, where there is a model.
    """
    watch, pipe = Stopwatch(), load_pipeline(model) if model else None
    reader = pipe.processor.image_processor if pipe else AullmImageProcessor()
    names = STREAM if pipe is None else STREAM + READING + (SECOND if second_opinion else ())
    floor = _floor(reader, film)
    if pipe is not None:
        pipe(str(film), second_opinion=second_opinion, end=1.0)  # warm
    start = time.process_time()
    with watch.watching(reader, pipe):
        if pipe is None:
            frames = sum(len(chunk) - chunk.new_from for chunk in reader.open_stream(film))
        else:
            frames = pipe(str(film), second_opinion=second_opinion)["frames"]
    total = (time.process_time() - start) / frames * 1e3
    spent = {name: watch.seconds[name] / frames * 1e3 for name in names}
    return {
        "frames": frames,
        "second_opinion": pipe is not None and second_opinion,
        "ms_per_frame": {name: round(value, 2) for name, value in spent.items()}
        | {"other": round(total - sum(spent.values()), 2), "total": round(total, 2)},
        "floor_ms": round(floor, 2),
        "landmark_passes": watch.calls["landmarks"],
        "detections": watch.calls["detection"],
    }


def _floor(reader: AullmImageProcessor, film: Path, most: int = 200) -> float:
    """Milliseconds a frame of decoding and one landmark pass."""
    frames, region, count, spent = iter(NumberedFrames(open_clip(film))), None, 0, 0.0
    reader.aligner.mesh(next(frames)[1], reader.aligner.faces(next(frames)[1])[0].region())  # warm
    while count < most:
        start = time.process_time()
        frame = next(frames, None)
        if frame is None:
            break
        if region is not None:
            reader.aligner.mesh(frame[1], region)
            spent, count = spent + time.process_time() - start, count + 1
        else:
            region = reader.aligner.faces(frame[1])[0].region()
    return spent / count * 1e3


def stillness(reader: AullmImageProcessor, faces: int) -> list[dict]:
    """The stream's error as benchmarks/alignment.py measures it: {"face", "motion", "error_px"} of each."""
    rows = []
    wanted = argparse.Namespace(rendered=faces, video=[], image=[], astronaut=False)
    for name, image in alignment.faces_of(wanted):
        points = reader.aligner.faces(image)[0].points
        crop = reader.aligner.framing.crop_matrix(points, alignment.WORK_SIZE)
        for kind in alignment.MOTION:
            frames, truth = alignment.moving_frames(image, points, crop, kind, seed=0)
            chunks = list(reader.open_stream(frames, fps=30.0))
            found = np.concatenate([chunk.transforms[chunk.new_from :] for chunk in chunks])
            error = alignment.error_px(found, truth[: len(found)], found[0])
            rows.append({"face": name, "motion": kind, "error_px": round(error, 4), "frames": len(found)})
    return rows


def blinks(reader: AullmImageProcessor, takes: int) -> dict:
    """Precision and recall of blinks on rendered takes of people that no threshold was chosen on."""
    hits = found = true = 0
    for take in load_takes("casme3-like", subjects=takes, seconds=30, seed=100):
        openness = np.full((take["frames"], 2), np.nan)
        for chunk in reader.open_stream(take["video"]):
            openness[chunk.first : chunk.first + len(chunk)] = chunk.eye_openness
        spans = [(each.onset, each.offset) for each in find_blinks(openness, take["fps"])]
        truth = [(event["onset"], event["offset"]) for event in take["events"] if event["kind"] == "blink"]
        hits += sum(any(a <= d and b >= c for c, d in spans) for a, b in truth)
        found, true = found + len(spans), true + len(truth)
    return {"true": true, "found": found, "precision": _share(hits, found), "recall": _share(hits, true)}


def _share(part: int, whole: int) -> float | None:
    return round(min(part, whole) / whole, 3) if whole else None


def widen(source: str | Path, target: Path) -> Path:
    """Put a take into the middle of a 640 x 480 picture, as a camera shows a person: H.264, 30 frames a second."""
    with whole_file(target) as unfinished, av.open(str(source)) as reader:
        rate = reader.streams.video[0].average_rate
        with av.open(str(unfinished), "w", format="mp4") as writer:
            stream = writer.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "fast"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for frame in reader.decode(video=0):
                picture = _wide(frame.to_ndarray(format="rgb24"))
                writer.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            writer.mux(stream.encode())
    return target


def _wide(picture: np.ndarray) -> np.ndarray:
    side = min(WIDTH, HEIGHT)
    picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    return cv2.copyMakeBorder(picture, top, HEIGHT - side - top, left, WIDTH - side - left, cv2.BORDER_REPLICATE)


def loop(source: Path, target: Path, seconds: float) -> Path:
    """Repeat a film's compressed packets until it is that long; nothing is encoded anew."""
    with av.open(str(source)) as reader:
        stream = reader.streams.video[0]
        step, base = round(1 / (stream.average_rate * stream.time_base)), stream.time_base
        packets = [packet for packet in reader.demux(stream) if packet.dts is not None]
        span = len(packets) * step
        times = [(packet.pts, packet.dts) for packet in packets]
        with whole_file(target) as unfinished, av.open(str(unfinished), "w", format="mp4") as writer:
            copy = writer.add_stream_from_template(stream)
            for turn in range(max(1, round(Fraction(seconds) / (span * base)))):
                for packet, (pts, dts) in zip(packets, times, strict=True):
                    packet.pts, packet.dts, packet.stream = pts + turn * span, dts + turn * span, copy
                    packet.time_base = base
                    writer.mux(packet)
    return target


def stage_table(result: dict) -> Table:
    """The stages as rows, with their part of the whole."""
    table = Table("stage", "ms a frame", "part", title=f"{result['frames']} frames, one thread", title_justify="left")
    total = result["ms_per_frame"]["total"]
    for name, value in result["ms_per_frame"].items():
        table.add_row(name, f"{value:.2f}", f"{value / total:.0%}")
    table.add_row("floor: decode and landmarks in every frame", f"{result['floor_ms']:.2f}", "")
    return table


def main() -> None:
    """Measure, print tables, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, help="a film of one face; default: a rendered take at 640 x 480")
    parser.add_argument("--model", help="a run, folder or Hub id: measure up to the reading")
    parser.add_argument(
        "--no-second-opinion", dest="second_opinion", action="store_false", help="with --model: by our model alone"
    )
    parser.add_argument("--blinks", type=int, default=0, metavar="N", help="score blinks on so many rendered takes")
    parser.add_argument("--stillness", type=int, default=0, metavar="N", help="measure jitter on so many faces")
    parser.add_argument("--memory", type=float, metavar="SECONDS", help="watch memory over a film of that length")
    parser.add_argument("--plot", type=Path, help="where the picture of the memory goes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    result, console = {"benchmark": "video", "video": str(arguments.video or "rendered")}, wide_console()
    with tempfile.TemporaryDirectory() as folder:
        film = arguments.video or widen(load_takes(subjects=1, seconds=30, seed=100)[0]["video"], Path(folder, "f.mp4"))
        if arguments.memory:
            long = loop(film, Path(folder, "long.mp4"), arguments.memory)
            result["memory"] = memory_curve(long, arguments.model, arguments.second_opinion)
            if arguments.plot:
                draw_memory(arguments.plot, result["memory"])
        else:
            result |= stages(film, arguments.model, arguments.second_opinion)
            console.print(stage_table(result))
    reader = AullmImageProcessor()
    if arguments.stillness:
        result["stillness"] = stillness(reader, arguments.stillness)
        for row in result["stillness"]:
            console.print(f"{row['face']:14s}{row['motion']:8s}{row['error_px']:.3f} px")
    if arguments.blinks:
        result["blinks"] = blinks(reader, arguments.blinks)
        console.print(result["blinks"])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
