"""What a checkpoint holds: the trained weights and the name of their base, or everything with LoRA merged.

model.save_pretrained(folder)             # trained weights only; config.json names the base language model
model.save_pretrained(folder, full=True)  # LoRA merged, complete, loads without peft
"""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils import logging

from .agreement_aullm import check_labels_of
from .base_model_aullm import DOWNLOAD_OPTIONS, BaseModel, check_base, find_base, is_folder
from .configuration_aullm import keep_first_layers
from .graph_aullm import RelationGraph
from .history_aullm import History
from .integrity_aullm import RECORD, StoredCheckpoint, check_complete, check_finite, records_beside, write_record
from .language_aullm import LanguageReader, OwnAdapters
from .pipeline_aullm import add_pipeline
from .upload_aullm import ModelUpload, upload_options


class CheckpointMixin(PreTrainedModel):
    """Saving and loading for a model that holds one `LanguageReader`."""

    history: History | None = None  # None: built by hand, its config is taken at its word

    @classmethod
    def from_language_model(cls, config, language_model: str | None = None, revision: str | None = None, **hub):
        """A new model around pretrained language weights, with fresh adapters and fresh trained modules.

        Args:
            config: an `AullmConfig`; it is copied, not changed.
            language_model: Hub id, folder or `"bundled"`; None takes `config.language_model`.
            revision: Hub revision.
            **hub: how to download: `token`, `cache_dir`, `local_files_only`, `force_download`.

        Returns:
            The model in eval mode; its config records id, revision and hash of the base.
        """
        if language_model in (None, config.language_model):
            revision = revision or config.language_revision  # a revision belongs to the base it was recorded for
        base = find_base(language_model or config.language_model, revision, **hub)
        config = type(config).from_dict(config.to_dict())
        text_config = AutoConfig.from_pretrained(base.folder)
        if config.num_language_layers is not None:
            text_config = keep_first_layers(text_config, config.num_language_layers)
        text_config.name_or_path = ""  # a folder of this machine has no place in a checkpoint
        config.text_config = text_config
        config.language_model, config.language_revision = base.name, base.revision
        config.language_sha256, config.language_weights = base.sha256, "base"
        config.trained_on = {"data_sets": {}, "label_releases": [], "people": [], "complete": True}  # nobody yet
        config.calibration = None  # it was measured on other weights
        source = _read_base(base, config)
        config.embedding_rms = _embedding_rms(source)
        config.validate()
        with _quiet():  # every trained weight is new here, and the report of missing ones would say so at length
            model = super().from_pretrained(None, config=config, state_dict={})
        if model.language_reader is not None:
            _fill(model.language_reader, source)
        model.history = History.of(model)
        return model

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *model_args, verify: bool = True, **kwargs):
        """Loads a checkpoint; one without language weights fetches its base and checks that it is the right one.

        Args:
            pretrained_model_name_or_path: folder or Hub id.
            *model_args: as in `PreTrainedModel.from_pretrained`.
            verify: False loads whatever is there, for a checkpoint that was changed on purpose; what is missing starts
                fresh, and transformers' report says so.
            **kwargs: as in `PreTrainedModel.from_pretrained`; fields of the config too, such as `language_model`.
                `dtype` is that of the frozen language model ("auto": as saved), what is trained stays in float32.

        Raises:
            CheckpointError: when it is not what was saved: tensors are missing, left over, NaN or changed, or a setting
                in config.json was.
            BaseMismatchError: when the base found has other weights than the one trained on.
            ValueError: `prior` is given without `prior_source`.
        """
        if kwargs.get("prior") is not None and kwargs.get("prior_source") is None:
            raise ValueError("prior is given without prior_source: say where it came from")
        moved = kwargs.get("language_model") is not None  # then the revision recorded for the old place means nothing
        wants_info = kwargs.pop("output_loading_info", False)
        dtype, attention = kwargs.pop("dtype", kwargs.pop("torch_dtype", None)), kwargs.pop("attn_implementation", None)
        if dtype not in (None, "auto"):
            kwargs["dtype"] = torch.float32  # exact, whatever is stored; the frozen body is converted below
        hub = {option: kwargs.get(option) for option in DOWNLOAD_OPTIONS}  # a gated base asks for the same token
        name, stored, other_sizes = pretrained_model_name_or_path, None, kwargs.pop("ignore_mismatched_sizes", False)
        if verify and name is not None:
            stored = StoredCheckpoint.find(name, **kwargs)
            stored.check_config()
        model, info = super().from_pretrained(
            name,
            *model_args,
            output_loading_info=True,
            ignore_mismatched_sizes=other_sizes or stored is not None,  # ours are named below
            **kwargs,
        )
        if stored is not None:  # what is missing is named first, a digest could only say that something is
            check_complete(stored.name, info, other_sizes)
            stored.check_weights()
            left_out = model.body_keys() if model.names_base else set()
            check_finite(stored.name, {k: value for k, value in model.state_dict().items() if k not in left_out})
        reader = model.language_reader
        if reader is not None:
            if model.names_base:
                if any(weight.is_meta for weight in reader.frozen_tensors()):
                    raise ValueError(
                        f"{name} leaves its base language model out, which cannot be offloaded to disk then: write a "
                        "merged checkpoint with save_pretrained(folder, full=True) and load that"
                    )
                revision = None if moved else model.config.language_revision
                base = find_base(model.config.language_model, revision, **hub)
                check_base(model.config, base)
                _fill(reader, _read_base(base, model.config))
            reader.settle()
        if {"prior", "use_prior"} & kwargs.keys():  # the caller's, over that of the checkpoint
            for graph in (module for module in model.modules() if isinstance(module, RelationGraph)):
                graph.use_prior_of(model.config)
        if dtype not in (None, "auto"):
            model.to(getattr(torch, dtype) if isinstance(dtype, str) else dtype)
        if attention is not None:
            model.set_attn_implementation(attention)
        model.history = History.of(model)
        return (model, info) if wants_info else model

    def _apply(self, fn, recurse=True):
        """As in torch, but `half()`, `bfloat16()`, `to(dtype)` reach the frozen language model only.

        What is trained stays in float32, as it was trained and as `language_dtype` has it: rounded, the motion of a
        tenth of a pixel would be lost. The config follows, so that the model is saved as it is.
        """
        reader = self.language_reader
        frozen = {} if reader is None else {id(tensor): tensor for tensor in reader.frozen_tensors()}

        def move(tensor: torch.Tensor) -> torch.Tensor:
            moved = fn(tensor)
            return moved if id(tensor) in frozen or moved.dtype == tensor.dtype else tensor.to(moved.device)

        super()._apply(move, recurse)
        if reader is not None:
            reader.language_dtype = reader.body.get_input_embeddings().weight.dtype
            self.config.language_dtype = str(reader.language_dtype).removeprefix("torch.")
        return self

    def get_input_embeddings(self) -> nn.Module:
        """The frozen language model's token embeddings.

        Raises:
            NotImplementedError: with `reader="mlp"`, which reads no text.
        """
        if self.language_reader is None:
            raise NotImplementedError("reader='mlp' reads no text and has no token embeddings")
        return self.language_reader.body.get_input_embeddings()

    def resize_token_embeddings(self, new_num_tokens: int | None = None, *_, **__) -> nn.Module:
        """The token embeddings as they are; the frozen language model has no others.

        Raises:
            NotImplementedError: for another number of tokens.
        """
        embeddings = self.get_input_embeddings()
        if new_num_tokens not in (None, embeddings.num_embeddings):
            raise NotImplementedError(
                f"the frozen language model keeps its {embeddings.num_embeddings} tokens; the placeholders of a prompt "
                "need no rows, their embeddings are computed"
            )
        return embeddings

    def post_init(self):
        """As in `PreTrainedModel`; where checkpoints leave the base out, and only there, it may be missing in them."""
        super().post_init()
        # transformers takes over what the models inside ignore: heads are none of theirs, but of a whole model's.
        self._keys_to_ignore_on_load_unexpected = set(type(self)._keys_to_ignore_on_load_unexpected or ())
        if self.names_base:
            self._keys_to_ignore_on_load_missing.add(r"reader\.body\.(?!.*lora_)")
        if self.language_reader is not None and self.config.lora_rank:
            self.peft_config = OwnAdapters()

    def add_adapter(self, adapter_config, adapter_name: str | None = None) -> None:
        """As in transformers, for a merged model.

        Raises:
            ValueError: the model holds LoRA adapters of its own.
        """
        if isinstance(getattr(self, "peft_config", None), OwnAdapters):  # before transformers notes an adapter
            raise ValueError(OwnAdapters.REFUSAL)
        super().add_adapter(adapter_config, adapter_name)

    @property
    def names_base(self) -> bool:
        """Whether the config says that the frozen weights are those of a base elsewhere."""
        return not self.config.is_complete and self.config.language_sha256 is not None

    @property
    def leaves_base_out(self) -> bool:
        """Whether checkpoints of this model hold the trained weights only: the base was really put in.

        `Model(config)` and `AutoModel.from_config` leave the body random, and nobody could bring that back.
        """
        return self.names_base and self.language_reader.from_base

    @property
    def language_reader(self) -> LanguageReader | None:
        """The language model inside, None when the reader is an MLP."""
        return next((module for module in self.modules() if isinstance(module, LanguageReader)), None)

    def _body_prefix(self) -> str:
        return next(f"{name}.body." for name, module in self.named_modules() if isinstance(module, LanguageReader))

    def frozen_keys(self) -> set[str]:
        """Names of state-dict entries that belong to the base language model and are not in its checkpoints."""
        return self.body_keys() if self.leaves_base_out else set()

    def body_keys(self) -> set[str]:
        """Names of state-dict entries of the frozen language model, adapters not among them."""
        if self.language_reader is None:
            return set()
        prefix = self._body_prefix()
        return {name for name in self.state_dict() if name.startswith(prefix) and "lora_" not in name}

    def initialize_weights(self):
        """Initialises what no checkpoint brought, except the frozen body when its weights come from its base."""
        reader = self.language_reader
        if reader is not None and self.names_base:
            for name, parameter in reader.body.named_parameters():
                if "lora_" not in name:
                    parameter._is_hf_initialized = True
        super().initialize_weights()
        if reader is not None:
            reader.initialise_adapters()

    def load_state_dict(self, state_dict, strict: bool = True, assign: bool = False):
        """As in torch, but a trained-only checkpoint is complete: the frozen body is not reported missing."""
        result = super().load_state_dict(state_dict, strict=False, assign=assign)
        frozen = self.frozen_keys()
        missing = [key for key in result.missing_keys if key not in frozen]
        if strict and (missing or result.unexpected_keys):
            raise RuntimeError(f"state dict lacks {missing[:5]} and has unknown {result.unexpected_keys[:5]}")
        return type(result)(missing, result.unexpected_keys)

    def save_pretrained(self, save_directory, full: bool = False, state_dict: dict | None = None, **kwargs):
        """Saves code, config and weights, so that with a processor beside them `pipeline` works from the folder.

        Args:
            save_directory: folder to write.
            full: merge LoRA and write the language model too, so that the folder loads by itself without peft.
                Otherwise only what was trained is written, and the config names the base. Of a base's folder on this
                machine a complete checkpoint keeps only the name.
            state_dict: weights to write instead of the model's own (the Trainer passes them).
            **kwargs: as in `PreTrainedModel.save_pretrained`; with `push_to_hub=True` the same is uploaded.

        Raises:
            ValueError: what is to be uploaded needs a folder of this machine; labels were edited (`check_labels_of`); a
                `variant` beside weights of other settings, which share config.json.
        """
        check_labels_of(self.config)
        changes, given, upload = {}, state_dict, upload_options(save_directory, kwargs)
        if upload is not None:
            self.check_base_for_others(full)
        state_dict = dict(self.state_dict() if state_dict is None else state_dict)
        changes |= {} if self.history is None else self.history.outdated(self.config, state_dict, self.body_keys())
        if self.language_reader is not None and full:
            state_dict = self._merged(state_dict)
            changes |= {"language_weights": "included", "lora_rank": 0}
        elif self.frozen_keys():
            for key in self.frozen_keys():
                state_dict.pop(key, None)
        elif self.language_reader is not None:
            changes |= {"language_weights": "included"}
        if (full or not self.frozen_keys()) and is_folder(self.config.language_model):
            changes["language_model"] = Path(self.config.language_model).resolve().name
        if self._auto_class is not None:
            entry = f"{type(self).__module__.rsplit('.', 1)[-1]}.{type(self).__name__}"
            self.config.auto_map = {**(self.config.auto_map or {}), "AutoModelForVideoClassification": entry}
        keeps, variant = kwargs.get("is_main_process", True), kwargs.get("variant")
        with _config_with(self.config, {**changes, RECORD: None}):
            beside = records_beside(save_directory, json.loads(self.config.to_json_string()), variant)
            super().save_pretrained(save_directory, state_dict=state_dict, **kwargs)
        if keeps:
            write_record(save_directory, variant, beside)
            if self._auto_class is not None:
                add_pipeline(save_directory)
        if upload is not None and keeps:  # not above: the record is written after the weights
            self.push_to_hub(full=full, state_dict=given, variant=variant, **upload)

    def push_to_hub(
        self, repo_id: str, full: bool = False, state_dict: dict | None = None, variant: str | None = None, **options
    ) -> str:
        """As in transformers, with `full`, `state_dict` and `variant` as of `save_pretrained`.

        Raises:
            ValueError: without `full`, and the base language model is a folder of this machine.
        """
        self.check_base_for_others(full)
        save = partial(self.save_pretrained, full=full, state_dict=state_dict, variant=variant)
        return ModelUpload(save).push_to_hub(repo_id, **options)

    def check_base_for_others(self, full: bool = False) -> None:
        """Refuse to upload what nobody else could load.

        Args:
            full: whether it is a complete checkpoint.

        Raises:
            ValueError: it would need a folder of this machine.
        """
        if not full and self.frozen_keys() and is_folder(self.config.language_model):
            raise ValueError(
                f"nobody else has {self.config.language_model!r}, the folder of the base language model that this "
                "checkpoint would need: upload it complete (full=True)"
            )

    def _merged(self, state_dict: dict) -> dict:
        """A state dict with every LoRA pair folded into its base weight and peft's names undone."""
        prefix = self._body_prefix()
        merged = {k.replace(".base_layer.", "."): v for k, v in state_dict.items() if "lora_" not in k}
        for name, module in self.language_reader.body.named_modules():
            if hasattr(module, "lora_A"):
                own = f"{prefix}{name}."
                weights = {k.removeprefix(own): v for k, v in state_dict.items() if k.startswith(own)}
                merged[f"{own}weight"] = _merged_weight(module, weights)
        return merged


