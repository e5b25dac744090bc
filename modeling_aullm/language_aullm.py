"""The language model as reader: a frozen body with LoRA, two soft tokens of the right size, a shared prompt prefix."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import nn
from transformers import AutoModel, DynamicCache
from transformers import initialization as init

from .attention_aullm import PLAIN_ATTENTION_MODELS, SPLIT_ATTENTION
from .prompt_layout_aullm import PromptLayout

try:
    from peft import LoraConfig, inject_adapter_in_model
except ImportError:
    LoraConfig = inject_adapter_in_model = None

KeysAndValues = list[tuple[torch.Tensor, torch.Tensor]]
SAMPLED = 16  # values of each frozen weight that are compared before a kept prefix is used again


class KeptPrefix(NamedTuple):
    """The keys and values of a prefix, and what they were computed from."""

    key: tuple  # token ids, device, precision, attention, adapters, and a type and a version of each weight
    weights: torch.Tensor  # (n,) see `_watched`
    values: KeysAndValues


class OwnAdapters(dict):
    """Stands where peft notes the adapters of a model, and takes none: they would overwrite ours or switch them off.

    Source: peft asks a model for `peft_config` before it touches a weight.
    """

    REFUSAL = (
        "this model holds trained LoRA adapters, which further ones would overwrite or switch off: merge them with "
        "save_pretrained(folder, full=True), load that folder, and give peft the model it holds"
    )

    def update(self, *_, **__):
        raise ValueError(self.REFUSAL)

    __setitem__ = update


class TokenScale(nn.Module):
    """Scales a soft token to the size of the language model's own token embeddings.

    The token is divided by its root mean square and multiplied by a learned gain per channel that starts at the root
    mean square of the embedding table.

    Source: Our choice. Soft tokens ten times the size of words drown the prompt; ten times smaller they are ignored.
    """

    def __init__(self, width: int, start: float):
        super().__init__()
        self.start = start
        self.gain = nn.Parameter(torch.empty(width))
        self.initialise()

    def initialise(self) -> None:
        init.constant_(self.gain, self.start)

    def forward(self, token: torch.Tensor) -> torch.Tensor:
        """(B, D) -> (B, D)."""
        return token * torch.rsqrt(token.square().mean(-1, keepdim=True) + 1e-6) * self.gain


class LanguageReader(nn.Module):
    """Reads the two soft tokens inside a prompt and gives the hidden states at the read-out positions.

    Everything before the first soft token is the same for every sample, so it runs once with batch 1 and its keys and
    values are shared: the same numbers as the plain forward to float tolerance. In training this happens every step
    with gradient, because LoRA moves the prefix; otherwise the result is kept until a weight changes (`_watched`).

    Args:
        config: text_config, lora_*, language_dtype and share_prefix are read.

    Attributes:
        share_prefix: set to False to force the plain forward.
        from_base: whether the body holds the weights of the base that the config names, so that checkpoints may leave
            them out; False as long as it is random.

    Raises:
        ImportError: when the config asks for LoRA and peft is not installed.

    Source: Paper: content token, instruction token and prompt into an LLM with LoRA. The shared prefix is our choice.
    """

    def __init__(self, config):
        super().__init__()
        plain = config.text_config.model_type in PLAIN_ATTENTION_MODELS
        attention = SPLIT_ATTENTION if plain and config.language_attention == "eager" else config.language_attention
        self.body = AutoModel.from_config(config.text_config, attn_implementation=attention)
        self.share_prefix = config.share_prefix
        self.language_dtype = getattr(torch, config.language_dtype)
        self.from_base = False
        if config.lora_rank:
            self._inject(config)
        self.settle()
        self._kept: KeptPrefix | None = None

    @property
    def splits(self) -> bool:
        """Whether the body takes the prefix beside its own keys; `set_attn_implementation` may change that."""
        return self.body.config._attn_implementation == SPLIT_ATTENTION

    def _inject(self, config) -> None:
        if LoraConfig is None:
            raise ImportError(
                "this checkpoint holds LoRA adapters and needs peft: `pip install peft`, or use a merged checkpoint "
                "(save_pretrained(..., full=True))"
            )
        lora = LoraConfig(
            r=config.lora_rank,
            lora_alpha=config.lora_alpha,
            lora_dropout=config.lora_dropout,
            target_modules=list(config.lora_targets),
        )
        inject_adapter_in_model(lora, self.body)

    def settle(self) -> None:
        """The body frozen and in `language_dtype`, adapters trained and in float32. Loading undoes both."""
        for name, parameter in self.body.named_parameters():
            adapter = "lora_" in name
            parameter.requires_grad_(adapter)
            parameter.data = parameter.data.to(torch.float32 if adapter else self.language_dtype)

    def frozen_tensors(self) -> Iterator[torch.Tensor]:
        """The body's own weights: everything but adapters."""
        return (parameter for name, parameter in self.body.named_parameters() if "lora_" not in name)

    @torch.no_grad()
    def initialise_adapters(self) -> None:
        """LoRA starts as no change: A random, B zero. Weights that came from a checkpoint are left alone."""
        for name, parameter in self.body.named_parameters():
            if "lora_A" in name:
                init.kaiming_uniform_(parameter, a=5**0.5)
            elif "lora_B" in name:
                init.zeros_(parameter)

    def forward(self, content: torch.Tensor, instruction: torch.Tensor, prompt: PromptLayout) -> torch.Tensor:
        """Hidden states at the read-out positions.

        Args:
            content, instruction: (B, D), as `TokenScale` gives them.
            prompt: the layout of 1 or B prompts.

        Returns:
            (B, Q, D) float32.
        """
        batch = content.shape[0]  # not len(): an exported graph keeps a length as a number
        if not batch:
            return content.new_zeros(0, prompt.read.shape[1], content.shape[1])
        # Gradient checkpointing gives up the keys and values that a shared prefix is made of.
        # As transformers asks it; the property's name differs between the versions that we support.
        checkpointed = self.training and any(getattr(m, "gradient_checkpointing", False) for m in self.body.modules())
        start = prompt.static if self.share_prefix and not checkpointed else 0
        embeds = self._embed(content, instruction, prompt, start)
        positions = self._positions(prompt, start)
        inputs = {"inputs_embeds": embeds, "position_ids": positions, "attention_mask": self._mask(prompt, start)}
        if not start:
            hidden = self.body(**inputs, use_cache=False).last_hidden_state
        elif self.splits:
            hidden = self.body(**inputs, use_cache=False, shared_prefix=self._prefix(prompt)).last_hidden_state
        else:
            cache = DynamicCache()
            for layer, (keys, values) in enumerate(self._prefix(prompt)):
                cache.update(keys.expand(batch, -1, -1, -1), values.expand(batch, -1, -1, -1), layer)
            hidden = self.body(**inputs, past_key_values=cache, use_cache=True).last_hidden_state
        read = (prompt.read - start).expand(batch, -1)[..., None].expand(-1, -1, hidden.shape[-1])
        return hidden.gather(1, read).float()

    def _embed(
        self, content: torch.Tensor, instruction: torch.Tensor, prompt: PromptLayout, start: int
    ) -> torch.Tensor:
        """Prompt embeddings from position `start` on, with the soft tokens in place: (B, N - start, D)."""
        embeds = self.body.get_input_embeddings()(prompt.ids[:, start:])
        embeds = torch.where(prompt.content[:, start:, None], content[:, None].to(embeds.dtype), embeds)
        return torch.where(prompt.instruction[:, start:, None], instruction[:, None].to(embeds.dtype), embeds)

    def _positions(self, prompt: PromptLayout, start: int) -> torch.Tensor:
        if prompt.mask is None:
            return torch.arange(start, prompt.ids.shape[1], device=prompt.ids.device)[None]
        return (prompt.mask.long().cumsum(1) - 1).clamp_min(0)[:, start:]

    def _mask(self, prompt: PromptLayout, start: int) -> torch.Tensor | None:
        """Additive mask of padded prompts; None where the body's own causal mask is right.

        (R, 1, N - start, N), or (R, 1, N - start, N - start) where the prefix is no part of the keys.
        """
        if prompt.mask is None:
            return None
        length = prompt.ids.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=prompt.ids.device).tril()
        own = torch.eye(length, dtype=torch.bool, device=causal.device)  # a padded row still sees itself: no NaN
        seen = (causal & prompt.mask[:, None, :]) | own  # (R, N, N)
        additive = torch.zeros(seen.shape, dtype=self.language_dtype, device=seen.device)
        additive = additive.masked_fill(~seen, torch.finfo(self.language_dtype).min)[:, None, start:]
        return additive[..., start:] if self.splits else additive

    def _prefix(self, prompt: PromptLayout) -> KeysAndValues:
        """Keys and values (1, heads, static, size) of every layer for the static prefix."""
        embeds = self.body.get_input_embeddings()(prompt.ids[:1, : prompt.static])  # (1, static, D)
        if torch.is_grad_enabled() or self.training or torch.compiler.is_compiling():
            return self._run_prefix(embeds)  # a compiled or exported graph cannot look whether a weight changed
        if any(weight.is_meta or weight.device != embeds.device for weight in self.body.parameters()):
            return self._run_prefix(embeds)  # weights that are offloaded or elsewhere are not compared
        versions, weights = self._watched(embeds)
        key = (*self._circumstances(prompt), versions)
        if self._kept is None or self._kept.key != key or not torch.equal(self._kept.weights, weights):
            self._kept = KeptPrefix(key, weights, self._run_prefix(embeds))
        return self._kept.values

    def _run_prefix(self, embeds: torch.Tensor) -> KeysAndValues:
        cache = self.body(inputs_embeds=embeds, use_cache=True).past_key_values
        return [(layer.keys, layer.values) for layer in cache.layers]

    def _watched(self, embeds: torch.Tensor) -> tuple[tuple, torch.Tensor]:
        """A type and a version of each weight, and values (n,) that tell whether any weight was written to.

        Torch counts the writes to a weight, but not those to `weight.data`, as by a moving average of weights or peft's
        `merge`. So values are compared too: the prompt's embeddings and trained weights whole, which is exact and
        cheap (adapters are under 1% of the body), of each frozen weight `SAMPLED` values.

        Limit: a write to single values of a frozen `weight.data` may miss the sample.
        """
        embeddings, versions, values = self.body.get_input_embeddings().weight, [], [embeds.detach().flatten()]
        for weight in self.body.parameters():
            if weight is embeddings:
                continue
            step = 1 if weight.requires_grad else -(-weight.numel() // SAMPLED)
            versions.append((weight.dtype, 0 if weight.is_inference() else weight._version))
            values.append(weight.detach().flatten()[::step])
        return tuple(versions), torch.cat(values)

    def _circumstances(self, prompt: PromptLayout) -> tuple:
        """What the prefix depends on besides weights: text, device, precision, kind of attention, state of adapters."""
        device = prompt.ids.device
        autocast = torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else None
        attention = self.body.config._attn_implementation
        adapters = _adapter_state(self.body)
        return prompt.key, device, autocast, attention, torch.is_inference_mode_enabled(), adapters


def _adapter_state(body: nn.Module) -> tuple:
    """How adapters act in each of peft's layers: whether at all, which of them, how strongly, which are merged.

    None of it is written to a weight. Layers are known by what all kinds of peft's have, so that peft need not be
    there, and looked for anew each time, because adapters may be added at any time.
    """
    return tuple(
        (
            module.disable_adapters,
            tuple(module.active_adapters),
            tuple(sorted(getattr(module, "scaling", {}).items())),
            tuple(module.merged_adapters),
        )
        for module in body.modules()
        if hasattr(type(module), "merged_adapters")  # of the class: asking a module for what it lacks is slow
    )
