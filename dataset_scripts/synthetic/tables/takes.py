"""Long takes for spotting: minutes of one face in which some things happen, with the truth about each.

from dataset_scripts.synthetic.tables.takes import open_take, render_take

truth = render_take("take.mp4", seconds=30)  # and take.json beside it
take = open_take(domain="casme2-like", seconds=10, framing="crop", size=224)
for picture in take.frames(): ...
"""

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dataset_scripts.synthetic.acting.lively import LIDS, LivelyHead, Way
from dataset_scripts.synthetic.acting.motion import Movement, add_up
from dataset_scripts.synthetic.acting.nuisances import Drift, brightness, draw_drift, pose_path, tremor
from dataset_scripts.synthetic.acting.script import KINDS, Event, Script, act, write_script
from dataset_scripts.synthetic.camera.codec import write_mp4
from dataset_scripts.synthetic.camera.shading import Camera, Studio
from dataset_scripts.synthetic.config import SOURCE_VERSION, Domain, get_domain
from dataset_scripts.synthetic.tables.session import Session
from dataset_scripts.synthetic.tables.video import WIDE_DROP, WIDE_SPAN
from dataset_scripts.whole_files import whole_file

FRAMINGS = ("head", "crop")
_STREAM = 12  # of random numbers
_MARGIN = 0.08  # of the picture, on every side


