"""The processor: a clip and the action units asked for, in the shape the model reads.

Example:

    processor = AullmProcessor.from_parts("HuggingFaceTB/SmolLM2-135M-Instruct", preset="base", action_units=["AU1"])
    inputs = processor(videos="smile.mp4", return_tensors="pt")
    model(**inputs)
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from transformers import AutoTokenizer, PreTrainedConfig, PreTrainedTokenizerBase
from transformers.feature_extraction_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

from .alignment_aullm import AlignedClip, FaceAligner, Framing, WhichFace
from .blinks_aullm import find_blinks
from .clip_aullm import AullmImageProcessor
from .clip_error_aullm import ClipError, ClipFault
from .explained_aullm import ExplainedClips
from .face_networks_aullm import FaceFiles
from .geometry_aullm import warp
from .landmarks_aullm import BlazeFaceDetector, FaceMesh
from .live_aullm import LiveReading
from .pair_reader_aullm import PairReader
from .prompt_aullm import (
    ACTION_UNIT_MEANINGS,
    CONTENT_TOKEN,
    INSTRUCTION_TOKEN,
    TEMPLATES,
    Prompt,
    add_placeholders,
    build_prompt,
    check_action_units,
    resolve_template,
)
from .refinement_aullm import RigidRefiner
from .stream_aullm import FaceChunk, FaceStream
from .video_aullm import open_clip
from .video_reader_aullm import Answer, VideoReading

__all__ = [
    "ACTION_UNIT_MEANINGS",
    "CONTENT_TOKEN",
    "INSTRUCTION_TOKEN",
    "TEMPLATES",
    "AlignedClip",
    "AullmImageProcessor",
    "AullmProcessor",
    "BlazeFaceDetector",
    "ClipError",
    "ClipFault",
    "FaceAligner",
    "FaceChunk",
    "FaceFiles",
    "FaceMesh",
    "FaceStream",
    "Framing",
    "Prompt",
    "RigidRefiner",
    "find_blinks",
    "open_clip",
    "warp",
]

PROMPT_INPUTS = ("input_ids", "attention_mask", "au_positions", "action_unit_numbers")
MEASURED, PUBLISHED = ({"num_frames": 6, "size": 224}, "base"), ({"num_frames": 6, "size": 64}, "paper")
PRESETS = {"base": MEASURED, "whole": MEASURED, "paper": PUBLISHED}
"""Preset of `AullmConfig` -> options of the image processor, and the prompt's template."""


