"""Gradio's components where the page needs them to differ: uploads stay as they are, handlers check choices.

Tested in tests/space_app/test_app.py.
"""

from abc import ABCMeta

import gradio as gr
import problems


def kind_of(base: type, **methods) -> type:
    """A component that differs from Gradio's in some methods.

    Changed on one object, they would last until the first answer: Gradio makes a new one of its class for each part
    that an answer leaves as it is. Not by `class`, for which Gradio would write a file of stubs beside this one.
    """
    return ABCMeta.__new__(type(base), base.__name__, (base,), methods)


async def own_files_only(video: gr.Video, path: str | None) -> str | None:
    """A program may name an address in the place of an upload; Gradio would fetch it, however large it is."""
    if str(path).startswith(("http://", "https://")):
        raise problems.link()
    return await gr.Video.async_move_resource_to_block_cache(video, path)


OwnVideo = kind_of(
    gr.Video,
    preprocess=lambda _, payload: None if payload is None else payload.path,
    async_move_resource_to_block_cache=own_files_only,
)
"""A video that is passed on as it was uploaded."""

Radio, Dropdown = (kind_of(base, preprocess=lambda _, value: value) for base in (gr.Radio, gr.Dropdown))
"""Choices that the handlers check: Gradio forgets a session's choices when too many people are here, and would answer
with an error that tells nobody what to do.
"""


def silent_video(**options) -> gr.Video:
    """A video without sound: the browser never asks for the microphone.

    Told in the constructor, Gradio would strip the sound of every upload with the program ffmpeg, which need not be
    there; the model does not listen anyway.
    """
    video = OwnVideo(**options)
    video.include_audio = False
    return video