class TakeSession(Session):
    """A session whose face can also blink, talk and turn; arguments as for `Session`.

    It films more than is shown, so that a turn brings nothing into the picture that was never rendered.
    """

    def __init__(self, domain: Domain, seed: int, subject: int, camera: Camera):
        self._margin = round(_MARGIN * camera.size)
        wide = camera.size + 2 * self._margin
        super().__init__(domain, seed, subject, replace(camera, size=wide, span=camera.span * wide / camera.size))

    def _set_up(self, studio: Studio) -> LivelyHead:
        return LivelyHead(studio, self.look.worn(studio), self.pixel)

    def drift(self, times: np.ndarray, rng: np.random.Generator) -> Drift:
        """As in a session; there is time to stray further."""
        nuisance = replace(self.domain.nuisance, stray_px=self.domain.nuisance.take_stray_px)
        return draw_drift(nuisance, times, self._loose, self.pixel, rng)

    def shoot_script(self, script: Script, times: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Film a script, one picture after the other.

        Args:
            script: what happens. times: (T,) seconds, evenly spaced. rng: of everything else.
        Yields:
            T pictures, (size, size, 3) uint8, or (size, size) with a grey camera.
        """
        nuisance, sensor = self.domain.nuisance, self.sensor(rng)
        scale = {unit: self.pixel / reach for unit, reach in self._face.reach.items()}
        moved = add_up([script.pixels, tremor(nuisance, times, rng)])
        acted, weights = (
            {unit: course * scale[unit] for unit, course in each.items()} | dict(zip(LIDS, script.lids, strict=True))
            for each in (script.pixels, moved)
        )
        path = pose_path(nuisance, times, self.pixel, rng)
        path[:, :3] += script.turn
        drift, gains = self.drift(times, rng), brightness(self.domain, times, rng)
        inside = slice(self._margin, self._face.size - self._margin)
        for index, way in enumerate(self._ways(script.large, times, scale)):
            bent, shaded = ({unit: float(each[unit][index]) for unit in sorted(each)} for each in (weights, acted))
            face = self._face.frame(bent, path[index], shaded, script.gaze[index], drift.at(index), way)
            picture = sensor.read(face, gains[index], rng)
            yield np.ascontiguousarray(picture[inside, inside])

    def _ways(self, large: list[Movement], times: np.ndarray, scale: dict[str, float]) -> Iterator[Way | None]:
        """For each frame, the way that the latest large expression takes; its heads are made when it begins."""
        coming, stations, share = list(large), None, None
        for index, time in enumerate(times):
            if coming and time >= coming[0].start:
                movement = coming.pop(0)
                courses = {name: course * scale[name] for name, course in movement.courses(times).items()}
                apex = {name: float(course.max()) for name, course in courses.items()}
                stations = self._face.stations(apex)
                lead = max(apex, key=lambda name: apex[name] / scale[name])
                share = courses[lead] / apex[lead]
            yield None if stations is None else Way(stations, float(share[index]))


class Take:
    """A take that is written but not yet filmed.

    Attributes:
        truth: what is in it, as `render_take` returns.
    """

    def __init__(self, session: TakeSession, script: Script, times: np.ndarray, seed: tuple[int, ...], truth: dict):
        self.truth = truth
        self._session, self._script, self._times, self._seed = session, script, times, seed

    def frames(self) -> Iterator[np.ndarray]:
        """Film it, picture by picture; each call films the same again."""
        return self._session.shoot_script(
            self._script, self._times, np.random.default_rng([*self._seed, len(KINDS) + 1])
        )


def open_take(
    domain: str = "casme3-like",
    subject: int = 0,
    seed: int = 0,
    number: int = 0,
    seconds: float = 20.0,
    fps: int = 30,
    size: int = 320,
    framing: str = "head",
    events: dict[str, int] | None = None,
    acts: Sequence[tuple[str, Movement]] = (),
    **variety,
) -> Take:
    """Write the script of a take and set up its session.

    Args:
        domain: whose people and movements. subject, seed: name the person. number: of this person's takes.
        seconds: 2 to 600. fps: frames a second. size: pixels a side, even. framing: "head" shows the whole head, as a
            camera does; "crop" the registered face of `load_synthetic`.
        events: how many of each kind of `script.KINDS`; those left out are drawn.
        acts: (kind, movement) of expressions that are not drawn but told, in order of time.
        variety: options of `variety.Variety.in_takes`: colour, everybody, glasses, beard.
    Returns:
        The take.
    Raises:
        ValueError: an unknown domain, framing, kind or option, or a number out of range.
    """
    events = events or {}
    check_take(seconds, fps, size, framing, events)
    settings = get_domain(domain)
    settings = replace(settings, variety=settings.variety.in_takes(**variety))
    span = {"span": WIDE_SPAN, "drop": WIDE_DROP} if framing == "head" else {}
    session = TakeSession(settings, seed, subject, Camera(size=size, colour=settings.variety.colour, **span))
    own = (seed, zlib.crc32(domain.encode()), subject, _STREAM, number)
    times = np.arange(max(2, round(seconds * fps))) / fps
    script = write_script(settings, times, events, own)
    for kind, movement in acts:
        act(script, kind, movement, times)
    script.events.sort(key=lambda event: (event.start, event.kind))
    return Take(session, script, times, own, _truth(settings, session.name, number, script, fps, times, size))


def render_take(path: str | os.PathLike, crf: int = 18, **settings) -> dict:
    """Film a take: an MP4 (H.264 where PyAV has an encoder for it) and its truth as JSON beside it.

    Args:
        path: of the film. crf: quality of H.264, smaller is better. settings: as for `open_take`.
    Returns:
        {"data_set", "label_release", "subject", "take", "fps", "frames", "size", "events": [{"kind", "onset", "apex",
        "release", "offset" (frame numbers), "action_units", "amplitude_px", "sides"}]}, see `TAKE_FEATURES`. The
        pictures are the same each time; the encoder's bytes can differ slightly between runs.
    Raises:
        ValueError: as for `open_take`.
    """
    path, take = Path(path), open_take(**settings)
    write_mp4(path, take.frames(), take.truth["fps"], crf)
    with whole_file(path.with_suffix(".json")) as unfinished:
        unfinished.write_text(json.dumps(take.truth, indent=1) + "\n", "utf-8")
    return take.truth


def check_take(seconds: float, fps: int, size: int, framing: str, events: dict[str, int]) -> None:
    """Raise ValueError unless a take of these settings can be made; arguments as for `open_take`."""
    if not 2 <= seconds <= 600 or not 10 <= fps <= 240:
        raise ValueError(f"a take lasts 2 to 600 seconds at 10 to 240 frames a second; got {seconds=}, {fps=}")
    if size < 96 or size % 2:
        raise ValueError(f"size must be an even number from 96, not {size}")
    if framing not in FRAMINGS:
        raise ValueError(f"framing must be one of {FRAMINGS}, not {framing!r}")
    unknown = sorted(set(events) - set(KINDS))
    if unknown or any(not isinstance(count, int) or count < 0 for count in events.values()):
        raise ValueError(f"events are counts by kind, {', '.join(KINDS)}; got {events}")


def _truth(domain: Domain, subject: str, number: int, script: Script, fps: int, times: np.ndarray, size: int) -> dict:
    return {
        "data_set": domain.name,
        "label_release": f"synthetic-{SOURCE_VERSION}",
        "subject": subject,
        "take": f"t{number:02d}",
        "fps": fps,
        "frames": len(times),
        "size": size,
        "events": [_event(event, times) for event in script.events],
    }


def _event(event: Event, times: np.ndarray) -> dict:
    places = {"onset": event.start, "apex": event.apex, "release": event.release, "offset": event.end}
    frames = {name: None if at is None else int(np.argmin(np.abs(times - at))) for name, at in places.items()}
    return {
        "kind": event.kind,
        **frames,
        "action_units": list(event.amplitude_px),
        "amplitude_px": list(event.amplitude_px.values()),
        "sides": [event.sides.get(unit, "both") for unit in event.amplitude_px],
    }
