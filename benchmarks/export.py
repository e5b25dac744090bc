"""The model as torch.compile and torch.export make it, against eager: times and differences on this machine.

    python -m benchmarks.export                     # SmolLM2-135M, 4 layers, batch 16; compiling takes minutes
    OMP_NUM_THREADS=1 python -m benchmarks.export --clock cpu --backend eager

Motion is the input, as for a data set: measuring it from pixels stays outside of the graph. Eager keeps the keys and
values of the static prompt between calls; a graph computes them anew. Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import argparse
import json
import time
from collections.abc import Callable

import torch
from torch.export import Dim

from benchmarks.prefix import CLOCKS, best_time
from training_aullm.learn.fitting import new_model
from training_aullm.learn.recipes import recipe_base

UNITS = ["AU1", "AU2", "AU4", "AU12"]


def graphs(model: torch.nn.Module, motion: torch.Tensor, backend: str) -> dict[str, Callable]:
    """Name -> a function to a graph that is ready to be called with any number of clips."""
    clips = {"motion_values": {0: Dim("clips", min=1, max=256)}}
    return {
        "eager": lambda: model,
        "compile": lambda: torch.compile(model, backend=backend, fullgraph=True),
        "export": lambda: torch.export.export(model, (), {"motion_values": motion[:2]}, dynamic_shapes=clips).module(),
    }


@torch.no_grad()
def main() -> None:
    """Time each graph, and say how far its logits lie from eager's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language-model", default="bundled")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--backend", default="inductor", help="of torch.compile")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    args = parser.parse_args()
    recipe = recipe_base().but(model={"num_language_layers": args.layers})
    model = new_model(recipe, UNITS, args.language_model, seed=0).eval()
    grid, frames = model.config.motion_grid, model.config.num_frames
    motion = torch.rand(args.batch, 3, frames - 1, grid, grid, generator=torch.Generator().manual_seed(0))
    expected, rows = model(motion_values=motion).logits, []
    print(f"{'':10}{'first call s':>14}{'s a batch':>12}{'difference':>12}")
    for name, build in graphs(model, motion, args.backend).items():
        start = time.perf_counter()
        graph = build()
        logits = graph(motion_values=motion).logits
        first = time.perf_counter() - start
        seconds = best_time(lambda graph=graph: graph(motion_values=motion), args.repeats, CLOCKS[args.clock])
        difference = (logits - expected).abs().max().item()
        rows.append({"graph": name, "first_s": first, "batch_s": seconds, "difference": difference})
        print(f"{name:10}{first:14.2f}{seconds:12.4f}{difference:12.1e}", flush=True)
    print(json.dumps({"batch": args.batch, "layers": args.layers, "clock": args.clock, "rows": rows}))


if __name__ == "__main__":
    main()
