"""HTNet: a hierarchical transformer on the flow around the eyes and the corners of the mouth.

Source: Wang et al., "HTNet for micro-expression recognition" (arXiv 2307.14637): u, v and strain of onset -> apex at
28 x 28; four patches of 14 x 14 put together to 28 x 28; patch 7, three levels of 2, 2 and 10 blocks, width 256 and 3
heads; Adam 5e-5. Its authors' code (github.com/wangzhifengharrison/HTNet) is that of nested transformers (Zhang et
al., AAAI 2022), whose width and heads double from level to level, and trains 800 epochs of batches of 256. Ours has its
139,582,982 weights for three emotions, and gives its numbers with them; a second script there has 2, 2 and 8 blocks.

With these sizes each block of a level holds one token (4 x 4 patches in 4 x 4 blocks), so that attention has nothing to
choose from and tokens meet only where levels are aggregated; and the place of the last level, one number added to all
channels alike, changes nothing, since norms take it away again.

Ours: patches at the places of a registered crop instead of landmarks found anew, eyes above the mouth (in their code
the left side above the right), Farneback instead of TV-L1 (they take it for CAS(ME)^3), in pixels instead of 0 to 255,
action units instead of emotions, clips mirrored and their motion scaled, the last epoch instead of the best one on the
test person, a rate that rises and falls, and 30 epochs of batches of 32 (about 240 steps of 250 clips instead of 800,
at an eighth of their price), whose products are in bfloat16 (the weights are not): with it a step of 140 M weights
takes 0.6 times as long.

Tested in tests/training_aullm/peers/test_networks.py.
"""

import torch
from torch import nn
from torch.nn import functional as F

from training_aullm.learn.recipes import recipe_flow_cnn
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.flow_maps import flow_maps
from training_aullm.peers.method import Method

PLACES = ((0.34, 0.30), (0.34, 0.70), (0.74, 0.34), (0.74, 0.66))
"""Height and breadth of both eyes and both corners of the mouth, as fractions of the crop's side.

Source: eyes and AU12 of `modeling_aullm.regions_aullm.REGIONS`."""


def face_parts(maps: torch.Tensor, side: int = 14) -> torch.Tensor:
    """Patches around eyes and corners of the mouth: eyes above, mouth below.

    Args:
        maps: (B, C, H, W).
        side: of a patch, cells.

    Returns:
        (B, C, 2 side, 2 side).
    """
    height, width = maps.shape[-2:]
    parts = []
    for down, across in PLACES:
        top = min(max(round(down * height) - side // 2, 0), height - side)
        left = min(max(round(across * width) - side // 2, 0), width - side)
        parts.append(maps[..., top : top + side, left : left + side])
    return torch.cat([torch.cat(parts[:2], dim=-1), torch.cat(parts[2:], dim=-1)], dim=-2)


class Attention(nn.Module):
    """Self-attention among the tokens of a block. Heads need not divide the width: 3 of 85 in 256, as published."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, inner = heads, width // heads * heads
        self.to_parts = nn.Linear(width, 3 * inner, bias=False)
        self.out = nn.Linear(inner, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, S, D) -> the same shape."""
        if tokens.shape[1] == 1:  # one token attends to itself alone: what it asks and is asked changes nothing
            value = self.to_parts.weight.tensor_split(3)[2]
            return self.out(F.linear(tokens, value))
        parts = self.to_parts(tokens).unflatten(-1, (3, self.heads, -1))  # (N, S, 3, heads, d)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Attention, then two linear layers, each after a norm and beside a skip."""

    def __init__(self, width: int, heads: int, growth: int = 4):
        super().__init__()
        self.attend = nn.Sequential(nn.LayerNorm(width), Attention(width, heads))
        self.feed = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, growth * width), nn.GELU(), nn.Linear(growth * width, width)
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, S, D) -> the same shape."""
        tokens = tokens + self.attend(tokens)
        return tokens + self.feed(tokens)


class Level(nn.Module):
    """Transformer layers within the blocks of one level."""

    def __init__(self, width: int, heads: int, depth: int, tokens: int):
        super().__init__()
        self.place = nn.Parameter(torch.randn(tokens, 1))  # a number a place, as in the nested transformers' code
        self.layers = nn.Sequential(*(Layer(width, heads) for _ in range(depth)))

    def forward(self, maps: torch.Tensor, blocks: int) -> torch.Tensor:
        """(B, h, w, D) cut into `blocks` x `blocks` -> the same shape."""
        batch, height, width, channels = maps.shape
        inside = (height // blocks, width // blocks)
        # (B, blocks, h', blocks, w', D) -> (B blocks blocks, h' w', D)
        cut = maps.reshape(batch, blocks, inside[0], blocks, inside[1], channels).transpose(2, 3)
        tokens = self.layers(cut.reshape(-1, inside[0] * inside[1], channels) + self.place)
        return tokens.reshape(batch, blocks, blocks, *inside, channels).transpose(2, 3).reshape(maps.shape)


class Gather(nn.Module):
    """Goes from one level to the next: neighbours mixed, width doubled, a quarter of the places left."""

    def __init__(self, width: int):
        super().__init__()
        self.mix, self.norm = nn.Conv2d(width, 2 * width, 3, padding=1), nn.LayerNorm(2 * width)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, h, w, D) -> (B, h / 2, w / 2, 2 D)."""
        planes = maps.movedim(-1, 1).contiguous()  # else all weights are laid out anew at each step
        mixed = self.norm(self.mix(planes).movedim(1, -1))
        return self.pool(mixed.movedim(-1, 1)).movedim(1, -1)


class HTNet(nn.Module):
    """Patches of four face parts, three levels of local transformers, the mean over what is left."""

    def __init__(
        self,
        labels: int,
        width: int = 256,
        heads: int = 3,
        depths: tuple[int, ...] = (2, 2, 10),
        patch: int = 7,
        side: int = 28,
    ):
        """
        Args:
            labels: K action units.
            width: of the first level; doubles from level to level, as the heads do.
            heads: of the first level.
            depths: layers of each level.
            patch: cells a side of a token.
            side: cells a side of the picture.
        """
        super().__init__()
        widths = [width * 2**level for level in range(len(depths))]
        self.blocks = [2**level for level in reversed(range(len(depths)))]  # a side, at each level
        tokens = (side // patch // self.blocks[0]) ** 2
        self.embed = nn.Sequential(nn.PixelUnshuffle(patch), nn.Conv2d(3 * patch**2, width, 1))
        self.levels = nn.ModuleList(
            Level(each, heads * 2**level, depth, tokens)
            for level, (each, depth) in enumerate(zip(widths, depths, strict=True))
        )
        self.gather = nn.ModuleList([*(Gather(each) for each in widths[:-1]), nn.Identity()])
        self.norm, self.head = nn.LayerNorm(widths[-1]), nn.Linear(widths[-1], labels)

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """
        Args:
            motion_values: (B, 2, 1, 28, 28) in pixels, from onset to apex.

        Returns:
            (B, K) logits.
        """
        maps = self.embed(face_parts(flow_maps(motion_values))).movedim(1, -1)  # (B, h, w, D)
        for level, gather, blocks in zip(self.levels, self.gather, self.blocks, strict=True):
            maps = gather(level(maps, blocks))
        return self.head(self.norm(maps).mean((1, 2)))


METHOD = Method(
    "apex-flow-28",
    NetworkRun(HTNet),
    recipe_flow_cnn().but(epochs=30, batch_size=32, learning_rate=5e-5, weight_decay=0.0, bf16=True),
    "HTNet (Wang et al., 2023)",
)
