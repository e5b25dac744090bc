"""The model as torch.compile, torch.export and ONNX make it, against eager: times and differences on this machine.

    python -m benchmarks.export                     # SmolLM2-135M, 4 layers, batch 16; compiling takes minutes
    OMP_NUM_THREADS=1 python -m benchmarks.export --clock cpu --graphs eager export onnx

Motion is the input, as for a data set: measuring it from pixels stays outside of the graph. Eager keeps the keys and
values of the static prompt between calls; a graph computes them anew. Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import onnxruntime
import torch
from torch.export import Dim

from benchmarks.prefix import CLOCKS, best_time
from training_aullm.learn.fitting import new_model
from training_aullm.learn.recipes import recipe_base
from training_aullm.publishing.onnx_export import write_onnx

GRAPHS = ("eager", "compile", "export", "onnx")
UNITS = ["AU1", "AU2", "AU4", "AU12"]


def graphs(model: torch.nn.Module, motion: torch.Tensor, backend: str) -> dict[str, Callable]:
    """Name -> a function to a graph that is ready to be called with any number of clips."""
    clips = {"motion_values": {0: Dim("clips", min=1, max=256)}}
    return {
        "eager": lambda: model,
        "compile": lambda: torch.compile(model, backend=backend, fullgraph=True),
        "export": lambda: torch.export.export(model, (), {"motion_values": motion[:2]}, dynamic_shapes=clips).module(),
        "onnx": lambda: on_onnxruntime(model),
    }


def on_onnxruntime(model: torch.nn.Module) -> Callable:
    """The model as ONNX on onnxruntime, with as many threads as torch has."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(model, path)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def answer(motion_values: torch.Tensor) -> SimpleNamespace:
        (logits,) = session.run(None, {"motion_values": motion_values.numpy()})
        return SimpleNamespace(logits=torch.from_numpy(logits))

    return answer


@torch.no_grad()
def main() -> None:
    """Time each graph, and say how far its logits lie from eager's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language-model", default="bundled")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--backend", default="inductor", help="of torch.compile")
    parser.add_argument("--graphs", nargs="+", choices=GRAPHS, default=GRAPHS)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    args = parser.parse_args()
    recipe = recipe_base().but(model={"num_language_layers": args.layers})
    model = new_model(recipe, UNITS, args.language_model, seed=0).eval()
    grid, frames = model.config.motion_grid, model.config.num_frames
    motion = torch.rand(args.batch, 3, frames - 1, grid, grid, generator=torch.Generator().manual_seed(0))
    expected, rows = model(motion_values=motion).logits, []
    print(f"{'':10}{'first call s':>14}{'s a batch':>12}{'difference':>12}")
    made = graphs(model, motion, args.backend)
    for name in args.graphs:
        clock = CLOCKS[args.clock]
        start = clock()
        graph = made[name]()
        logits = graph(motion_values=motion).logits
        first = clock() - start
        seconds = best_time(lambda graph=graph: graph(motion_values=motion), args.repeats, clock)
        difference = (logits - expected).abs().max().item()
        rows.append({"graph": name, "first_s": first, "batch_s": seconds, "difference": difference})
        print(f"{name:10}{first:14.2f}{seconds:12.4f}{difference:12.1e}", flush=True)
    print(json.dumps({"batch": args.batch, "layers": args.layers, "clock": args.clock, "rows": rows}))


if __name__ == "__main__":
    main()
