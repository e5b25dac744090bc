"""AULLM++: micro-expression action units from a clip, read by a language model.

    pixel_values (B, T, 1, H, W)
        -> motion front end -> 3-D encoder -> x_att (B, C, T', H', W')
        -> MGE-EFP  -> content token     (B, D) --+
        -> R-AUGNN  -> instruction token (B, D) --+-> prompt -> language model with LoRA -> head -> logits (B, K)

Letters: B batch, T frames, C channels, H W pixels or cells, K action units, D language width, L graph layers,
N graph width or prompt tokens, Q read-out positions, E experts.

    model = AullmForActionUnitDetection.from_language_model(AullmConfig.preset("base"))
    model(pixel_values=clips, labels=labels).loss.backward()
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from transformers import initialization as init
from transformers.utils import ModelOutput

from .agreement_aullm import check_asked_units, check_clips, check_here, check_labels, check_labels_of
from .checkpoint_aullm import CheckpointMixin
from .configuration_aullm import AullmConfig
from .graph_aullm import Nodes, RelationGraph
from .heads_aullm import EvidenceHead, ReadoutHead
from .language_aullm import LanguageReader, TokenScale
from .loss_aullm import asymmetric_loss, prototype_loss
from .mlp_reader_aullm import MlpReader
from .projector_aullm import EvidenceProjector
from .prompt_layout_aullm import PromptLayout, config_prompt, lay_out
from .temporal_aullm import MotionFrontEnd
from .transfer_aullm import carry_over, config_for
from .visual_aullm import MotionEncoder


@dataclass
class AullmOutput(ModelOutput):
    """What the model gives back; everything after `logits` only when asked for.

    Args:
        loss: scalar, with labels. loss_parts: its named parts before weighting.
        logits: (B, K). flipped_logits: (B, K) after the flip asked for by `flip_index`.
        counterfactual_logits: (B, K, K), axis 1 = the unit flipped to the opposite of its own predicted state.
        content_token, instruction_token: (B, D) as the language model receives them.
        au_attentions: (B, K, T', H', W'), each map sums to 1. graph_strengths: (B, L, K, K), row = receiver.
        expert_weights: (B, E). node_logits: (B, K), each node's own evidence, when `node_loss_weight` trains it.
        last_hidden_state: (B, Q, D) at the read-out positions.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    flipped_logits: torch.Tensor | None = None
    counterfactual_logits: torch.Tensor | None = None
    content_token: torch.Tensor | None = None
    instruction_token: torch.Tensor | None = None
    au_attentions: torch.Tensor | None = None
    graph_strengths: torch.Tensor | None = None
    expert_weights: torch.Tensor | None = None
    node_logits: torch.Tensor | None = None
    loss_parts: dict[str, torch.Tensor] | None = None
    last_hidden_state: torch.Tensor | None = None


class Evidence(NamedTuple):
    """What was seen in a clip, before any reasoning."""

    content: torch.Tensor  # (B, D)
    nodes: Nodes | None
    expert_weights: torch.Tensor | None  # (B, E)


class AullmPreTrainedModel(CheckpointMixin):
    """Weight initialisation and the facts `transformers` asks for."""

    config_class = AullmConfig
    base_model_prefix = "model"
    main_input_name = "pixel_values"
    accepts_loss_kwargs = False
    _supports_sdpa = True
    supports_gradient_checkpointing = True
    _keep_in_fp32_modules_strict = ("motion", "encoder", "projector", "graph", "token_scales", "head", "evidence_head")

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.Conv3d)):
            init.kaiming_uniform_(module.weight, a=5**0.5)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm3d)):
            init.ones_(module.weight)
            init.zeros_(module.bias)
            if isinstance(module, nn.BatchNorm3d):
                init.zeros_(module.running_mean)
                init.ones_(module.running_var)
                init.zeros_(module.num_batches_tracked)
        elif hasattr(module, "initialise"):
            module.initialise()


