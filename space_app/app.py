"""The page: drop a video of a face, see what moved, when, and why the model thinks so.

python space_app/app.py                              # in a checkout: the checkpoint that comes along
python space_app/app.py --model runs/demo/model      # or AULLM_MODEL, with AULLM_REVISION for a Hub id

Tested in tests/space_app/test_journey.py.
"""

import argparse
from pathlib import Path

import gradio as gr
import inference  # first: on ZeroGPU it imports `spaces`, which must come before torch
import page
from events import wire, wire_api
from handlers import Handlers, Part
from layout import closer_parts, input_parts, result_parts
from logs import say_little
from place import own_place
from sessions import keep_sessions
from settings import Settings
from uploads import EXAMPLES, Uploads

STYLE = Path(__file__).with_name("style.css")
THEME = gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"]).set(
    button_primary_background_fill="#1d5fa8",  # white on it: 6.5:1; the theme's own blue: 3.7:1
    button_primary_background_fill_hover="#174c86",
    button_primary_background_fill_dark="#1d5fa8",
    button_primary_background_fill_hover_dark="#2a72c0",
    block_label_text_color="*neutral_700",
    block_title_text_color="*neutral_700",
    block_info_text_color="*neutral_600",
    block_label_text_color_dark="*neutral_200",
    block_title_text_color_dark="*neutral_200",
    block_info_text_color_dark="*neutral_300",
    input_placeholder_color="*neutral_600",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    link_text_color="#1d5fa8",
)


def build(reader: inference.Reader) -> gr.Blocks:
    """The page with its events.

    Args:
        reader: the model behind limits.
    """
    settings = reader.settings
    kept = 60 * settings.keep_minutes
    keep_sessions(kept)
    with gr.Blocks(title=page.TITLE, analytics_enabled=False) as blocks:
        parts = {Part.READING: gr.State(time_to_live=kept), Part.SEEN: gr.State(time_to_live=kept)}
        gr.HTML(page.intro() + page.NOTICE)
        handlers = Handlers(reader, Uploads())
        controls = input_parts(parts, settings, handlers.live)
        result_parts(parts)
        closer_parts(parts)
        gr.HTML(page.glossary(reader.action_units) + page.privacy(settings))
        wire(blocks, handlers, parts, controls)
        wire_api(reader, parts, controls)
    return blocks.queue(max_size=settings.waiting)


def launch_options(settings: Settings) -> dict:
    """What the page is launched with, wherever it runs: no history of runs, no telemetry, no endless upload.

    Twice what the page takes is let in: recordings are weighed when they are here, and the page says what to do.
    """
    return {
        "theme": THEME,
        "css_paths": STYLE,
        "allowed_paths": [str(EXAMPLES)],  # else only where the page is started from a folder above them
        "max_file_size": 2 * settings.max_megabytes * 1_000_000,
        "footer_links": ["api", "gradio"],
        "run_history": False,
        "state_session_capacity": 32,
        "ssr_mode": False,
    }


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="See what moves in a face.")
    parser.add_argument(
        "--model", help="a folder with a config.json, or a Hub id; default: AULLM_MODEL, model.json, what comes along"
    )
    parser.add_argument("--revision", help="commit of the Hub id; default: AULLM_REVISION, then model.json")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Load the model and serve the page until it is stopped."""
    options = parsed(arguments)
    settings = Settings.from_environment(options.model, options.revision)
    say_little()
    reader = inference.Reader(settings)
    with own_place(60 * settings.keep_minutes):
        build(reader).launch(server_port=options.port, **launch_options(settings))


if __name__ == "__main__":
    main()
