"""Attention over a shared prefix: the batch's few queries meet one copy of the prefix's keys, not a copy each.

Expanding the prefix over the batch, as a cache does, copies (B, heads, static, size) in every layer and sums as much in
the backward pass. Here prefix and own tokens are scored apart and meet in one softmax: the same numbers.

Source: our choice (the algebra of attention over concatenated keys).

Tested in tests/modeling_aullm/test_language_aullm.py.
"""

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

SPLIT_ATTENTION = "aullm_split"
PLAIN_ATTENTION_MODELS = frozenset({"gemma", "llama", "mistral", "qwen2", "qwen3", "smollm3"})
"""Model types whose eager attention is softmax(q k / sqrt(d) + mask) v and nothing else (no soft cap, no sinks)."""


def split_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    shared_prefix: list[tuple[torch.Tensor, torch.Tensor]] | None = None,
    **kwargs,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Eager attention over own keys and, when there is one, a prefix that all samples share.

    Args:
        module: the attention layer; `layer_idx` is read.
        query: (B, H, n, d). key, value: (B, G, n, d), H a multiple of G.
        attention_mask: additive, (B or 1, 1, n, n), over the own keys; the prefix is seen by everyone.
        scaling: of the scores.
        dropout: of the attention weights in training.
        shared_prefix: per layer keys and values (1, G, s, d).

    Returns:
        (B, n, H, d) and the weights (B, H, n, s + n).
    """
    batch, heads, steps, size = query.shape
    groups = key.shape[1]
    asked = query.reshape(batch, groups, -1, size)  # (B, G, H / G * n, d): heads of a group meet the same keys
    scores = (asked @ key.transpose(2, 3)).unflatten(2, (heads // groups, steps))  # (B, G, H / G, n, n)
    scores = scores * scaling if attention_mask is None else scores * scaling + attention_mask[:, :, None]
    prefix = None if shared_prefix is None else shared_prefix[module.layer_idx]
    if prefix is not None:
        together = asked.transpose(0, 1).reshape(groups, -1, size)  # (G, B H / G n, d)
        seen = (together @ prefix[0][0].transpose(1, 2)) * scaling  # (G, B H / G n, s)
        seen = seen.unflatten(1, (batch, heads // groups, steps)).transpose(0, 1)
        scores = torch.cat([seen, scores], -1)
    weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    weights = torch.nn.functional.dropout(weights, dropout, module.training)
    out = weights[..., -steps:].flatten(2, 3) @ value  # (B, G, H / G n, d)
    if prefix is not None:
        over = weights[..., :-steps].transpose(0, 1).reshape(groups, batch * heads // groups * steps, -1)
        out = out + (over @ prefix[1][0]).unflatten(1, (batch, -1)).transpose(0, 1)
    return out.reshape(batch, heads, steps, size).transpose(1, 2), weights.flatten(1, 2)


AttentionInterface.register(SPLIT_ATTENTION, split_attention)
AttentionMaskInterface.register(SPLIT_ATTENTION, eager_mask)
