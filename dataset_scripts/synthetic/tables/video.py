"""A film of a whole head with micro-expressions in it, for demos and for tests of prediction on video files."""

import os
from pathlib import Path

import numpy as np

from dataset_scripts.synthetic.acting.motion import Movement, draw_movement
from dataset_scripts.synthetic.camera.codec import write_mp4
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import get_domain
from dataset_scripts.synthetic.people.muscles import RENDERED_UNITS
from dataset_scripts.synthetic.tables.session import Session

WIDE_SPAN, WIDE_DROP = 5.2, -0.18
"""Framing of a film: a picture of 480 pixels shows the whole head, with a face about 190 pixels wide."""


def render_video(
    path: str | os.PathLike,
    action_units: list[str] | list[list[str]],
    domain: str = "casme2-like",
    subject: int = 0,
    seed: int = 0,
    fps: int = 60,
    lead_in_s: float = 1.0,
    lead_out_s: float = 1.0,
    gap_s: float = 1.0,
    size: int = 480,
    amplitude_px: float | None = None,
    crf: int = 14,
) -> dict:
    """Film one subject in colour and write an H.264 MP4.

    Args:
        path: of the file. action_units: what one micro-expression shows, as in ["AU4", "AU7"], or a list of such lists
            for several, one after the other. domain: whose people and movements.
        subject, seed: name the person and the chances of the film. The pictures are the same each time; x264's bytes
            can differ slightly between runs.
        fps: frames a second. lead_in_s, gap_s, lead_out_s: neutral seconds before, between and after.
        size: pixels a side, even. amplitude_px: median displacement at the apex, in pixels of the standard crop; the
            domain's own by default. crf: quality of H.264, smaller is better.
    Returns:
        {"fps", "frames", "domain", "subject", "movements": [{"onset", "apex", "offset" (frame numbers), "action_units",
        "amplitude_px" ({unit: pixels})}]}
    Raises:
        ValueError: an unknown domain or unit, or an argument out of range.
    """
    settings = get_domain(domain)
    groups = [action_units] if action_units and isinstance(action_units[0], str) else list(action_units)
    _check(groups, fps, size, (lead_in_s, gap_s, lead_out_s))
    camera = Camera(size=size, span=WIDE_SPAN, drop=WIDE_DROP, colour=True)
    session = Session(settings, seed, subject, camera)
    rng = np.random.default_rng([seed, subject, 7])
    movements, time = [], lead_in_s
    for units in groups:
        median = settings.amplitude_px if amplitude_px is None else amplitude_px
        movements.append(draw_movement(settings.motion, tuple(units), median, rng, time))
        time = movements[-1].end + gap_s
    count = round((time - gap_s + lead_out_s) * fps) if movements else round((lead_in_s + lead_out_s) * fps)
    times = np.arange(max(2, count)) / fps
    sensor = session.sensor(rng)
    pictures = session.film(movements, times, sensor, rng, blinks=int(rng.random() < 0.5))
    frames = write_mp4(Path(path), pictures, fps, crf)
    return {
        "fps": fps,
        "frames": frames,
        "domain": domain,
        "subject": subject,
        "movements": [_truth(movement, times) for movement in movements],
    }


def _check(groups: list[list[str]], fps: int, size: int, pauses: tuple[float, ...]) -> None:
    unknown = sorted({unit for units in groups for unit in units} - set(RENDERED_UNITS))
    if unknown or not all(groups):
        raise ValueError(f"cannot render {unknown or 'an empty list of units'}; known are {', '.join(RENDERED_UNITS)}")
    if fps < 10 or size < 160 or size % 2 or min(pauses) < 0:
        raise ValueError(
            f"fps must be 10 or more, size an even number from 160, pauses not negative; got {fps=}, {size=}, {pauses=}"
        )


def _truth(movement: Movement, times: np.ndarray) -> dict:
    """When a movement is on film, in frame numbers, and what moves."""
    onset, apex, offset = (int(np.argmin(np.abs(times - at))) for at in (movement.start, movement.apex, movement.end))
    amplitude = {unit: px for unit, px in movement.amplitude_px.items() if unit not in movement.company}
    return {
        "onset": onset,
        "apex": apex,
        "offset": offset,
        "action_units": list(amplitude),
        "amplitude_px": amplitude,
    }
