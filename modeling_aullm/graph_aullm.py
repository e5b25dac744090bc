"""R-AUGNN: action-unit nodes, a sparse relation graph with learned strengths, the instruction token and the AU flip."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from transformers import initialization as init

from .regions_aullm import region_maps
from .visual_aullm import feature_shape


class Nodes(NamedTuple):
    """K node features, the maps that pooled them, and each node's own evidence for its unit."""

    features: torch.Tensor  # (B, K, N)
    attentions: torch.Tensor  # (B, K, T', H', W'), each map sums to 1
    logits: torch.Tensor | None = None  # (B, K), when they are trained


class UnitChunking(nn.Module):
    """AU node chunking: every unit looks at `x_att` through its own space-time attention maps.

    Source: Paper, overview figure. Our choice: maps start at the place where FACS says the unit moves the skin
        (`region_strength`, 0 = anywhere), because a registered face puts each muscle at a known place; several maps a
        unit (left, right, neighbourhood); one projection per unit.
    """

    def __init__(self, config):
        super().__init__()
        channels, *grid = feature_shape(config)
        self.units, self.maps, self.grid = len(config.action_units), config.maps_per_unit, tuple(grid)
        cells = grid[0] * grid[1] * grid[2]
        self.look = nn.Conv3d(channels, self.units * self.maps, 1, bias=False)
        self.action_units, self.region_strength = list(config.action_units), config.region_strength
        self.place = nn.Parameter(torch.empty(self.units * self.maps, cells))
        self.weight = nn.Parameter(torch.empty(self.units, self.maps * channels, config.graph_width))
        self.norm = nn.LayerNorm(config.graph_width)
        self.drop = nn.Dropout(config.graph_dropout)
        self.initialise()

    def initialise(self) -> None:
        regions = region_maps(self.action_units, *self.grid[1:])[:, None, None]  # (K, 1, 1, H', W')
        start = self.region_strength * regions.expand(-1, self.maps, self.grid[0], -1, -1).reshape(self.place.shape)
        init.copy_(self.place, start + 0.5 * torch.randn(self.place.shape))
        init.normal_(self.weight, std=self.weight.shape[1] ** -0.5)

    def forward(self, x_att: torch.Tensor) -> Nodes:
        maps = (self.look(x_att).flatten(2) + self.place).softmax(-1)  # (B, K M, cells)
        pooled = (maps @ x_att.flatten(2).transpose(1, 2)).unflatten(1, (self.units, -1)).flatten(2)  # (B, K, M C)
        features = torch.einsum("bkc,kcn->bkn", self.drop(pooled), self.weight)
        attentions = maps.unflatten(1, (self.units, self.maps)).unflatten(-1, self.grid).mean(2)
        return Nodes(self.norm(features), attentions)


class UnitScore(nn.Module):
    """Each node's own evidence for its unit. An auxiliary loss on it keeps node k about unit k.

    Source: Our choice. It ranks units better across domains than what is read through the two tokens.
    """

    def __init__(self, units: int, size: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(units, size))
        self.bias = nn.Parameter(torch.empty(units))
        self.initialise()

    def initialise(self) -> None:
        init.normal_(self.weight, std=0.02)
        init.zeros_(self.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, K, N) -> (B, K)."""
        return (features * self.weight).sum(-1) + self.bias


class RelationLayer(nn.Module):
    """One round of messages along the prior's edges.

    Strength of edge j -> i: `S_ij = P_ij * 2 sigmoid(q_i . k_j / sqrt(d) + b_ij)`. With q = 0 and b = 0 at the start,
    S starts at the prior P exactly, zeros of P stay zero, and signs never change.

    Source: Paper: sparse prior, strengths learned by attention. This parametrisation is our choice.
    """

    def __init__(self, config):
        super().__init__()
        width, units = config.graph_width, len(config.action_units)
        self.norm = nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.empty(units, units))
        self.message, self.update = nn.Linear(width, width), nn.Linear(2 * width, width)
        self.drop = nn.Dropout(config.graph_dropout)
        self.initialise()

    def initialise(self) -> None:
        init.zeros_(self.query.weight)
        init.zeros_(self.query.bias)
        init.zeros_(self.bias)

    def forward(self, nodes: torch.Tensor, prior: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Nodes (B, K, N), prior (K, K) -> updated nodes and strengths (B, K, K), row = receiver."""
        seen = self.norm(nodes)
        affinity = self.query(seen) @ self.key(seen).transpose(1, 2) / seen.shape[-1] ** 0.5 + self.bias
        strengths = prior * 2 * torch.sigmoid(affinity)
        incoming = strengths @ self.message(seen) / prior.abs().sum(1, keepdim=True).clamp_min(1e-6)
        return nodes + self.drop(F.gelu(self.update(torch.cat([seen, incoming], -1)))), strengths


