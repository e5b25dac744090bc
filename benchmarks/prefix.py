"""What the shared prompt prefix saves: the language model read with and without it, same logits either way.

    python -m benchmarks.prefix                      # SmolLM2-135M, batch 32, float32 and bfloat16, about a minute
    python -m benchmarks.prefix --layers 8 --batch 64
    OMP_NUM_THREADS=1 python -m benchmarks.prefix --clock cpu   # on a machine that others use too

Plain runs prompt and soft tokens for every clip. Shared runs the static prompt once, with batch 1: kept between
calls for inference, recomputed with gradient in a training step (forward, backward; LoRA in float32).
Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial

import torch

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from modeling_aullm.language_aullm import LanguageReader
from modeling_aullm.prompt_layout_aullm import PromptLayout

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def best_time(step: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Seconds of the fastest of `repeats` calls, after one to warm up."""
    step()
    times = []
    for _ in range(repeats):
        start = clock()
        step()
        times.append(clock() - start)
    return min(times)


@torch.no_grad()
def infer(reader: LanguageReader, prompt: PromptLayout, tokens: torch.Tensor, share: bool) -> torch.Tensor:
    reader.share_prefix = share
    return reader.eval()(tokens[0], tokens[1], prompt)


def train(reader: LanguageReader, prompt: PromptLayout, tokens: torch.Tensor, share: bool) -> None:
    reader.share_prefix = share
    tokens = tokens.clone().requires_grad_()
    reader.train()(tokens[0], tokens[1], prompt).square().mean().backward()
    reader.zero_grad()


def measure(dtype: str, args: argparse.Namespace) -> dict:
    """Times and ratios of one dtype."""
    vocabulary = 49152  # SmolLM2: the placeholders come after its own tokens
    ids = [*range(100, 100 + args.prefix), vocabulary, vocabulary + 1]
    config = AullmConfig.preset(
        "base", args.language_model, prompt_ids=ids, language_dtype=dtype, num_language_layers=args.layers
    )
    model = AullmForActionUnitDetection.from_language_model(config)
    reader, prompt = model.model.reader, model.model.prompt()
    tokens = config_sized_noise(model, args.batch)
    run, fit = partial(infer, reader, prompt, tokens), partial(train, reader, prompt, tokens)
    plain, shared = run(False), run(True)
    clock = CLOCKS[args.clock]
    result = {
        "dtype": dtype,
        "difference": ((plain - shared).abs().max() / plain.abs().max()).item(),
        "infer_plain_s": best_time(partial(run, False), args.repeats, clock),
        "infer_shared_s": best_time(partial(run, True), 4 * args.repeats, clock),
        "train_plain_s": best_time(partial(fit, False), args.repeats, clock),
        "train_shared_s": best_time(partial(fit, True), 4 * args.repeats, clock),
    }
    for kind in ("infer", "train"):
        result[f"{kind}_ratio"] = result[f"{kind}_plain_s"] / result[f"{kind}_shared_s"]
        result[f"{kind}_clips_per_s"] = args.batch / result[f"{kind}_shared_s"]
    return result


def config_sized_noise(model: AullmForActionUnitDetection, batch: int) -> torch.Tensor:
    """Soft tokens (2, B, D) of the size that `TokenScale` gives them."""
    torch.manual_seed(0)
    return torch.randn(2, batch, model.config.text_config.hidden_size) * model.config.embedding_rms


def show(results: list[dict]) -> None:
    print(f"{'':10}{'step':10}{'plain s':>10}{'shared s':>10}{'ratio':>8}{'clips/s':>10}{'max diff':>10}")
    for result in results:
        for kind, name in (("infer", "inference"), ("train", "training")):
            row = [result[f"{kind}_{column}"] for column in ("plain_s", "shared_s", "ratio", "clips_per_s")]
            print(
                f"{result['dtype']:10}{name:10}{row[0]:10.3f}{row[1]:10.3f}{row[2]:7.1f}x{row[3]:10.0f}"
                f"{result['difference']:10.1e}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language-model", default="bundled", help="Hub id, folder or 'bundled'")
    parser.add_argument("--batch", type=int, default=32, help="clips a batch")
    parser.add_argument("--prefix", type=int, default=51, help="static prompt tokens before the soft tokens")
    parser.add_argument("--layers", type=int, default=None, help="keep the first N layers (default: all)")
    parser.add_argument("--repeats", type=int, default=2, help="timed calls of the plain forward")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: processor seconds, for a busy machine")
    args = parser.parse_args()
    results = [measure(dtype, args) for dtype in args.dtypes]
    show(results)
    print(
        json.dumps({"batch": args.batch, "prefix": args.prefix, "threads": torch.get_num_threads(), "results": results})
    )


if __name__ == "__main__":
    main()
