"""Which part of the work is this process's: `--shard 2/4`, or the place that torchrun and accelerate give it."""

import os
import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

import torch

LAUNCHER = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun and accelerate say of a process's place."""
ELSEWHERE = ("PMI_", "OMPI_COMM_WORLD_", "MV2_COMM_WORLD_", "ACCELERATE_MIXED_PRECISION", "ACCELERATE_DYNAMO_")
"""How variables begin by which accelerate would train across processes, too (srun, mpirun), or not as the recipe says:
`accelerate launch` always names a precision."""


@dataclass(frozen=True)
class Shard:
    """Part `index` (from 0) of `count`."""

    index: int = 0
    count: int = 1

    def share(self, work: Sequence) -> list:
        """Every `count`-th piece of the work, so that what is long is spread, too."""
        return list(work[self.index :: self.count])

    @classmethod
    def of(cls, text: str | None, environment: MutableMapping[str, str] | None = None) -> "Shard":
        """The part that an option names, or that a launcher gives.

        Args:
            text: "i/n" with i from 1 to n; None: everything.
            environment: variables of the process. Those of a launcher are removed: each process trains alone, and a
                Trainer that found them would share out its batches.

        Returns:
            The part; with a launcher, this process's share of it.

        Raises:
            ValueError: the text is no such pair.
        """
        environment = os.environ if environment is None else environment
        launched = {name: environment.pop(name) for name in LAUNCHER if name in environment}
        for name in [name for name in environment if name.startswith(ELSEWHERE)]:
            del environment[name]
        if "LOCAL_RANK" in launched:  # one graphics card a process, of those that SLURM lent, or of all
            lent = environment.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(torch.cuda.device_count()))))
            cards = lent.split(",")
            environment["CUDA_VISIBLE_DEVICES"] = cards[int(launched["LOCAL_RANK"]) % len(cards)]
        rank, processes = int(launched.get("RANK", 0)), int(launched.get("WORLD_SIZE", 1))
        if text is None:
            return cls(rank, processes)
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise ValueError(f"--shard {text}: give a part and their number, such as 1/4 to 4/4")
        return cls((int(found[1]) - 1) * processes + rank, int(found[2]) * processes)
