"""Where things stand in a prompt: the two soft tokens, the static text before them, the read-out positions."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

NO_POSITIONS = "readout='au' needs au_positions (B, K) as AullmProcessor returns them"


class PromptLayout(NamedTuple):
    """A tokenised prompt, ready for the language model. R is 1 when all samples share one prompt, else B."""

    ids: torch.Tensor  # (R, N) int64, placeholders replaced by 0
    content: torch.Tensor  # (R, N) bool, the place of the content token
    instruction: torch.Tensor  # (R, N) bool, the place of the instruction token
    mask: torch.Tensor | None  # (R, N) bool, None when nothing is padded
    read: torch.Tensor  # (R, Q) int64, positions the heads read
    static: int  # tokens before the first soft token, the same for every sample
    key: tuple  # what the static tokens are, for caches

    def repeated(self, times: int) -> "PromptLayout":
        """The same prompts for `times` copies of the batch, copy after copy."""
        if len(self.ids) == 1:
            return self
        mask = None if self.mask is None else self.mask.repeat(times, 1)
        tensors = (self.ids, self.content, self.instruction)
        return PromptLayout(*(t.repeat(times, 1) for t in tensors), mask, self.read.repeat(times, 1), *self[5:])


def check_positions(positions: Sequence[int], what: str) -> None:
    """Refuse to read several action units at one position: all would get the same answer, as if it were their own.

    Args:
        positions: of the K action units in a prompt.
        what: is asked for, in messages.

    Raises:
        ValueError: all are equal, and K > 1.
    """
    if len(positions) > 1 and len(set(positions)) == 1:
        raise ValueError(
            f"readout='au' reads each unit at its own name, but {what} are all read at position {positions[0]}: the "
            'prompt names none of them alone. Build the processor with template="query", or with a template of your '
            "own that has {queries}"
        )


def config_prompt(config, device: torch.device) -> PromptLayout:
    """The prompt stored in the config; without one, the two soft tokens alone.

    Laid out from the numbers themselves and not from tensors: it is a constant, and `torch.compile` and `torch.export`
    could not follow lengths that are read from tensors.

    Raises:
        ValueError: as `lay_out`.
    """
    vocabulary = config.text_config.vocab_size
    content = config.content_token_id if config.content_token_id is not None else vocabulary
    instruction = config.instruction_token_id if config.instruction_token_id is not None else vocabulary + 1
    ids = list(config.prompt_ids or [content, instruction])
    for name, token in (("content", content), ("instruction", instruction)):
        if ids.count(token) != 1:
            raise ValueError(_not_once("config.prompt_ids", ids.count(token), name, token))
    if config.readout == "au" and config.au_positions is None:
        raise ValueError(NO_POSITIONS)
    static = min(ids.index(content), ids.index(instruction))
    return PromptLayout(
        ids=torch.tensor([[0 if token in (content, instruction) else token for token in ids]], device=device),
        content=torch.tensor([[token == content for token in ids]], device=device),
        instruction=torch.tensor([[token == instruction for token in ids]], device=device),
        mask=None,
        read=torch.tensor([[len(ids) - 1] if config.readout == "last" else list(config.au_positions)], device=device),
        static=static,
        key=tuple(ids[:static]),
    )


def lay_out(
    ids: torch.Tensor,
    mask: torch.Tensor | None,
    au_positions: torch.Tensor | None,
    content_id: int,
    instruction_id: int,
    readout: str,
) -> PromptLayout:
    """Finds the soft tokens, the static prefix and the read-out positions of a batch of prompts.

    Args:
        ids: (B, N) int64. mask: (B, N), 0 where padded. au_positions: (B, Q) for `readout="au"`.
        content_id, instruction_id: placeholder ids; they may lie outside the vocabulary.
        readout: `"last"` or `"au"`.

    Raises:
        ValueError: when a prompt does not hold each placeholder exactly once, or `"au"` has no positions, or one for
            all units.
    """
    content, instruction = ids == content_id, ids == instruction_id
    for name, found, token in (("content", content, content_id), ("instruction", instruction, instruction_id)):
        counts = found.sum(1)
        if (counts != 1).any():
            row = int((counts != 1).nonzero()[0])
            raise ValueError(_not_once(f"prompt {row}", int(counts[row]), name, token))
    padded = mask is not None and bool((mask == 0).any())
    mask = mask.bool() if padded else None
    if readout == "last":
        read = _last_positions(ids, mask)
    elif au_positions is None:
        raise ValueError(NO_POSITIONS)
    else:
        for row, positions in enumerate(au_positions.tolist()):
            check_positions(positions, f"the units of prompt {row}")
        read = au_positions.to(ids.device)
    if len(ids) > 1 and mask is None and bool((ids == ids[:1]).all()) and bool((read == read[:1]).all()):
        ids, content, instruction, read = ids[:1], content[:1], instruction[:1], read[:1]
    static = _static_length(ids, content | instruction, mask)
    key = tuple(ids[0, :static].tolist())
    return PromptLayout(ids.masked_fill(content | instruction, 0), content, instruction, mask, read, static, key)


def _not_once(where: str, count: int, name: str, token: int) -> str:
    return (
        f"{where} holds {count} {name} placeholders (id {token}) where the model fills exactly one; build prompts with "
        "AullmProcessor and keep both placeholders"
    )


def _last_positions(ids: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    last = ids.shape[1] - 1
    if mask is None:
        return torch.full((len(ids), 1), last, device=ids.device)
    return last - mask.flip(1).int().argmax(1, keepdim=True)


def _static_length(ids: torch.Tensor, soft: torch.Tensor, mask: torch.Tensor | None) -> int:
    """Tokens before the first soft token that are equal and unpadded in every prompt."""
    varies = soft.any(0) | (ids != ids[:1]).any(0)
    if mask is not None:
        varies = varies | ~mask.all(0)
    return int(varies.int().argmax())
