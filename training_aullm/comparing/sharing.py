"""Which part of the work is this process's: `--shard 2/4`, or the place that torchrun and accelerate give it."""

import os
import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

LAUNCHER = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


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
            text: "i/n" with i from 1 to n; None: what the launcher says, else everything.
            environment: variables of the process. Those of a launcher are removed: each process trains alone, and a
                Trainer that found them would share out its batches.

        Returns:
            The part.

        Raises:
            ValueError: the text is no such pair.
        """
        environment = os.environ if environment is None else environment
        launched = {name: environment.pop(name) for name in LAUNCHER if name in environment}
        if "LOCAL_RANK" in launched:  # one graphics card a process, of those that SLURM lent
            place = int(launched["LOCAL_RANK"])
            lent = environment.get("CUDA_VISIBLE_DEVICES", str(place)).split(",")
            environment["CUDA_VISIBLE_DEVICES"] = lent[place % len(lent)]
        if text is None:
            return cls(int(launched.get("RANK", 0)), int(launched.get("WORLD_SIZE", 1)))
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise ValueError(f"--shard {text}: give a part and their number, such as 1/4 to 4/4")
        return cls(int(found[1]) - 1, int(found[2]))
