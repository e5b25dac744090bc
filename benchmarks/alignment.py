"""How still does the processor hold a face? Known motion is put on a face and compared with what is found.

Each face gives 40 frames that move (4 px, 1 degree, 1%), with noise and JPEG; "still" has almost no head motion
(0.4 px), as in a laboratory; "expr" adds 0.6 to 2 px of brow, cheek, lip and chin movement, "broad" the same with more
skin dragged along. The error is the RMS over a 9 x 9 grid of the crop, in pixels at 224.

    python -m benchmarks.alignment --rendered 3
    python -m benchmarks.alignment --rendered 0 --video smile.mp4 --image portrait.jpg

Tested in tests/benchmarks/test_programs.py.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from dataset_scripts.synthetic.tables.video import render_video
from processing_aullm.alignment_aullm import WORK_SIZE, FaceAligner, Framing
from processing_aullm.face_networks_aullm import FaceFiles
from processing_aullm.geometry_aullm import apply, compose, invert, scale_of
from processing_aullm.landmarks_aullm import BlazeFaceDetector, FaceMesh
from processing_aullm.refinement_aullm import LEFT_BROW, RIGHT_BROW
from processing_aullm.video_aullm import open_clip

FRAMES = 40
MOTION = {  # px, degrees, scale, and how far an expression reaches around its muscle (px, one standard deviation)
    "rigid": (4.0, 1.0, 0.01, None),
    "still": (0.4, 0.1, 0.001, None),
    "expr": (4.0, 1.0, 0.01, 12.0),
    "broad": (4.0, 1.0, 0.01, 20.0),
}
PARTS = {
    "right brow": RIGHT_BROW,
    "left brow": LEFT_BROW,
    "right lip": (61,),
    "left lip": (291,),
    "chin": (152, 199),
    "right cheek": (50,),
    "left cheek": (280,),
}
DOMAINS = ("casme2-like", "samm-like")
METHODS = ("first frame", "mesh", "mesh + refinement")


def moving_frames(
    image: np.ndarray, points: np.ndarray, crop: np.ndarray, kind: str, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Frames of one still image under known similarities.

    Args:
        image: (H, W, 3) uint8 RGB.
        points: (468, 2) landmarks in it.
        crop: (2, 3) crop pixels at 224 to image pixels; motion is scaled to the crop.
        kind: A key of `MOTION`.
        seed: Of motion, expression, noise.

    Returns:
        40 frames, and for each the (2, 3) matrix from pixels of the image to pixels of the frame.
    """
    rng = np.random.default_rng(seed)
    shift, degrees, grow, reach = MOTION[kind]
    unit = scale_of(crop)
    center = apply(crop, np.full(2, (WORK_SIZE - 1) / 2))
    expression = _expression(rng, points, unit, reach * unit, image.shape) if reach else None
    frames, matrices = [], []
    for number in range(FRAMES):
        amount = float(number > 0)  # the first frame is at rest
        angle, scale = np.deg2rad(rng.uniform(-degrees, degrees)) * amount, 1 + rng.uniform(-grow, grow) * amount
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = center + rng.uniform(-shift, shift, 2) * unit * amount
        matrix = np.hstack([linear, (moved - linear @ center)[:, None]])
        face = (
            image if expression is None else _displaced(image, expression * np.float32(np.sin(np.pi * number / FRAMES)))
        )
        frame = cv2.warpAffine(
            face, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        frames.append(_camera(frame, rng))
        matrices.append(matrix)
    return frames, matrices


def _expression(
    rng: np.random.Generator, points: np.ndarray, unit: float, reach: float, shape: tuple[int, ...]
) -> np.ndarray:
    """Displacement field (H, W, 2) of brows, cheeks, lips and chin, 0.6 to 2 px at 224 each."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    field = np.zeros((*shape[:2], 2), np.float32)
    for part in PARTS.values():
        at, angle = points[list(part)].mean(0), rng.uniform(0, 2 * np.pi)
        bump = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * reach**2))
        field += bump[..., None] * (rng.uniform(0.6, 2) * unit * np.array([np.cos(angle), np.sin(angle)], np.float32))
    return field


def _displaced(image: np.ndarray, field: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    return cv2.remap(image, x - field[..., 0], y - field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _camera(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise of two grey levels and JPEG at quality 92."""
    noisy = np.clip(np.rint(frame + rng.normal(0, 2, frame.shape)), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 92])[1], cv2.IMREAD_COLOR)