class AullmModel(AullmPreTrainedModel):
    """From a clip to the hidden states the heads read. No head.

    Raises:
        ValueError: when the config has no `text_config`; build through `from_language_model`.
    """

    _keys_to_ignore_on_load_unexpected = (r"^(evidence_)?head\.",)  # a whole model's checkpoint fits, too

    def __init__(self, config):
        super().__init__(config)
        check_labels_of(config)
        if config.text_config is None:
            raise ValueError("config.text_config is None: build with AullmForActionUnitDetection.from_language_model")
        width = config.text_config.hidden_size
        start = config.embedding_rms or getattr(config.text_config, "initializer_range", None) or 0.02
        self.motion = MotionFrontEnd(config)
        self.encoder = MotionEncoder(config, self.motion.channels)
        self.projector = EvidenceProjector(config, width) if config.use_content_token else None
        self.graph = RelationGraph(config, width) if config.use_instruction_token else None
        self.token_scales = nn.ModuleDict()
        if config.use_content_token:
            self.token_scales["content"] = TokenScale(width, start)
        if config.use_instruction_token:
            self.token_scales["instruction"] = TokenScale(width, start)
        self.reader = MlpReader(config) if config.reader == "mlp" else LanguageReader(config)
        self.post_init()

    def observe(self, pixel_values: torch.Tensor | None = None, motion_values: torch.Tensor | None = None) -> Evidence:
        """See a clip once: content token and graph nodes. Always float32, also under autocast."""
        check_here(self)
        values = motion_values if pixel_values is None else pixel_values
        with torch.autocast(values.device.type if values is not None else "cpu", enabled=False):
            x_att = self.encoder(self.motion(pixel_values, motion_values))
            nodes = None if self.graph is None else self.graph.chunk(x_att)
            if self.projector is None:
                return Evidence(x_att.new_zeros(x_att.shape[0], self.config.text_config.hidden_size), nodes, None)
            content, expert_weights = self.projector(x_att)
            return Evidence(self.token_scales["content"](content), nodes, expert_weights)

    def instruct(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Node features (B, K, N) -> instruction token (B, D) and strengths (B, L, K, K)."""
        with torch.autocast(features.device.type, enabled=False):
            token, strengths = self.graph.reason(features)
            return self.token_scales["instruction"](token), strengths

    def prompt(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        au_positions: torch.Tensor | None = None,
    ) -> PromptLayout | None:
        """Layout of the prompts passed, or of the config's own prompt. None for a reader that reads no text."""
        config = self.config
        if config.reader == "mlp":
            return None
        if input_ids is None:
            return config_prompt(config, self.device)
        vocabulary = config.text_config.vocab_size
        content = vocabulary if config.content_token_id is None else config.content_token_id
        instruction = vocabulary + 1 if config.instruction_token_id is None else config.instruction_token_id
        return lay_out(input_ids, attention_mask, au_positions, content, instruction, config.readout)

    def forward(
        self,
        pixel_values: torch.Tensor | None = None,
        motion_values: torch.Tensor | None = None,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        au_positions: torch.Tensor | None = None,
    ) -> AullmOutput:
        """Hidden states at the read-out positions; arguments as in `AullmForActionUnitDetection.forward`."""
        seen = self.observe(pixel_values, motion_values)
        token, strengths = torch.zeros_like(seen.content), None
        if self.graph is not None:
            token, strengths = self.instruct(seen.nodes.features)
        hidden = self.reader(seen.content, token, self.prompt(input_ids, attention_mask, au_positions))
        return AullmOutput(
            last_hidden_state=hidden,
            content_token=seen.content,
            instruction_token=token,
            graph_strengths=strengths,
            expert_weights=seen.expert_weights,
        )


class AullmForActionUnitDetection(AullmPreTrainedModel):
    """AULLM++ with its classification head: one logit for each action unit.

    Attributes:
        checks_values: set to False where values of a tensor cannot be looked at, as under `torch.vmap`; whoever does
            has looked at clips and labels before.

    Source: Liu, Yuan, Zhao, Ma, Yu, "AULLM++: Structural Reasoning with Large Language Models for Micro-Expression
        Recognition", arXiv 2603.08387.
    """

    checks_values = True

    def __init__(self, config):
        super().__init__(config)
        width = config.text_config.hidden_size if config.text_config is not None else 0
        self.model = AullmModel(config)
        self.head = ReadoutHead(config, width)
        self.evidence_head = EvidenceHead(config, width) if config.evidence_skip else None
        self.post_init()

    def for_processor(self, processor, **changes) -> "AullmForActionUnitDetection":
        """A model to fine-tune for a processor's action units: known ones keep what was learned, new ones start fresh.

        Args:
            processor: an `AullmProcessor` with this model's tokenizer.
            **changes: fields of the config, for example `prior` and `prior_source`. A part that they add starts fresh.

        Raises:
            ValueError: what was learned does not fit a change, as another width; a prompt that does not fit `readout`.
        """
        model = type(self)(config_for(self.config, processor, **changes))
        carry_over(self, model)
        return model.to(self.device).eval()

    @property
    def graph_neighbours(self) -> torch.Tensor:
        """(K, K) bool: which units the prior ties together; the diagonal is False."""
        return self._graph().neighbours

    def measure_motion(self, pixel_values: torch.Tensor, clips: torch.Tensor | None = None) -> torch.Tensor:
        """(B, T, 1, H, W) in [0, 1] -> motion_values (B, 3, T - 1, h, w); once for a data set, it is never trained.

        Clips that share frames, as windows of a video do: pixel_values (N, 1, H, W), clips (B, T) their places in it.
        """
        check_clips(pixel_values)
        return self.model.motion.measure(pixel_values, clips)

    def forward(
        self,
        pixel_values: torch.Tensor | None = None,
        motion_values: torch.Tensor | None = None,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        au_positions: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        flip_index: torch.Tensor | None = None,
        flip_state: torch.Tensor | None = None,
        output_evidence: bool = False,
        output_counterfactuals: bool = False,
        return_dict: bool | None = None,
        action_unit_numbers: torch.Tensor | None = None,
        crop_transforms: torch.Tensor | None = None,
        frame_indices: torch.Tensor | None = None,
    ) -> AullmOutput | tuple:
        """Scores the action units of a batch of clips.

        Args:
            pixel_values: (B, T, 1, H, W) in [0, 1]; or motion_values: (B, 3, T - 1, h, w) from `measure_motion`.
            input_ids, attention_mask: (B, N) prompts with both placeholders; None takes the config's prompt.
            au_positions: (B, K) positions to read at with `readout="au"`.
            labels: (B, K), 1 present, 0 absent, -1 unknown.
            flip_index, flip_state: (B,) unit to flip and the state, 0 or 1, its node is set to.
            output_evidence: also give tokens, attention maps, graph strengths and expert weights.
            output_counterfactuals: also give the logits after flipping every unit in turn.
            return_dict: False for a tuple.
            action_unit_numbers: (B, K), 4 for AU4: what the prompts ask for, compared with what the logits stand for.
            crop_transforms, frame_indices: where crops came from; not read, so that `model(**processor(...))` works.

        Raises:
            ValueError: for inputs of a wrong shape or range, labels of another value, prompts for other action units,
                or a flip without the instruction token or without learned prototypes.
        """
        if self.checks_values:
            check_clips(pixel_values, motion_values)
        if action_unit_numbers is not None:
            check_asked_units(self.config, action_unit_numbers)
        # motion -> encoder -> content token and AU nodes; the prompt both tokens stand in
        seen = self.model.observe(pixel_values, motion_values)
        prompt = self.model.prompt(input_ids, attention_mask, au_positions)
        # nodes -> graph -> instruction token; with a flip a second time, from flipped nodes (M = 2)
        features = self._with_flip(seen, flip_index, flip_state)  # (M, B, K, N): as seen, and flipped
        tokens, strengths = self._instructions(seen, features)  # (M, B, D)
        # both tokens -> prompt -> language model -> heads, for M instruction tokens in one call
        own = self._own_evidence(seen, flip_index)  # (M, B, K)
        logits, evidence = self._answer(seen.content, tokens, own, prompt)  # (M, B, K), twice

        loss, parts = (None, None) if labels is None else self._loss(logits[0], evidence, seen, labels)
        output = AullmOutput(
            loss=loss,
            logits=logits[0],
            flipped_logits=logits[1] if len(logits) > 1 else None,
            counterfactual_logits=self._counterfactuals(seen, logits[0], prompt) if output_counterfactuals else None,
            node_logits=None if seen.nodes is None else seen.nodes.logits,
            loss_parts=parts,
            **(self._evidence_fields(seen, tokens[0], strengths) if output_evidence else {}),
        )
        return output.to_tuple() if return_dict is False else output

    @staticmethod
    def _evidence_fields(seen: Evidence, token: torch.Tensor, strengths: torch.Tensor | None) -> dict:
        return {
            "content_token": seen.content,
            "instruction_token": token,
            "au_attentions": None if seen.nodes is None else seen.nodes.attentions,
            "graph_strengths": strengths,
            "expert_weights": seen.expert_weights,
        }

    def _graph(self) -> RelationGraph:
        if self.model.graph is None:
            raise ValueError("use_instruction_token=False: there is no AU graph, so nothing can be flipped")
        if self.model.graph.prototypes is None:
            raise ValueError(
                'prototype_loss_weight=0: nothing taught this model to flip a node; train one with the preset "whole"'
            )
        return self.model.graph

    def _with_flip(
        self, seen: Evidence, flip_index: torch.Tensor | None, flip_state: torch.Tensor | None
    ) -> torch.Tensor | None:
        """Node features (M, B, K, N), M = 2 with a flip; None without a graph."""
        if flip_index is None:
            return None if self.model.graph is None else seen.nodes.features[None]
        if flip_state is None:
            raise ValueError("flip_index is given without flip_state (B,): the state, 0 or 1, to set the unit to")
        flipped = self._graph().flip(seen.nodes.features, flip_index, flip_state)
        return torch.stack([seen.nodes.features, flipped])

    def _instructions(self, seen: Evidence, features: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Instruction tokens (M, B, D) of node features (M, B, K, N), and the graph strengths of the clip as seen."""
        if features is None:
            return torch.zeros_like(seen.content)[None], None
        tokens, strengths = self.model.instruct(features.flatten(0, 1))
        return tokens.unflatten(0, features.shape[:2]), strengths[: seen.content.shape[0]]

    def _own_evidence(self, seen: Evidence, flip_index: torch.Tensor | None) -> torch.Tensor | None:
        """What each node says of its own unit, (M, B, K); a flipped node says nothing, its prototype was not seen.

        So a flip reaches the logits only through graph and tokens, and CCR cannot be met without them.
        """
        if seen.nodes is None or seen.nodes.logits is None:
            return None
        own = seen.nodes.logits
        if flip_index is None:
            return own[None]
        return torch.stack([own, own.scatter(1, flip_index[:, None], 0.0)])

    def _answer(
        self, content: torch.Tensor, tokens: torch.Tensor, own: torch.Tensor | None, prompt: PromptLayout | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Logits (M, B, K) for M instruction tokens and own evidence (M, B, K) a clip, in one call of the reader.

        Beside them the part of the logits that is plain evidence, None without `evidence_skip`.
        """
        times = len(tokens)
        content, instruction = content.repeat(times, 1), tokens.flatten(0, 1)
        hidden = self.model.reader(content, instruction, prompt and prompt.repeated(times))
        with torch.autocast(content.device.type, enabled=False):
            logits = self.head(hidden).unflatten(0, (times, -1))
            if self.evidence_head is None:
                return logits, None
            evidence = self.evidence_head(content, instruction).unflatten(0, (times, -1))
            if evidence.shape != logits.shape:
                raise ValueError(
                    f"evidence_skip=True answers for the {evidence.shape[-1]} units of config.action_units only, "
                    f"but au_positions asks for {logits.shape[-1]}"
                )
            evidence = evidence if own is None else evidence + own
            return logits + evidence, evidence

    def _counterfactuals(self, seen: Evidence, logits: torch.Tensor, prompt: PromptLayout | None) -> torch.Tensor:
        """(B, K, K): logits after each unit's node is set to the opposite of its predicted state."""
        features = self._graph().flip_each(seen.nodes.features, logits <= 0).transpose(0, 1)  # (K, B, K, N)
        tokens, _ = self._instructions(seen, features)
        own = self._own_evidence(seen, None)
        if own is not None:  # (K, B, K): a flipped node says nothing of its own unit
            own = own * (1 - torch.eye(own.shape[-1], device=own.device))[:, None]
        return self._answer(seen.content, tokens, own, prompt)[0].transpose(0, 1)

    def _loss(
        self, logits: torch.Tensor, evidence: torch.Tensor | None, seen: Evidence, labels: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        config = self.config
        if self.checks_values:
            check_labels(labels, logits)
        focus = (config.gamma_negative, config.gamma_positive, config.probability_clip)
        parts = {"main": asymmetric_loss(logits, labels, *focus)}
        loss = parts["main"]
        if evidence is not None and config.evidence_loss_weight:
            parts["evidence"] = asymmetric_loss(evidence[0], labels, *focus)
            loss = loss + config.evidence_loss_weight * parts["evidence"]
        if seen.nodes is not None and seen.nodes.logits is not None and config.node_loss_weight:
            parts["node"] = asymmetric_loss(seen.nodes.logits, labels, *focus)
            loss = loss + config.node_loss_weight * parts["node"]
        if seen.nodes is not None and config.prototype_loss_weight:
            parts["prototype"] = prototype_loss(seen.nodes.features, self.model.graph.prototypes, labels)
            loss = loss + config.prototype_loss_weight * parts["prototype"]
        return loss, {name: part.detach() for name, part in parts.items()}


AullmConfig.register_for_auto_class()
AullmForActionUnitDetection.register_for_auto_class("AutoModel")
