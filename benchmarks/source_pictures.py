"""The pictures of docs/clip_source.md: subjects, action units at three intensities, nuisances, a take.

Tested in tests/benchmarks/test_programs.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from dataset_scripts.synthetic import open_take
from dataset_scripts.synthetic.acting.motion import Movement
from dataset_scripts.synthetic.acting.nuisances import Sensor
from dataset_scripts.synthetic.camera.codec import compress
from dataset_scripts.synthetic.camera.eyes import Gaze
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import DOMAINS, STILL, Domain, Nuisance, get_domain
from dataset_scripts.synthetic.people.muscles import BLINK, RENDERED_UNITS
from dataset_scripts.synthetic.tables.session import Session

_FONT, _INK, _PAPER = cv2.FONT_HERSHEY_SIMPLEX, (30, 30, 30), 255
_HEAD, _CAPTION = 18, 15  # pixels of a heading and of a caption
_LANES = {
    "micro": (200, 40, 40),
    "macro": (220, 130, 30),
    "speech": (40, 120, 200),
    "blink": (90, 90, 90),
    "gaze": (40, 150, 90),
    "turn": (140, 80, 170),
    "closure": (60, 60, 60),
    "wink": (150, 120, 90),
    "mouth": (190, 90, 130),
}
_INTENSITIES_PX = (0.75, 2.0, 5.0)


def draw_pictures(folder: Path) -> Iterator[Path]:
    """Write all pictures.

    Args:
        folder: to write to.
    Yields:
        the path of each picture once it is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "subjects.png": subjects,
        "units_casme2.jpg": lambda: units("casme2-like", 1),
        "units_samm.jpg": lambda: units("samm-like", 2),
        "units_casme3.jpg": lambda: units("casme3-like", 1),
        "nuisances.jpg": nuisances,
        "take.jpg": take,
    }
    for name, draw in pictures.items():
        path = folder / f"source_{name}"
        cv2.imwrite(str(path), draw()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88] if path.suffix == ".jpg" else [])
        yield path


def subjects(count: int = 8, size: int = 128) -> np.ndarray:
    """The first people of every domain, as its camera sees them; a row a domain."""
    rows = []
    for domain in DOMAINS.values():
        camera = Camera(size=size, colour=True)
        people = (Session(domain, 0, number, camera) for number in range(count))
        rows.append(row([_still_picture(person) for person in people], domain.name))
    return column(rows)


