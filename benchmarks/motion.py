"""Is motion measured right, whatever its size? Displacement fields against the dense truth of rendered faces.

    python -m benchmarks.motion
    python -m benchmarks.motion --video smile.mp4

Faces are rendered by the full renderer (`shading.Studio`; the linearised one is made for a pixel or two), so that lips
part, teeth show and lids close as they would, and every pixel of skin knows where it went. Between rest and apex the
head drifts as the aligner lets it (0.1 px, 0.04 degrees); blur, noise and JPEG are the domain's.

Errors are mean end-point errors in pixels of a 224-px crop over cells of visible skin, the median of the face taken off
measure and truth; the model's field is taken before the head's motion is fitted to it. "moving" are cells that move at
least a quarter of the size; "sure" are those of them whose confidence is above one half; "pull" is how much of the
moving cells' true motion was found (1 is right).

On a real video there is no truth: the motion of FaceMesh's landmarks over half a second stands in. It says nothing
below a pixel, which is the landmarks' own noise.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from dataset_scripts.synthetic.acting.nuisances import Sensor
from dataset_scripts.synthetic.camera.shading import Shot, Studio
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.people.asset import PARTS
from dataset_scripts.synthetic.raster import interpolate
from dataset_scripts.synthetic.tables.session import Session
from modeling_aullm.displacement_aullm import DisplacementField
from processing_aullm.alignment_aullm import FaceAligner, settle
from processing_aullm.clip_aullm import AullmImageProcessor
from processing_aullm.decoding_aullm import NumberedFrames
from processing_aullm.geometry_aullm import apply, invert
from processing_aullm.skin_field_aullm import SkinField
from processing_aullm.video_aullm import open_clip

FRAMES = 6
SIZES = (0.3, 0.7, 1.0, 2.0, 4.0, 8.0, 16.0, 25.0)
CLOSED = {  # what moves, by share of the largest displacement; lips closed
    "brow raiser": {"AU1": 1.0, "AU2": 1.0},
    "frown": {"AU4": 1.0, "AU7": 0.3},
    "smile": {"AU12": 1.0, "AU6": 0.25},
    "corners down": {"AU15": 1.0, "AU17": 0.3},
}
PARTED = {
    "grin": {"AU12": 1.0, "AU25": 0.25, "AU26": 0.25},
    "jaw drop": {"AU26": 1.0, "AU25": 0.1},
}
SHUT = {"AU43": 0.8}  # weight, not share
STRONGEST = 1.5  # weight of one unit; beyond it the mesh folds, so the act is left out at this size
DRIFT_PX, DRIFT_RAD = 0.1, 0.0007
MOVING = 0.25  # of the size
PLACES = {  # (u, v): distance from the mid-line and height, in parts of the crop's side
    "brow": lambda u, v: (v > 0.14) & (v < 0.27) & (u < 0.36),
    "eyes": lambda u, v: ((u - 0.20) / 0.13) ** 2 + ((v - 0.33) / 0.06) ** 2 < 1,
    "cheek": lambda u, v: (v > 0.42) & (v < 0.68) & (u > 0.14) & (u < 0.40),
    "mouth": lambda u, v: (v > 0.70) & (v < 0.86) & (u < 0.22),
    "chin": lambda u, v: (v > 0.86) & (u < 0.22),
}
WINDOW_S = 0.5  # between the two frames of a real video
LEAST_SCORE = 0.5  # of the landmark network; below it there is no face
SEEN_PX = 1.5  # of the landmarks' motion (95th percentile); below it their own noise would be compared

Measure = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
"""(T, S, S) uint8 frames -> (cells, cells, 2) displacement of the last from the first, in pixels of a 224-px crop, and
(cells, cells) confidence, or None."""


@dataclass(frozen=True)
class Moved:
    """A rendered clip with its truth.

    Attributes:
        frames: (T, S, S) uint8. motion: (S, S, 2) where each pixel of the first frame goes to in the last, in pixels of
            a 224-px crop. skin: (S, S) bool, whether it shows skin.
        act: what moves. size: pixels that it moves at most.
    """

    frames: np.ndarray
    motion: np.ndarray
    skin: np.ndarray
    act: str
    size: float


class StudioSession(Session):
    """A session that keeps its studio, for the full renderer."""

    def _set_up(self, studio: Studio) -> None:
        self.studio = studio


def clips(people: int, sizes: tuple[float, ...], seed: int) -> Iterator[Moved]:
    """Every act of every person at every size that it can have, and a blink."""
    domains = list(DOMAINS.values())
    for person in range(people):
        session = StudioSession(domains[person % len(domains)], seed, person)
        rest, rng = session.studio.shoot(), np.random.default_rng([seed, person])
        for act, shares in (CLOSED | PARTED).items():
            for size in sizes:
                weights = weights_of(session.studio, shares, size)
                if max(weights.values()) <= STRONGEST:
                    yield film(session, rest, weights, act, size, rng)
        yield film(session, rest, SHUT, "blink", 0.0, rng)


def weights_of(studio: Studio, shares: dict[str, float], size: float) -> dict[str, float]:
    """Weights of units that move in these shares, `size` pixels of a 224-px crop at most."""
    raw = {unit: studio.head.displacement(unit) for unit in shares}
    each = {unit: share / _largest(studio, raw[unit]) for unit, share in shares.items()}
    together = _largest(studio, sum(each[unit] * raw[unit] for unit in shares))
    return {unit: weight * size / together for unit, weight in each.items()}


def _largest(studio: Studio, displacement: np.ndarray) -> float:
    """Pixels of a 224-px crop that (V, 3) moves the front of the head at most (99.7th percentile)."""
    moved = np.hypot(displacement[:, 0], displacement[:, 1])[studio.head.vertices[:, 2] > studio.pivot[2]]
    return float(np.percentile(moved, 99.7)) * studio.scale * _of_the_crop(studio)


def _of_the_crop(studio: Studio) -> float:
    """Pixels of a 224-px crop for each pixel of the studio's pictures."""
    return 224 / studio.side


