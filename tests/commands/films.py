"""Filmed clips of three rendered people in a folder of one's own, as a user would bring them."""

import csv
from pathlib import Path

import av
import numpy as np

from dataset_scripts.synthetic.tables.video import render_video

UNITS = {"anna": [["AU4"], ["AU12"]], "bo": [["AU12"], ["AU4", "AU1"]], "006": [["AU4"], ["AU1"]]}
LEAD = 5


def write_clip(path: Path, frames: list[np.ndarray], fps: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def write_films(folder: Path) -> Path:
    """Six filmed movements of three people, one clip of a wall, and the metadata.csv; gives the folder back."""
    rows = [["file_name", "subject", "action_units", "onset", "apex", "offset"]]
    for number, (person, units) in enumerate(UNITS.items()):
        film = folder.parent / f"film-{number}.mp4"
        truth = render_video(film, units, subject=number, fps=60, lead_in_s=0.3, lead_out_s=0.3, gap_s=0.3, size=240)
        with av.open(str(film)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        for k, movement in enumerate(truth["movements"]):
            first = movement["onset"] - LEAD
            write_clip(folder / person / f"{k}.mp4", frames[first : movement["offset"] + LEAD], 60)
            cell = "+".join(name.removeprefix("AU") for name in movement["action_units"])
            marks = [movement[mark] - first for mark in ("onset", "apex", "offset")]
            rows.append([f"{person}/{k}.mp4", person, cell, *marks])
    write_clip(folder / "wall.mp4", [np.full((240, 240, 3), 120, np.uint8)] * 12, 60)
    rows.append(["wall.mp4", "bo", "4", 0, 5, 11])
    with (folder / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder
