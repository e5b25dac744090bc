"""Dropout whose masks are drawn outside of the forward pass: each copy of a network its own, as it would alone.

    masks = DropoutMasks(model, batch)
    drawn = [masks.draw(clips, generator) for ...]  # per copy, in the order in which the modules would draw
    with masks.given(drawn[0]):
        model(**batch)

`torch.vmap` can draw for every copy by itself, but from one stream of random numbers for all copies: what a copy draws
would depend on how many others there are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn

KINDS = (nn.Dropout, nn.Dropout3d)


class Site(NamedTuple):
    """One dropout module, and the shape of its mask: (times * B, *shape)."""

    module: nn.Module
    times: int
    shape: tuple[int, ...]


class DropoutMasks:
    """The masks of all dropout modules of a network.

    Source: our choice. On a CPU the numbers are those that the modules themselves draw from the same generator; on a
        graphics card torch's own dropout draws others, of the same kind.
    """

    def __init__(self, model: nn.Module, batch: dict[str, torch.Tensor]):
        """
        Args:
            model: run once, to see which modules are asked for what; then left without dropout of its own.
            batch: its arguments, with `labels` (B, K).

        Raises:
            ValueError: a module is called twice in a forward pass.
        """
        seen: list[tuple[nn.Module, torch.Size]] = []
        modules = [module for module in model.modules() if isinstance(module, KINDS) and module.p > 0]
        handles = [
            module.register_forward_hook(lambda module, _, output: seen.append((module, output.shape)))
            for module in modules
        ]
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            model.train()(**batch)
        for handle in handles:
            handle.remove()
        if len({id(module) for module, _ in seen}) < len(seen):
            raise ValueError(
                "a dropout module is called twice in a forward pass, such as that of LoRA for the prompt and for the "
                "clips: folds at once cannot give it one mask; train with lora_dropout=0, or fold by fold"
            )
        self.sites = [Site(module, *_mask_shape(module, shape, len(batch["labels"]))) for module, shape in seen]
        for module in modules:
            module.eval()

    def draw(self, clips: int, generator: torch.Generator) -> list[torch.Tensor]:
        """The masks of one forward pass.

        Args:
            clips: B.
            generator: random numbers of the copy.

        Returns:
            (times, B, ...) a module: 0, or 1 / (1 - p) where a value is kept.
        """
        drawn = []
        for module, times, shape in self.sites:
            keep = 1 - module.p
            mask = torch.empty(times * clips, *shape, device=generator.device)
            drawn.append(mask.bernoulli_(keep, generator=generator).div_(keep).unflatten(0, (times, clips)))
        return drawn

    @contextmanager
    def given(self, masks: list[torch.Tensor]) -> Iterator[None]:
        """Within, every module multiplies by its mask (times, B, ...)."""
        handles = [
            site.module.register_forward_hook(lambda _, __, output, mask=mask: output * mask.flatten(0, 1))
            for site, mask in zip(self.sites, masks, strict=True)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _mask_shape(module: nn.Module, shape: torch.Size, clips: int) -> tuple[int, tuple[int, ...]]:
    """How often a batch of `clips` is in an output of this shape, and the shape of one clip's mask."""
    whole_channels = isinstance(module, nn.Dropout3d)
    return shape[0] // clips, (shape[1], *[1] * (len(shape) - 2)) if whole_channels else tuple(shape[1:])