def film(
    session: StudioSession, rest: Shot, weights: dict[str, float], act: str, size: float, rng: np.random.Generator
) -> Moved:
    """A clip from rest to these weights; the first frame shows the face at rest, all others the apex."""
    before, after = session.studio, _drifted(session.studio, rng)
    moved = sum(weight * before.head.displacement(unit) for unit, weight in weights.items())
    sensor = session.sensor(rng)
    frames = [_picture(sensor, shot, rng) for shot in (rest, after.shoot(moved))]
    start = before.project(before.place(before.head.vertices, before.pose), before.pose)
    end = after.project(after.place(after.head.vertices + moved, after.pose), after.pose)
    motion = interpolate(rest.cover, before.head.asset.drawn, (end - start)[:, :2] * _of_the_crop(before))
    skin = np.float32(rest.part == PARTS.index("skin"))
    motion, skin = (cv2.resize(each, (session.size,) * 2, interpolation=cv2.INTER_AREA) for each in (motion, skin))
    return Moved(np.stack(frames[:1] + frames[1:] * (FRAMES - 1)), motion, skin > 0.99, act, size)


def _picture(sensor: Sensor, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    """(S, S) uint8 grey, as the sensor sees a shot and a JPEG keeps it."""
    linear = cv2.resize(shot.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    seen = sensor.read(linear.reshape(*linear.shape[:2], -1), 1.0, rng)
    return cv2.imdecode(np.frombuffer(sensor.encode(seen), np.uint8), cv2.IMREAD_GRAYSCALE)


def _drifted(studio: Studio, rng: np.random.Generator) -> Studio:
    """The same studio with the head a little off, as registration leaves it."""
    other = copy.copy(studio)
    turn, shift = rng.normal() * DRIFT_RAD, rng.normal(size=2) * DRIFT_PX
    other.pose = studio.pose + np.array([0, 0, turn, *shift, 0])
    return other


def by_model(field: DisplacementField) -> Measure:
    """The field that the model reads, the head's motion included."""

    def measure(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        moved, confidence = field.with_head(torch.from_numpy(frames)[:, None] / 255, torch.arange(len(frames))[None])
        return moved[0, -1].permute(1, 2, 0).numpy(), confidence[0, -1].numpy()

    return measure


def by_skin(frames: np.ndarray) -> tuple[np.ndarray, None]:
    """The rough field that gates and times windows."""
    return SkinField(frames[0]).follow(frames[-1]), None


def errors(clip: Moved, measure: Measure) -> dict:
    """Errors of one clip by place and of moving cells, the share of their motion found, and milliseconds a frame."""
    start = time.process_time()
    found, confidence = measure(clip.frames)
    took = (time.process_time() - start) / len(clip.frames) * 1e3
    cells = len(found)
    share = cv2.resize(np.float32(clip.skin), (cells, cells), interpolation=cv2.INTER_AREA)
    truth = cv2.resize(clip.motion * clip.skin[..., None], (cells, cells), interpolation=cv2.INTER_AREA)
    skin = share > 0.6
    truth = truth / np.maximum(share, 0.1)[..., None]
    truth, found = (each - np.median(each[skin], 0) for each in (truth, found))
    off = np.hypot(*np.moveaxis(found - truth, -1, 0))
    moving = skin & (np.hypot(*np.moveaxis(truth, -1, 0)) > max(MOVING * clip.size, 0.1))
    axis = (np.arange(cells) + 0.5) / cells
    u, v = np.abs(axis[None] - 0.5), axis[:, None]
    row = {"act": clip.act, "size": clip.size, "ms": took, "all": float(off[skin].mean())}
    for place, inside in PLACES.items():
        here = skin & inside(u, v)
        row[place] = float(off[here].mean()) if here.any() else float("nan")
    row["moving"] = float(off[moving].mean())
    sure = moving if confidence is None else moving & (confidence > 0.5)
    row["sure"] = float(off[sure].mean()) if sure.any() else float("nan")
    row["sure share"] = float(sure.sum() / moving.sum())
    row["pull"] = float((found * truth)[moving].sum() / (truth**2)[moving].sum())
    return row


COLUMNS = ("all", "moving", "pull", "sure", "sure share", *PLACES)


def summary(rows: list[dict]) -> list[dict]:
    """Means over people and acts: by size with lips closed and with lips parted, and of blinks."""
    groups = {"closed": CLOSED, "parted": PARTED, "blink": ("blink",)}
    lines = []
    for lips, acts in groups.items():
        own = [row for row in rows if row["act"] in acts]
        for size in sorted({row["size"] for row in own}):
            some = [row for row in own if row["size"] == size]
            means = {name: round(float(np.nanmean([row[name] for row in some])), 3) for name in (*COLUMNS, "ms")}
            lines.append({"lips": lips, "size": size, "clips": len(some), **means})
    return lines


def table(name: str, lines: list[dict]) -> str:
    """The summary as text."""
    head = f"{name:14s}{'size px':>8s}{'clips':>6s}" + "".join(f"{column:>11s}" for column in (*COLUMNS, "ms"))
    body = (
        f"{line['lips']:14s}{line['size']:8.1f}{line['clips']:6d}"
        + "".join(f"{line[column]:11.2f}" for column in (*COLUMNS, "ms"))
        for line in lines
    )
    return "\n".join([head, *body])


def landmark_windows(video: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Half seconds of a video: crops (2, S, S), landmarks (468, 2) in the first of them, and their motion (468, 2)."""
    reader = AullmImageProcessor()
    stream = reader.open_stream(video, length=WINDOW_S)
    chunks = [chunk for chunk in stream if chunk.face == 0]
    points = _landmarks(reader.aligner, video)
    for chunk in chunks:
        for at in range(0, len(chunk) - stream.overlap, max(1, stream.overlap // 2)):
            places = (at, at + stream.overlap)
            pair = [points.get(chunk.first + place) for place in places]
            if all(each is not None for each in pair):
                before, after = (apply(invert(chunk.transforms[k]), each) for k, each in zip(places, pair, strict=True))
                yield chunk.crops[list(places)], before, after - before


def _landmarks(aligner: FaceAligner, video: str) -> dict[int, np.ndarray]:
    """Landmarks (468, 2) of the largest face of each frame in which there is one."""
    points, region = {}, None
    for number, frame in NumberedFrames(open_clip(video)):
        if region is None:
            faces = aligner.faces(frame)
            region = faces[0].region() if faces else None
        if region is not None:
            found = settle(aligner.mesh, frame, region)
            region = found.region() if found.score >= LEAST_SCORE else None
            if region is not None:
                points[number] = found.points
    return points


def agreement(windows: list[tuple[np.ndarray, np.ndarray, np.ndarray]], measure: Measure) -> dict:
    """Correlation of a field with landmarks, over windows in which these move, and the share of their motion found."""
    measured, seen = [], []
    for crops, points, motion in windows:
        scale = 224 / crops.shape[-1]
        motion = scale * (motion - np.median(motion, 0))
        if np.percentile(np.hypot(*motion.T), 95) < SEEN_PX:
            continue
        field, _ = measure(crops[[0] + [1] * (FRAMES - 1)])
        where = np.float32((points[:, None] + 0.5) * (len(field) / crops.shape[-1]) - 0.5)  # (468, 1, 2)
        here = cv2.remap(np.float32(field), where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
        measured.append(here - np.median(here, 0))
        seen.append(motion)
    if not seen:
        return {"windows": 0, "correlation": None, "pull": None}
    measured, seen = np.concatenate(measured).ravel(), np.concatenate(seen).ravel()
    correlation = float(np.corrcoef(measured, seen)[0, 1])
    pull = float(measured @ seen / (seen @ seen))
    return {"windows": len(seen) // 936, "correlation": round(correlation, 3), "pull": round(pull, 3)}


def main() -> None:
    """Print a table for each field and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3, help="rendered people, of the domains in turn; 0: none")
    parser.add_argument("--seed", type=int, default=901, help="of the people; the fields were developed on 900")
    parser.add_argument("--video", nargs="*", default=[], help="real videos, for the agreement with landmarks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    films = list(clips(options.people, SIZES, options.seed))
    real = {video: list(landmark_windows(video)) for video in options.video}
    result = {"benchmark": "motion", **vars(options), "fields": {}}
    fields = {"model": by_model(DisplacementField()), "skin": by_skin}
    for name, measure in fields.items():
        lines = summary([errors(clip, measure) for clip in films])
        videos = {Path(video).name: agreement(windows, measure) for video, windows in real.items()}
        if lines:
            print(table(name, lines) + "\n")
        for video, row in videos.items():
            print(f"{name}, {video}: {row['windows']} windows, correlation {row['correlation']}, pull {row['pull']}")
        result["fields"][name] = {"rendered": lines, "videos": videos}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