class StructuralPooling(nn.Module):
    """K nodes to one vector: attention over nodes, raised by how strongly a node is tied into the graph.

    Values carry a learned signature per unit, so that the sum over nodes still tells which unit said what.

    Source: Paper: structural attention pooling. Heads, centrality term and signatures are our choice.
    """

    def __init__(self, config, width: int):
        super().__init__()
        size, units, self.heads = config.graph_width, len(config.action_units), config.pooling_heads
        self.norm = nn.LayerNorm(size)
        self.score = nn.Linear(size, self.heads, bias=False)  # a bias would vanish in the softmax
        self.centrality = nn.Parameter(torch.empty(self.heads))
        self.value = nn.Linear(size, size)
        self.signature = nn.Parameter(torch.empty(units, size))
        self.project = nn.Linear(size, width)
        self.initialise()

    def initialise(self) -> None:
        init.ones_(self.centrality)
        init.normal_(self.signature, mean=0.0, std=1.0)

    def forward(self, nodes: torch.Tensor, strengths: torch.Tensor) -> torch.Tensor:
        """Nodes (B, K, N), strengths (B, K, K) -> (B, D)."""
        seen = self.norm(nodes)
        tied = torch.log1p(strengths.abs().sum(1))  # (B, K): what others take from this node
        weights = (self.score(seen) + tied[..., None] * self.centrality).softmax(1)  # (B, K, heads)
        values = (self.value(seen) * self.signature).unflatten(-1, (self.heads, -1))  # (B, K, heads, N / heads)
        return self.project((weights[..., None] * values).sum(1).flatten(1) * nodes.shape[1] ** 0.5)


class RelationGraph(nn.Module):
    """Nodes from `x_att`, reasoning over the AU graph, and the instruction token.

    `chunk` and `reason` are separate so that an AU flip re-runs the graph and leaves the encoder alone.

    Args:
        config: graph fields, action_units and prior are read.
        width: D of the language model.
    """

    def __init__(self, config, width: int):
        super().__init__()
        units, size = len(config.action_units), config.graph_width
        self.prior_rows = config.graph_prior
        self.chunking = UnitChunking(config)
        self.identity = nn.Parameter(torch.empty(units, size))
        self.prototypes = None  # (2, K, N), state 0 inactive, 1 active; what is never taught is not there
        if config.has_counterfactuals:
            self.prototypes = nn.Parameter(torch.empty(2, units, size))
        self.layers = nn.ModuleList([RelationLayer(config) for _ in range(config.num_graph_layers)])
        self.pool = StructuralPooling(config, width)
        self.unit_score = UnitScore(units, size) if config.node_loss_weight or config.evidence_skip else None
        self.register_buffer("prior", torch.empty(units, units))
        self.initialise()

    def initialise(self) -> None:
        init.normal_(self.identity, std=0.1)
        if self.prototypes is not None:
            init.normal_(self.prototypes, std=0.5)
        init.copy_(self.prior, torch.tensor(self.prior_rows))

    @torch.no_grad()
    def use_prior_of(self, config) -> None:
        """Take the prior of a config, whatever a checkpoint brought."""
        self.prior.copy_(torch.tensor(config.graph_prior))

    @property
    def neighbours(self) -> torch.Tensor:
        """(K, K) bool: units tied by the prior; the diagonal is False."""
        return self.prior != 0

    def chunk(self, x_att: torch.Tensor) -> Nodes:
        """`x_att` (B, C, T', H', W') -> K nodes a clip."""
        nodes = self.chunking(x_att)
        return nodes if self.unit_score is None else nodes._replace(logits=self.unit_score(nodes.features))

    def flip(self, features: torch.Tensor, unit: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Replace one node of each sample by its prototype.

        Args:
            features: (B, K, N). unit: (B,) int64 index of the node. state: (B,) 0 inactive or 1 active.

        Returns:
            (B, K, N), the other K - 1 nodes unchanged.
        """
        chosen = F.one_hot(unit, features.shape[1]).bool()[..., None]  # (B, K, 1)
        return torch.where(chosen, self.prototypes[state.long()], features)

    def flip_each(self, features: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Every node in turn: features (B, K, N), state (B, K) -> (B, K, K, N), axis 1 = which unit was flipped."""
        units = features.shape[1]
        prototypes = torch.where(state[..., None].bool(), self.prototypes[1], self.prototypes[0])  # (B, K, N)
        chosen = torch.eye(units, dtype=torch.bool, device=features.device)[None, :, :, None]
        return torch.where(chosen, prototypes[:, None], features[:, None])

    def reason(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Node features (B, K, N) -> instruction token (B, D) and strengths (B, L, K, K)."""
        nodes = features + self.identity
        strengths = []
        for layer in self.layers:
            nodes, strength = layer(nodes, self.prior)
            strengths.append(strength)
        last = strengths[-1] if strengths else self.prior.abs().expand(features.shape[0], -1, -1)
        stacked = torch.stack(strengths, 1) if strengths else last[:, None][:, :0]
        return self.pool(nodes, last), stacked
