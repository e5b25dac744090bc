"""A reading as CSV, JSON and WebVTT, as links that carry their content: no file is left on the server.

Tested in tests/space_app/test_readings.py.
"""

import base64
import csv
import io
import json

from readings import doubt, face_name, movements_of
from words import joined, plain

NAMES = ("face", "event", "onset_frame", "apex_frame", "offset_frame", "onset_s", "apex_s", "offset_s", "score")
EXTENT = ("side", "size_px", "size_mm", "named_by")


def as_csv(reading: dict) -> str:
    """One row per movement and blink of every face, named as on the page; a column per unit with its score. `view` is
    what speaks against reading the face, empty where nothing does.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    units = list(reading["meanings"])  # those that only the second opinion may name, too
    writer.writerow([*NAMES, *EXTENT, "view", *units])
    fps = reading["fps"]
    for face in reading["faces"]:
        events = [(each["kind"], each) for each in face["movements"]] + [
            (each.get("kind", "blink"), each) for each in face["blinks"]
        ]
        for kind, each in sorted(events, key=lambda pair: pair[1]["onset"]):
            frames = [each["onset"], each["apex"], each["offset"]]
            scores = [_rounded(each.get("action_units", {}).get(unit)) for unit in units]
            seconds = [round(frame / fps, 3) for frame in frames]
            extent = [each.get(name) for name in EXTENT]
            name, score = face_name(face["face"]), _rounded(each.get("score"))
            writer.writerow([name, kind, *frames, *seconds, score, *extent, " ".join(face["view"]), *scores])
    return text.getvalue()


def as_json(reading: dict) -> str:
    """The reading as the pipeline gave it, every window included."""
    return json.dumps(reading, indent=1) + "\n"


def as_webvtt(reading: dict) -> str:
    """Subtitles in plain words: play them over the video to see what was found when. A note, which players do not show,
    says of which face nothing should be said.

    Source: WebVTT, W3C Candidate Recommendation, section 4 (syntax).
    """
    cues, notes, meanings, fps = [], [], reading["meanings"], reading["fps"]
    several = len(reading["faces"]) > 1
    for face in reading["faces"]:
        whose = f"{face_name(face['face'])}: " if several else ""
        notes += [f"NOTE {whose}{doubt(reading, face['face'])}\n"] if face["view"] else []
        for each in movements_of(reading, face["face"]):
            what = joined([plain(unit, meanings).short for unit in each.units]) if each.units else "something moved"
            one = f" ({each.side} side)" if each.units and each.side in ("left", "right") else ""
            by = "" if each.ours else " (second opinion)"
            cues.append((each.start, each.end, f"{whose}{what}{one} {' '.join(each.units)}{by}".strip()))
        cues += [
            (each["onset"] / fps, each["offset"] / fps, f"{whose}{each.get('kind', 'blink')}")
            for each in face["blinks"]
        ]
    blocks = [f"{_clock(start)} --> {_clock(max(end, start + 0.04))}\n{text}\n" for start, end, text in sorted(cues)]
    return "\n".join(["WEBVTT\n", *notes, *blocks])


def links(reading: dict) -> str:
    """HTML: three links that save the results."""
    files = (
        ("movements.csv", "text/csv", as_csv(reading), "Table (CSV)", "opens in a spreadsheet"),
        ("reading.json", "application/json", as_json(reading), "Everything (JSON)", "windows too; faces from 0"),
        ("movements.vtt", "text/vtt", as_webvtt(reading), "Subtitles (WebVTT)", "plays along with the video"),
    )
    items = [
        f'<li><a download="{name}" href="data:{kind};charset=utf-8;base64,{_base64(text)}">{title}</a> '
        f"<span>{use}</span></li>"
        for name, kind, text, title, use in files
    ]
    return f'<ul class="downloads">{"".join(items)}</ul>'


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 4)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
