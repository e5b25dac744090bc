"""The page's parts in the order they stand there. Headings carry the structure; every control has its words.

Tested in tests/space_app/test_journey.py.
"""

from pathlib import Path

import gradio as gr
import page
from components import Dropdown, Radio, silent_video
from handlers import VIEWS, Part, Way
from live import Live
from settings import Settings
from uploads import described

SCRIPT, CAMERA_SCRIPT, UPLOAD_SCRIPT = (
    Path(__file__).with_name(name).read_text("utf-8") for name in ("page.js", "camera.js", "upload.js")
)
READ_ALOUD = "element.setAttribute('role', 'status');\n"  # what is written there is spoken
STRONGEST_MAGNIFICATION = 15  # beyond it the pipeline smooths too much away


def input_parts(parts: dict, settings: Settings, live: Live) -> dict:
    """Two ways to a face, a video and the live camera, and what the page says of it."""
    gr.HTML("<h2>1. Choose a video, or let it watch you</h2>")
    with gr.Tabs(elem_id="ways") as parts[Part.WAYS]:
        with gr.Tab("A video", id=Way.VIDEO):
            controls = video_parts(parts, settings)
        controls["camera"] = live_part(live)
    parts[Part.STATUS] = gr.HTML(elem_id="status", min_height=64, js_on_load=READ_ALOUD + UPLOAD_SCRIPT)
    return controls


def video_parts(parts: dict, settings: Settings) -> dict:
    """The video, the part of it to read, and the buttons."""
    gr.HTML(page.limits(settings))
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            parts[Part.VIDEO] = silent_video(
                label="Video of a face",
                sources=["upload", "webcam"],
                elem_id="video",
            )
            with gr.Row():
                start = gr.Number(label="From second", minimum=0, value=0, elem_id="start", min_width=120)
                end = gr.Number(label="To second (0: to the end)", minimum=0, value=0, elem_id="end", min_width=120)
        with gr.Column(scale=2, min_width=300):
            gr.HTML("<h3>Examples (computer-made people)</h3>")
            with gr.Row(elem_classes="examples"):
                examples = [
                    gr.Button(told[0].upper() + told[1:], elem_classes="example", size="sm", min_width=140)
                    for told in described().values()
                ]
            go = gr.Button("Find movements", variant="primary", elem_id="go")
            delete = gr.Button("Delete my video", variant="secondary", elem_id="delete")
    return {"start": start, "end": end, "go": go, "delete": delete, "examples": examples}


def live_part(live: Live) -> gr.HTML | None:
    """The tab of the camera that is read while it films; None, and no tab, where that cannot be."""
    if not live.reader.reads_live:
        return None

    def begin(_):
        return live.begin()

    def watch(batch):
        return live.watch(batch)

    with gr.Tab("Live camera", id=Way.LIVE, elem_id="live", render_children=True):
        return gr.HTML(page.CAMERA, elem_id="camera", js_on_load=CAMERA_SCRIPT, server_functions=[begin, watch])


def result_parts(parts: dict) -> None:
    """What moved, and when."""
    with gr.Column(visible=False, elem_id="results") as parts[Part.RESULTS]:
        gr.HTML("<h2 id='results-title' tabindex='-1'>2. What moved, and when</h2>")
        parts[Part.PORTRAITS] = gr.HTML(elem_id="portraits")
        parts[Part.FACES] = Radio(label="Whose face?", visible=False, elem_id="faces")
        parts[Part.SUMMARY] = gr.HTML(elem_id="summary")
        parts[Part.TIMELINE] = gr.HTML(elem_id="timeline", js_on_load=SCRIPT)
        parts[Part.DRAW] = gr.Button("Draw the points it follows on the video", size="sm", elem_id="draw")
        parts[Part.POINTS] = gr.HTML(elem_id="points")
        told = "or press its number in the timeline"
        parts[Part.MOVES] = Radio(label="Look closer at a movement", info=told, elem_id="moves")
        gr.HTML("<h3>Save the results</h3>")
        parts[Part.DOWNLOADS] = gr.HTML(elem_id="downloads")


def closer_parts(parts: dict) -> None:
    """One movement: what it looked like, and why the model thinks so."""
    with gr.Column(visible=False, elem_id="closer") as parts[Part.CLOSER]:
        gr.HTML("<h2 id='closer-title' tabindex='-1'>3. A closer look</h2>")
        parts[Part.SENTENCE] = gr.HTML(elem_id="sentence")
        with gr.Row():
            with gr.Column(min_width=300):
                gr.HTML("<h3>The strongest moment</h3>")
                parts[Part.PICTURE] = gr.HTML(elem_id="picture")
                parts[Part.VIEW] = gr.Radio(
                    [(told, view) for view, told in VIEWS.items()], value="attention", label="Show", elem_id="view"
                )
                parts[Part.UNIT] = Dropdown(label="For which movement", filterable=False, elem_id="unit")
            with gr.Column(min_width=300):
                gr.HTML(
                    "<h3>Scores</h3><p>Of the whole movement. The timeline's scores are of half-second windows.</p>"
                )
                parts[Part.BARS] = gr.HTML(elem_id="bars")
        gr.HTML("<h3>See it move</h3>")
        parts[Part.FLIP] = gr.HTML(elem_id="flip", js_on_load=SCRIPT)
        parts[Part.FACTOR] = gr.Slider(
            1, STRONGEST_MAGNIFICATION, value=8, step=1, label="Magnify the movement (times)", elem_id="factor"
        )
        gr.HTML(
            "<h3>Why does the model think so?</h3>"
            "<p>These are the model's own weights and answers, not guesses about it.</p>"
        )
        with gr.Row():
            with gr.Column(min_width=300):
                parts[Part.EXPERTS] = gr.HTML(elem_id="experts")
            with gr.Column(min_width=300):
                parts[Part.FLIPS] = gr.HTML(elem_id="flips")
        gr.HTML(
            "<h4>Which movements listen to each other</h4><p>Faces rarely move one muscle alone. The model learned "
            "which movements tell something about others; arrows run from the one that tells to the one that "
            "listens. Filled circles: seen here. Dashed arrows speak against, or tell less than before training.</p>"
        )
        parts[Part.GRAPH] = gr.HTML(elem_id="graph")