def units(domain: str, subject: int, size: int = 144) -> np.ndarray:
    """Every unit at rest and at three intensities, and what changes."""
    session, rows = _studio(get_domain(domain), subject, size), []
    for unit in RENDERED_UNITS:
        rest, *apexes = (_acted(session, {unit: pixels}) for pixels in (0.0, *_INTENSITIES_PX))
        labels = [unit, *(f"{pixels} px" for pixels in _INTENSITIES_PX), "change at 2 px, x8"]
        pictures = [rest, *apexes, difference(apexes[1], rest, 8)]
        rows.append(np.hstack([tile(*pair) for pair in zip(pictures, labels, strict=True)]))
    half = -(-len(rows) // 2)
    return grid([column(rows[:half]), column(rows[half:])], 2)


def nuisances(size: int = 176) -> np.ndarray:
    """What each nuisance does to one still face, and the difference it makes."""
    domain = replace(get_domain("samm-like"), nuisance=STILL)
    session = _studio(domain, 2, size)
    rest = _acted(session, {})
    shown = (
        {"rest": rest} | dict(_moved(session)) | dict(_filmed(domain, session, rest, size)) | dict(_worn(domain, size))
    )
    tiles = [np.vstack([tile(picture, name), difference(picture, rest, 4)]) for name, picture in shown.items()]
    return grid(tiles, 5)


def _moved(session: Session) -> Iterator[tuple[str, np.ndarray]]:
    """Movements that are not coded."""
    rng = np.random.default_rng(3)
    lively = replace(session.domain, nuisance=Nuisance(gain_sigma=0, flicker=0, fixed_pattern=0))
    session.domain, still = lively, session.domain
    yield "sway and registration", _acted(session, {}, rng)
    session.domain = still
    yield "tremor, 0.2 px here", _acted(session, {"AU4": 0.2, "AU12": 0.2, "AU17": 0.2})
    yield "blink of a clip", _acted(session, {BLINK: 4.5})
    yield "gaze shift", _acted(session, {}, gaze=Gaze(0.28, 0.05))
    yield "uncoded movement", _acted(session, {"AU20": 1.5})


def _filmed(domain: Domain, session: Session, rest: np.ndarray, size: int) -> Iterator[tuple[str, np.ndarray]]:
    """Camera, light and compression."""
    pattern = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32) * 0.004
    yield "brighter", _acted(session, {}, gain=1.12)
    yield "blur", _acted(session, {}, sensor=replace(_clean(domain, size), blur=0.9))
    yield "sensor noise", _acted(session, {}, sensor=replace(_clean(domain, size), noise=domain.noise, pattern=pattern))
    for quality in (90, 70):
        file = cv2.imencode(".jpg", rest[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        yield f"JPEG {quality}", cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1]
    for factor in (23, 36):
        yield f"H.264 crf {factor}", compress([rest, rest, rest], factor)[-1]


def _worn(domain: Domain, size: int) -> Iterator[tuple[str, np.ndarray]]:
    """The same person with glasses and with a beard."""
    for name in ("glasses", "beard"):
        look = replace(domain, variety=domain.variety.but(**{name: 1.0}))
        yield name, _acted(_studio(look, 2, size), {})


def take(size: int = 144) -> np.ndarray:
    """A take as a film strip: its timeline, and the onset, apex and offset of some events."""
    shot = open_take(
        "casme3-like", 7, number=1, seconds=24, size=size, framing="crop", events={"micro": 3, "macro": 1, "speech": 1}
    )
    events = shot.truth["events"]
    first = {event["kind"]: event for event in reversed(events)}
    wanted = {frame for event in first.values() for frame in _between(event)}
    kept = {number: picture for number, picture in enumerate(shot.frames()) if number in wanted}
    rows = []
    for kind in sorted(first):
        event = first[kind]
        names = [kind, *event["action_units"]]
        rows.append(
            row(
                [kept[frame] for frame in _between(event)],
                f"{' '.join(names)}: frames {event['onset']} to {event['offset']}",
            )
        )
    return column([timeline(events, shot.truth["frames"], shot.truth["fps"], rows[0].shape[1]), *rows])


def _between(event: dict) -> list[int]:
    """Seven frames from onset to offset, the apex in the middle."""
    rise = np.linspace(event["onset"], event["apex"], 4).round().astype(int)
    fall = np.linspace(event["apex"], event["offset"], 4).round().astype(int)
    return [*rise.tolist(), *fall[1:].tolist()]


def _studio(domain: Domain, subject: int, size: int) -> Session:
    return Session(replace(domain, nuisance=STILL), 0, subject, Camera(size=size, colour=True))


def _clean(domain: Domain, size: int) -> Sensor:
    return Sensor(gamma=domain.gamma, blur=0.3, noise=0, pattern=np.zeros((size, size), np.float32), jpeg=95)


def _still_picture(session: Session) -> np.ndarray:
    rng = np.random.default_rng(0)
    return next(session.film([], np.array([0.0, 1.0]), session.sensor(rng), rng))


def _acted(
    session: Session,
    amplitude_px: dict[str, float],
    rng: np.random.Generator | None = None,
    gaze: Gaze | None = None,
    gain: float = 1.0,
    sensor: Sensor | None = None,
) -> np.ndarray:
    """The picture at the apex of a movement."""
    still = dict.fromkeys(amplitude_px, 0.0)
    movement = Movement(0.0, 0.1, 0.1, 0.1, 0.0, amplitude_px, still, dict.fromkeys(amplitude_px, 1.0))
    sensor = sensor or _clean(session.domain, session.size)
    film = session.film(
        [movement],
        np.array([0.0, 0.15]),
        sensor,
        rng or np.random.default_rng(0),
        0,
        None if gaze is None else [gaze] * 2,
    )
    *_, picture = film
    return picture if gain == 1.0 else np.uint8(np.clip(picture * gain**session.domain.gamma, 0, 255))


def tile(picture: np.ndarray, caption: str) -> np.ndarray:
    """A picture (h, w, 3) with a caption written over its upper edge."""
    shown = picture.copy()
    shown[:_CAPTION] = _PAPER
    cv2.putText(shown, caption, (3, _CAPTION - 4), _FONT, 0.36, _INK, 1, cv2.LINE_AA)
    return shown


def row(pictures: Sequence[np.ndarray], heading: str) -> np.ndarray:
    """Pictures of one height side by side under a heading."""
    strip = np.hstack(pictures)
    head = np.full((_HEAD, strip.shape[1], 3), _PAPER, np.uint8)
    cv2.putText(head, heading, (4, _HEAD - 5), _FONT, 0.4, _INK, 1, cv2.LINE_AA)
    return np.vstack([head, strip])


def column(rows: Sequence[np.ndarray], heading: str | None = None) -> np.ndarray:
    """Rows under each other; narrow ones are filled up."""
    width = max(each.shape[1] for each in rows)
    padded = [np.pad(each, ((0, 0), (0, width - each.shape[1]), (0, 0)), constant_values=_PAPER) for each in rows]
    return np.vstack(padded) if heading is None else row([np.vstack(padded)], heading)


def grid(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tiles from left to right and downwards, with a gap between them."""
    height, width = (max(each.shape[axis] for each in tiles) for axis in (0, 1))
    sheet = []
    for start in range(0, len(tiles), columns):
        line = [*tiles[start : start + columns]]
        line += [np.full((1, 1, 3), _PAPER, np.uint8)] * (columns - len(line))
        cells = [
            np.pad(each, ((0, height - each.shape[0]), (0, width + 6 - each.shape[1]), (0, 0)), constant_values=_PAPER)
            for each in line
        ]
        sheet.append(np.pad(np.hstack(cells), ((0, 6), (0, 0), (0, 0)), constant_values=_PAPER))
    return np.vstack(sheet)


def difference(picture: np.ndarray, rest: np.ndarray, gain: int) -> np.ndarray:
    """How a picture differs from another, around mid-grey and amplified."""
    return np.uint8(np.clip(128 + gain * (picture.astype(float) - rest), 0, 255))


def timeline(events: Sequence[dict], frames: int, fps: float, width: int) -> np.ndarray:
    """A lane for each kind of event (h, width, 3), seconds below."""
    lane, left = 16, 60
    sheet = np.full((lane * (len(_LANES) + 1) + 6, width, 3), _PAPER, np.uint8)
    scale = (width - left - 8) / frames
    for index, (kind, colour) in enumerate(_LANES.items()):
        top = index * lane + 3
        cv2.putText(sheet, kind, (4, top + 11), _FONT, 0.38, _INK, 1, cv2.LINE_AA)
        for event in (event for event in events if event["kind"] == kind):
            start, end = (round(left + scale * event[name]) for name in ("onset", "offset"))
            cv2.rectangle(sheet, (start, top), (max(end, start + 2), top + lane - 4), colour, -1)
    for second in range(0, int(frames / fps) + 1, 2):
        place = (round(left + scale * second * fps), sheet.shape[0] - 5)
        cv2.putText(sheet, f"{second} s", place, _FONT, 0.35, _INK, 1, cv2.LINE_AA)
    return sheet