class AullmProcessor(VideoReading, PairReader, ExplainedClips, ProcessorMixin):
    """Face crops and prompt of a clip.

    Args:
        image_processor: Samples and aligns the clips.
        tokenizer: The language model's tokenizer; the placeholders are added to it.
        action_units: The K action units asked for when a call names none, in the order of the logits.
        template: The prompt's template, or a name in `TEMPLATES`.
        content_token: Placeholder of the content token.
        instruction_token: Placeholder of the instruction token.
        chat_template: Not used; transformers passes it on.
    """

    def __init__(
        self,
        image_processor: AullmImageProcessor,
        tokenizer: PreTrainedTokenizerBase,
        action_units: Sequence[str] = ("AU1", "AU2", "AU4", "AU7", "AU12", "AU14", "AU15", "AU17"),
        template: str = "base",
        content_token: str = CONTENT_TOKEN,
        instruction_token: str = INSTRUCTION_TOKEN,
        chat_template: str | None = None,
    ) -> None:
        self.action_units = check_action_units(action_units)
        self.template = resolve_template(template)
        self.content_token = content_token
        self.instruction_token = instruction_token
        super().__init__(image_processor, tokenizer, chat_template=chat_template)
        add_placeholders(tokenizer, (content_token, instruction_token))
        self.prompt()

    @classmethod
    def from_parts(
        cls,
        tokenizer: PreTrainedTokenizerBase | str | Path,
        preset: str = "base",
        action_units: Sequence[str] | None = None,
        template: str | None = None,
        **image_options,
    ) -> "AullmProcessor":
        """Build a processor that is not saved anywhere yet.

        Args:
            tokenizer: A tokenizer, or the Hub id or folder of one.
            preset: "base" or "whole" (224 px), or "paper" (64 px, soft tokens first).
            action_units: As in the constructor.
            template: Overrides the preset's template: a name in `TEMPLATES` or a text.
            **image_options: Override fields of `AullmImageProcessor`.
        """
        if preset not in PRESETS:
            raise ValueError(f"unknown preset {preset!r}: known are {', '.join(PRESETS)}")
        if not isinstance(tokenizer, PreTrainedTokenizerBase):
            tokenizer = AutoTokenizer.from_pretrained(str(tokenizer))
        options = {} if action_units is None else {"action_units": action_units}
        image, usual_template = PRESETS[preset]
        image_processor = AullmImageProcessor(**{**image, **image_options})
        return cls(image_processor, tokenizer, template=template or usual_template, **options)

    def __call__(
        self,
        videos: object,
        action_units: Sequence[str] | None = None,
        onset: int | Sequence[int | None] | None = None,
        offset: int | Sequence[int | None] | None = None,
        align: bool | None = None,
        face: WhichFace = 0,
        return_tensors: str | None = None,
    ) -> BatchFeature:
        """Turn clips into the model's inputs.

        Args:
            videos: One clip or a batch, see `AullmImageProcessor.preprocess`.
            action_units: The K action units asked for; None is `self.action_units`.
            onset: First frame of the movement, one for all or one a clip.
            offset: Last frame of the movement, included.
            align: False for clips that are registered already; None is the image processor's own setting.
            face: Which face to follow: its place by size in the first frame that is read, the largest is 0, or its
                box there as a reading has it (left, top, right, bottom).
            return_tensors: "pt" for torch tensors, "np" for arrays.

        Returns:
            `pixel_values` float32 (B, T, 1, S, S), `crop_transforms` float32 (B, T, 2, 3), `frame_indices` int64
            (B, T), `input_ids` and `attention_mask` int64 (B, N), `au_positions` int64 (B, K), and
            `action_unit_numbers` int64 (B, K), 4 for AU4.

        Raises:
            ValueError: An action unit is unknown, or a placeholder is missing in the prompt.
            ClipError: A clip cannot be read or shows no face.
        """
        names = self.action_units if action_units is None else action_units
        prompt = self.prompt(names)
        pixels = self.image_processor.preprocess(videos, onset=onset, offset=offset, align=align, face=face)
        batch = len(pixels["pixel_values"])
        ids = np.tile(np.array(prompt.input_ids, dtype=np.int64), (batch, 1))
        text = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "au_positions": np.tile(np.array(prompt.au_positions, dtype=np.int64), (batch, 1)),
            "action_unit_numbers": np.tile(np.array([int(name[2:]) for name in names], dtype=np.int64), (batch, 1)),
        }
        return BatchFeature({**pixels, **text}, tensor_type=return_tensors)

    def open_stream(
        self,
        video: object,
        faces: int = 1,
        start: float | None = None,
        end: float | None = None,
        fps: float | None = None,
        length: float = 0.5,
        second_opinion: bool = False,
        known: Sequence[Sequence[float]] = (),
    ) -> FaceStream:
        """Follow the faces of a video of any length, see `AullmImageProcessor.open_stream`."""
        return self.image_processor.open_stream(
            video, faces, start=start, end=end, fps=fps, length=length, second_opinion=second_opinion, known=known
        )

    def read_live(self, answer: Answer, **options) -> LiveReading:
        """Read a face while it is filmed, see `LiveReading`; `answer` as for `read_video`."""
        return LiveReading(self, answer, **options)

    def prompt(self, action_units: Sequence[str] | None = None) -> Prompt:
        """The prompt for these action units, tokenised: what a model stores to run on pixels alone."""
        return build_prompt(
            self.tokenizer,
            self.template,
            self.action_units if action_units is None else action_units,
            self.content_token,
            self.instruction_token,
        )

    @property
    def placeholder_ids(self) -> tuple[int, int]:
        """Token ids of the content and the instruction placeholder."""
        return tuple(self.tokenizer.convert_tokens_to_ids([self.content_token, self.instruction_token]))

    @property
    def model_input_names(self) -> list[str]:
        """The inputs a call gives."""
        return [*self.image_processor.model_input_names, *PROMPT_INPUTS]

    def save_pretrained(self, save_directory: str | Path, push_to_hub: bool = False, **kwargs) -> list[str]:
        """Save configuration, tokenizer, this code and the face networks, so that the folder works on its own."""
        files = super().save_pretrained(str(save_directory)) + self.image_processor.save_face_networks(save_directory)
        if push_to_hub:
            self.push_to_hub(kwargs.pop("repo_id", Path(save_directory).name), **kwargs)
        return files

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs) -> "AullmProcessor":
        """Load from a folder or a Hub id.

        Whoever holds this class already runs this code, so no trust in remote code is asked for.
        """
        name = str(pretrained_model_name_or_path)
        image_processor = AullmImageProcessor.from_pretrained(name, **kwargs)
        # An empty configuration: the tokenizer's own file names its class, and the model's would ask for trust.
        tokenizer = AutoTokenizer.from_pretrained(name, config=PreTrainedConfig(), **kwargs)
        fields, options = cls.get_processor_dict(name, **kwargs)
        return cls.from_args_and_dict([image_processor, tokenizer], fields, **options)


AullmProcessor.register_for_auto_class("AutoProcessor")
