"""A video in, action units over time and spotted movements out.

from transformers import pipeline
pipe = pipeline("action-unit-detection", model="user/name", trust_remote_code=True)
reading = pipe("face.mp4")
for piece in pipe.stream("an_hour.mp4"): ...
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import AutoModelForVideoClassification, Pipeline
from transformers.dynamic_module_utils import custom_object_save
from transformers.pipelines import PIPELINE_REGISTRY

from .agreement_aullm import check_processor
from .explanation_aullm import explain
from .upload_aullm import ModelUpload, upload_options

TASK = "action-unit-detection"
PROMPT = ("input_ids", "attention_mask", "au_positions")
INPUTS = ("pixel_values", *PROMPT)
MARKS = {"onset", "apex"}  # options that make a clip one movement
OF_PAIRS = ("threshold", "second_opinion")  # a pipeline's defaults that count there, too
OF_LIVE = ("fps", "length", "hop", "threshold", "batch_size")


class AullmPipeline(Pipeline):
    """Reads videos with a model and its processor.

    The processor finds and follows the faces, cuts windows and skips those in which nothing moves; the model answers
    for the others; the processor joins windows to movements. Any option of `stream` may be given here too, as
    a default: `pipeline(..., hop=0.05)`.

    The three steps of a pipeline stand for one batch of windows: `preprocess` takes their crops, each once however many
    windows share it, `_forward` runs the model, `postprocess` gives probabilities.
    """

    _load_processor = True
    _load_tokenizer = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_video_processor = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self._batch_size is not None:  # transformers keeps it to itself, for its own way to fill batches
            self._preprocess_params["batch_size"] = self._batch_size
        self.model.eval()  # a model that was just built or trained would answer with dropout
        check_processor(self.model.config, self.processor)
        if self.processor.image_processor.align:  # what is missing is told now, not at somebody's first video
            self.processor.image_processor.load_face_networks()

    def __call__(self, video: Any, **options: Any) -> dict | list[dict] | Iterator[dict]:
        """Read whole videos.

        Args:
            video: what the processor's `open_clip` reads: a path, bytes, frames, a list of image files; a video of a
                `datasets` table as it is stored, `{"bytes": ..., "path": ...}`; or many: a list of videos' paths, a
                generator, a column of a data set, streaming or not, a `KeyDataset`.
            **options: as for `stream`.

        Two pictures (arrays, PIL images or image files, and no `fps`), or a clip with `onset` or `apex`, go to `pair`.

        Returns:
            A reading as docs/video.md describes it (`Reading` in reading_types_aullm.py), plain numbers and texts that
            `json.dumps` takes; a list of them for a list of paths, of which several are read at a time, so that batches
            of `batch_size` windows are filled over videos; for other kinds of many an iterator that reads a video when
            its reading is asked for.

        Raises:
            ValueError: an option is out of range, the video cannot be read or shows no face.
        """
        if MARKS & options.keys() or ("fps" not in options and self.processor.are_two_pictures(video)):
            return self.pair(video, **options)
        if self.processor.are_image_files(video):
            return self._read(video, options)
        if isinstance(video, (list, tuple)) and video and all(isinstance(each, (str, Path)) for each in video):
            return self.processor.read_videos(video, self._answer, **self._options(options))
        if isinstance(video, (Iterator, Dataset)) or type(video).__module__.partition(".")[0] == "datasets":
            return (self._read(each, options) for each in video)
        return self._read(video, options)

    def _read(self, video: Any, options: dict) -> dict:
        return self.processor.join_pieces(self.stream(video, **options))

    def pair(self, video: Any, onset: int | None = None, apex: int | None = None, **options: Any) -> dict:
        """Read one movement from a picture at rest and one at its apex.

        Args:
            video: two pictures, the one at rest first (arrays, PIL images, image files), or any clip.
            onset, apex: of a clip: frames at rest and at the apex; None: the first and the last.
            face: counted by size, the largest is 0.
            threshold: from here on an action unit counts as present.
            second_opinion: as of `stream`.

        Returns:
            A `PairReading` (reading_types_aullm.py): plain numbers and texts.

        Raises:
            ValueError: as of `__call__`.
        """
        if unknown := sorted(options.keys() - {"face", *OF_PAIRS}):
            raise ValueError(
                f"two pictures, and a clip with onset or apex, have no option {', '.join(unknown)}; "
                f"there are onset, apex, face, {', '.join(OF_PAIRS)}"
            )
        options = {**self._defaults(OF_PAIRS), **options}
        return self.processor.read_pair(_stored(video), self._answer, onset=onset, apex=apex, **options)

    def stream(self, video: Any, **options: Any) -> Iterator[dict]:
        """Read a video of any length piece by piece, in memory that does not grow with it.

        Args:
            video: one video, as above.
            faces: how many faces to follow at most, the largest first.
            start, end: seconds; what lies outside is not read.
            length, hop: seconds that a window covers, and from one window to the next.
            threshold: from here on an action unit counts as present.
            fps: frames per second, where the video states none; over one that it states, with a warning.
            batch_size: windows per forward pass.
            second_opinion: whether MediaPipe's blendshapes are asked about each movement, and name those that they
                alone see; False: our model alone.
            progress: called with the share of the video that is read, 0 to 1.
            after: the `resume` of a piece of an earlier, interrupted reading with equal options: go on after it.

        Yields:
            Pieces of a few seconds (`Piece`, reading_types_aullm.py): a reading with only what became final in it;
            `done`, the share read; and `resume`, not None on the last piece of a section.
        """
        yield from self.processor.read_video(_stored(video), self._answer, **self._options(options))

    def live(self, **options: Any):
        """Read a face while it is filmed.

        Args:
            **options: `fps`, `length`, `hop`, `threshold`, `batch_size`, `chunk`, as for `LiveReading` (live_aullm.py);
                all but `chunk` may have a default in the pipeline.

        Returns:
            A `LiveReading`: it takes frames as they come, and tells a moment later what they show.
        """
        return self.processor.read_live(self._answer, **{**self._defaults(OF_LIVE), **options})

    def explain(
        self, video: Any, onset: int | None = None, offset: int | None = None, face: int | Sequence[float] = 0
    ) -> dict:
        """What led to the answer for one stretch of a video.

        Args:
            video: as above.
            onset, offset: first and last frame, both included; None: of the video.
            face: counted by size in the first of these frames, the largest is 0, whatever its number in a reading; or
                its box there, the `box` of a reading's window that begins about then.

        Returns:
            What docs/explanations.md lists (`PicturedExplanation`, reading_types_aullm.py), as arrays and numbers;
            `draw` and `magnify` take it.
        """
        inputs, pictures = self.processor.read_clip(_stored(video), onset=onset, offset=offset, face=face)
        return {**explain(self.model, **{name: inputs[name] for name in INPUTS})[0], **pictures}

    def draw(self, explanation: dict, kind: str, action_unit: str | None = None, factor: float | None = None):
        """A picture (H, W, 3) uint8 on the original pixels: "attention" of an action unit, or "motion" as arrows."""
        return self.processor.draw(explanation, kind, action_unit=action_unit, factor=factor)

    def magnify(self, explanation: dict, factor: float = 8.0):
        """The explained frames (T, H, W, 3) uint8 with movements made larger."""
        return self.processor.magnify(explanation, factor)

    def _defaults(self, names: Sequence[str]) -> dict:
        """Those of the pipeline's own options that a way to read has."""
        return {name: value for name, value in self._preprocess_params.items() if name in names}

    def _options(self, options: dict) -> dict:
        """Those of a call over the pipeline's own."""
        return {**self._preprocess_params, **self._sanitize_parameters(**options)[0]}

    def _answer(self, crops: torch.Tensor, windows: torch.Tensor) -> list[tuple[list[float], torch.Tensor | None]]:
        """Of each window (B, T), places among the crops (N, S, S) uint8: K probabilities, and its motion from the first
        to the last frame (3, g, g), None with the LED front end.
        """
        outputs = self.forward(self.preprocess((crops, windows)))
        motion = [None] * len(windows) if outputs["motion"] is None else list(outputs["motion"])
        return list(zip(self.postprocess(outputs), motion, strict=True))

    def _sanitize_parameters(self, **options: Any) -> tuple[dict, dict, dict]:
        return options, {}, {}

    def preprocess(self, input_: tuple[torch.Tensor, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Crops (N, S, S) uint8 and the windows (B, T) that share them, to the model's inputs."""
        return self.processor.window_inputs(*input_)

    def _forward(self, model_inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        frames, windows = model_inputs["pixel_values"], model_inputs["windows"]
        if self.model.config.front_end == "displacement":
            clips = {"motion_values": self.model.measure_motion(frames, windows)}
            motion = clips["motion_values"][:, :, -1]
        else:
            clips, motion = {"pixel_values": frames[windows]}, None
        return {"logits": self.model(**clips, **{name: model_inputs[name] for name in PROMPT}).logits, "motion": motion}

    def postprocess(self, model_outputs: dict[str, torch.Tensor]) -> list[list[float]]:
        """Logits (B, K) to probabilities, as plain numbers."""
        return model_outputs["logits"].float().sigmoid().tolist()

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Save model (merged and complete), processor and this code, so that the folder works on its own.

        Args:
            save_directory: folder to write.
            **kwargs: as of the model's; with `push_to_hub=True` all of it is uploaded.
        """
        upload = upload_options(save_directory, kwargs)
        self.model.save_pretrained(save_directory, full=True, **kwargs)
        self.processor.save_pretrained(save_directory)
        if upload is not None:
            ModelUpload(partial(self.save_pretrained, **kwargs)).push_to_hub(**upload)


def _stored(video: Any) -> Any:
    """A video as it is, or what stands for it in a `datasets` table."""
    if isinstance(video, dict) and {"bytes", "path"} <= video.keys():
        return video["path"] if video["bytes"] is None else video["bytes"]
    return video


if TASK not in PIPELINE_REGISTRY.supported_tasks:  # a folder's copy of this code may have come first
    PIPELINE_REGISTRY.register_pipeline(
        TASK, pipeline_class=AullmPipeline, pt_model=AutoModelForVideoClassification, type="multimodal"
    )


def add_pipeline(folder: str | Path) -> None:
    """Make `pipeline("action-unit-detection", model=folder, trust_remote_code=True)` work from a saved folder.

    Args:
        folder: where a model is saved already; its config.json gets the entry `custom_pipelines`, and this code is put
            beside it. Every `save_pretrained` of a model calls it: a config remembers the entry, but not the code.

    Raises:
        FileNotFoundError: no config.json is there.
    """
    path = Path(folder) / "config.json"
    config = json.loads(path.read_text("utf-8"))
    implementation = f"{__name__.rsplit('.', 1)[-1]}.{AullmPipeline.__name__}"
    config["custom_pipelines"] = {
        TASK: {"impl": implementation, "pt": [AutoModelForVideoClassification.__name__], "type": "multimodal"}
    }
    custom_object_save(AullmPipeline, str(folder))
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
