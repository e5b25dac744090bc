"""The fixed texts of the page: what it is, what it must not be used for, what happens to a video.

Tested in tests/space_app/test_journey.py.
"""

from html import escape

from problems import Problem, clock
from readings import Movement, doubt, face_of, lids_of, movements_of, summary
from settings import Settings
from words import LIDS, PLAIN, label, number

TITLE = "What moved in this face?"

NOTICE = """
<section class="notice" aria-labelledby="notice-title">
<h2 id="notice-title">Before you use this</h2>
<p><strong>The model learned from computer-made faces only.</strong> It has not been shown to read real ones. Expect
wrong answers, and do not rely on any of them.</p>
<p><strong>It names movements, not feelings.</strong> A raised brow is a raised brow. What someone feels, wants or hides
cannot be read from it.</p>
<p><strong>Do not use it</strong></p>
<ul>
<li>to find out whether someone lies: no movement of a face shows that;</li>
<li>in hiring, at borders, in policing, credit, medicine, or any decision about a person;</li>
<li>on people who do not know of it or have not agreed;</li>
<li>to infer emotions at work or in schools: in the European Union that is unlawful (AI Act, Article 5(1)(f)).</li>
</ul>
</section>
"""


def intro() -> str:
    """What this page does, in three sentences."""
    return (
        f"<h1>{TITLE}</h1><p class='lead'>Give it a short video of a face. It finds small movements, even ones of a "
        "fraction of a second, says in plain words what moved and when, and shows why the model thinks so. "
        "Researchers call these movements <em>action units</em>.</p>"
    )


def limits(settings: Settings) -> str:
    """What is taken on."""
    return (
        f"<p class='limits' data-megabytes='{settings.max_megabytes}'>At most {settings.max_megabytes} MB, "
        f"{clock(settings.max_seconds)} at once, and {settings.longest_side} pixels on the longest side. Of a larger "
        "video cut out the seconds that matter, or save it with a smaller picture. The face should look towards the "
        "camera, in even light, and hold fairly still. Sound is not used.</p>"
    )


def privacy(settings: Settings) -> str:
    """What happens to a video."""
    return (
        "<section><h2>What happens to your video</h2><p>It is read by the machine that runs this page; no "
        "person sees it. It is deleted when you press “Delete my video”, bring another one or close this page, at once "
        f"where nothing can be done with it, and in any case after {settings.keep_minutes} minutes. Pictures and "
        "results stand in memory just as long, and are never "
        "written to a disk. Nothing about you is noted down: no file names, no faces, no results.</p></section>"
    )


def glossary(units: list[str]) -> str:
    """Every action unit of the model in plain words."""
    rows = "".join(
        f"<div><dt>{escape(unit)}</dt><dd>{escape(PLAIN[unit].happened)}</dd></div>" for unit in units if unit in PLAIN
    )
    return (
        "<h2>What are action units?</h2><p>The Facial Action Coding System (FACS; Ekman, Friesen and Hager) gives each "
        f"movement that facial muscles can make a number. This model knows {len(units)} of them, and no others:</p>"
        f"<dl class='glossary'>{rows}</dl><p>The <b>score</b> goes from 0 to 1. It tells how strongly the model "
        "leans towards an answer. It is not the chance of being right: that was never measured on real faces.</p>"
        "<p>A <b>second opinion</b> comes from another network, MediaPipe by Google, which looks at single pictures. "
        "It may name movements that this model does not know, and sees none that are very small.</p>"
    )


def found(reading: dict, face: int, movements: list[Movement]) -> str:
    """What was found for one face; behind a click where the face is not seen well enough to say anything."""
    told = "".join(f"<p>{sentence}</p>" for sentence in summary(reading, face))
    items = "".join(f"<li>{each.sentence(reading['meanings'])}</li>" for each in movements)
    listed = f"{told}<ol>{items}</ol>" if items else told
    if face_of(reading, face)["view"]:
        warned = f'<div class="state problem" data-doubt><p><strong>{doubt(reading, face)}</strong></p></div>'
        listed = f"{warned}<details><summary>What it would say all the same</summary>{listed}</details>"
    return f"<div class='summary'>{listed}</div>"


def live(readings: list[dict], seen: bool, seconds: float) -> str:
    """What the live camera sees now, and what it has seen.

    Args:
        readings: of what was filmed so far, with one face each; the last one goes on.
        seen: whether a face is followed right now.
        seconds: since it began.
    """
    reading = readings[-1]
    face = reading["faces"][0]
    if not seen:
        now = "<p><strong>No face is seen.</strong> Look into the camera, in even light.</p>"
    elif face["view"]:
        now = f"<p><strong>{doubt(reading, 0)}</strong></p>"
    else:
        now = ""
    answers = face["windows"][-1]["probabilities"] if face["windows"] and seen else None
    rows = "".join(
        f'<li class="{"strong" if p >= reading["threshold"] else "weak"}"><span>{escape(label(unit))}</span>'
        f'<b>{number(p)}</b><div class="bar" aria-hidden="true"><i style="width:{100 * p:.0f}%"></i></div></li>'
        for unit, p in zip(reading["action_units"], answers or [0.0] * len(reading["action_units"]), strict=True)
    )
    movements = [movement for each in readings for movement in movements_of(each, 0)]
    items = "".join(f"<li>{each.sentence()}</li>" for each in reversed(movements))
    lids = {kind: sum(len(lids_of(each, 0)[kind]) for each in readings) for kind in LIDS}
    closed = ", ".join(f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in lids.items() if n or kind == "blink")
    return (
        f'<div class="live-now">{now}<h3>Right now</h3><ul class="bars">{rows}</ul></div><div class="live-past">'
        f"<h3>So far ({seconds:.0f} s, {closed})</h3>"
        f"<ul>{items or '<li>No movement yet. One is told some seconds after it, when it is over.</li>'}</ul></div>"
    )


CAMERA = """
<div class="camera"><p>Reads your face while it is filmed. The pictures go to the machine that runs this page and stay
in its memory; nobody else sees them. When you stop, what was filmed becomes the video of this page, to be read closer,
and is deleted with it.</p>
<div class="camera-buttons"><button type="button" class="camera-start">Start the camera</button>
<button type="button" class="camera-stop" disabled>Stop</button>
<label><input type="checkbox" class="camera-points"> Draw the points it follows</label></div>
<div class="camera-state" role="status"></div>
<div class="camera-both"><div class="camera-view"><video muted playsinline aria-label="What the camera sees"></video>
<canvas aria-hidden="true"></canvas></div><div class="camera-told" data-batches="0"></div></div></div>
"""


def state(problem: Problem) -> str:
    """What is wrong, and what to do."""
    return (
        f'<div class="state problem" data-state="{problem.state}"><p><span aria-hidden="true">⚠</span> '
        f"<strong>{escape(problem.headline)}</strong></p><p>{escape(problem.advice)}</p></div>"
    )


def message(name: str, text: str) -> str:
    """A state that is no problem."""
    return f'<div class="state" data-state="{name}"><p>{escape(text)}</p></div>'