def error_px(found: np.ndarray, truth: list[np.ndarray], crop: np.ndarray) -> float:
    """RMS over frames and a 9 x 9 grid of the crop, in pixels at 224, of the motion since the first frame."""
    axis = (np.linspace(-0.4, 0.4, 9) + 0.5) * (WORK_SIZE - 1)
    grid = apply(crop, np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2))
    errors = [
        apply(compose(now, invert(found[0])), grid) - apply(compose(true, invert(truth[0])), grid)
        for now, true in zip(found[1:], truth[1:], strict=True)
    ]
    return float(np.sqrt((np.array(errors) ** 2).sum(-1).mean()) / scale_of(crop))


def study(name: str, image: np.ndarray, aligner: FaceAligner, seed: int) -> Iterator[dict]:
    """One row for each kind of motion and method on one face."""
    plain = FaceAligner(aligner.detector, aligner.mesh, aligner.framing, refine=False)
    points = _landmarks(image, aligner)
    crop = aligner.framing.crop_matrix(points, WORK_SIZE)
    for kind in MOTION:
        frames, truth = moving_frames(image, points, crop, kind, seed)
        for method in METHODS:
            start = time.process_time()
            if method == "first frame":
                found = np.stack([crop] * FRAMES)
            else:
                held = (plain if method == "mesh" else aligner).align(frames, WORK_SIZE, name)
                found = held.transforms
            milliseconds = (time.process_time() - start) / FRAMES * 1e3
            yield {
                "face": name,
                "motion": kind,
                "method": method,
                "error_px": round(error_px(found, truth, found[0]), 4),
                "ms_per_frame": round(milliseconds, 1),
            }


def _landmarks(image: np.ndarray, aligner: FaceAligner) -> np.ndarray:
    faces = aligner.detector(image)
    landmarks = aligner.mesh(image, faces[0].region())
    return aligner.mesh(image, landmarks.region()).points


def faces_of(arguments: argparse.Namespace) -> Iterator[tuple[str, np.ndarray]]:
    """The still images that are moved: (name, (H, W, 3) uint8 RGB)."""
    for number in range(arguments.rendered):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "face.mp4"
            render_video(path, ["AU12"], domain=DOMAINS[number % 2], subject=number, lead_in_s=0.1, lead_out_s=0.0)
            yield f"rendered {number}", next(open_clip(path).frames([0]))
    for path in arguments.video:
        yield Path(path).name, next(open_clip(path).frames([0]))
    for path in arguments.image:
        yield Path(path).name, cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    if arguments.astronaut:
        from skimage.data import astronaut

        yield "astronaut", astronaut()


def table(rows: list[dict]) -> str:
    """The rows as text, one line for each face and motion."""
    lines = [f"{'face':24s}{'motion':8s}" + "".join(f"{method:>26s}" for method in METHODS)]
    for face, motion in dict.fromkeys((row["face"], row["motion"]) for row in rows):
        cells = [row for row in rows if (row["face"], row["motion"]) == (face, motion)]
        shown = (f"{cell['error_px']:.3f} px {cell['ms_per_frame']:5.1f} ms" for cell in cells)
        lines.append(f"{face[:23]:24s}{motion:8s}" + "".join(f"{cell:>26s}" for cell in shown))
    return "\n".join(lines)


def main() -> None:
    """Run the study and print a table, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rendered", type=int, default=3, help="faces of the clip source")
    parser.add_argument("--video", nargs="*", default=[], help="videos whose first frame is moved")
    parser.add_argument("--image", nargs="*", default=[], help="images of one face")
    parser.add_argument("--astronaut", action="store_true", help="scikit-image's astronaut, if it is installed")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    files = FaceFiles.packaged()
    aligner = FaceAligner(BlazeFaceDetector.load(files), FaceMesh.load(files), Framing())
    rows = []
    for name, image in faces_of(arguments):
        rows += study(name, image, aligner, arguments.seed)
    print(table(rows))
    refined = [row for row in rows if row["method"] == METHODS[-1]]
    summary = {kind: _mean(row["error_px"] for row in refined if row["motion"] == kind) for kind in MOTION}
    print(
        json.dumps({"error_px": summary, "ms_per_frame": _mean(row["ms_per_frame"] for row in refined), "rows": rows})
    )


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 4)


if __name__ == "__main__":
    main()