@torch.no_grad()
def _merged_weight(module: nn.Module, weights: dict) -> torch.Tensor:
    """Base weight and adapters of one of peft's layers in one, from given weights: peft itself asks a module's own."""
    module = copy.deepcopy(module)
    module.load_state_dict(weights, assign=True)
    weight = module.get_base_layer().weight
    return (weight.float() + module.get_delta_weight("default").float()).to(weight.dtype)


def _read_base(base: BaseModel, config) -> PreTrainedModel:
    """The pretrained body in the dtype and with the layers the config asks for."""
    dtype, layers = getattr(torch, config.language_dtype), config.text_config.num_hidden_layers
    with _quiet():  # the LM head and layers past num_language_layers are left out on purpose
        return AutoModel.from_pretrained(base.folder, dtype=dtype, num_hidden_layers=layers)


@torch.no_grad()
def _fill(reader: LanguageReader, source: PreTrainedModel) -> None:
    """Puts a pretrained body's weights into the frozen body, without a copy where possible."""
    weights = source.state_dict()
    for name, parameter in reader.body.named_parameters():
        if "lora_" not in name:
            parameter.data = weights[name.replace(".base_layer.", ".")].to(parameter.device)
    reader.from_base = True
    reader.settle()


@torch.no_grad()
def _embedding_rms(source: PreTrainedModel) -> float:
    """Of what the embeddings give, which is not always what stands in their table: Gemma's multiply it."""
    embeddings = source.get_input_embeddings()
    words = embeddings(torch.arange(len(embeddings.weight)))
    return round(words.float().square().mean().sqrt().item(), 6)


@contextmanager
def _quiet() -> Iterator[None]:
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def _config_with(config, changes: dict) -> Iterator[None]:
    """The config with some fields replaced while a checkpoint is written."""
    before = {name: getattr(config, name) for name in changes}
    for name, value in changes.items():
        setattr(config, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)
