"""Clips per second of training and of inference: `base` and `paper` beside the plain LED network, in one run.

    python -m benchmarks.speed
    python -m benchmarks.speed --threads 1 --batch 16 --bf16

A training step is forward, backward and AdamW on one batch with the recipe's CCR; `base` trains on motion that was
measured once per clip (its cost stands in a column of its own). Inference starts from pixels and includes that
measurement. Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

import time
from collections.abc import Callable
from typing import Annotated

import torch
import typer
from rich.console import Console
from torch import nn

from dataset_scripts.labels import AU_SETS
from modeling_aullm.loss_aullm import asymmetric_loss
from training_aullm.learn.counterfactual import intervention, invariance
from training_aullm.learn.fitting import new_model
from training_aullm.learn.recipes import Recipe, recipe_base, recipe_paper
from training_aullm.peers.led import LedNetwork
from training_aullm.score.report import json_line, result_table

UNITS = AU_SETS["casme2"]
COLUMNS = {
    "model": "model",
    "trained": "trained weights",
    "train": "training, clips/s",
    "infer": "inference from pixels, clips/s",
    "measure": "motion measurement alone, clips/s",
}


def clips_per_second(run: Callable[[], None], batch: int, seconds: float) -> float:
    """Repeat `run` for about `seconds` after one warm-up, at least three times; the median repetition counts."""
    run()
    times, started = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - started < seconds:
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    return batch / sorted(times)[len(times) // 2]


def training_step(model: nn.Module, loss_of: Callable[[], torch.Tensor], bf16: bool) -> Callable[[], None]:
    """One optimizer step on the trained weights."""
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-5)

    def step() -> None:
        model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def inference(model: nn.Module, pixels: torch.Tensor, bf16: bool) -> Callable[[], None]:
    """One forward pass from pixels, with the prompt's prefix cached by the model."""

    @torch.inference_mode()
    def run() -> None:
        model.eval()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            model(pixel_values=pixels)

    return run


def measure_aullm(recipe: Recipe, language_model: str, batch: int, seconds: float, bf16: bool) -> dict:
    """Speeds of a preset."""
    model = new_model(recipe, UNITS, language_model)
    size = model.config.image_size
    pixels, labels = torch.rand(batch, model.config.num_frames, 1, size, size), torch.randint(0, 2, (batch, len(UNITS)))
    inputs, row = {"pixel_values": pixels}, {"model": recipe.preset, "trained": _trained(model)}
    if model.config.front_end == "displacement":
        inputs = {"motion_values": model.measure_motion(pixels)}
        row["measure"] = clips_per_second(lambda: model.measure_motion(pixels), batch, seconds)

    index, state = torch.randint(0, len(UNITS), (batch,)), torch.randint(0, 2, (batch,))

    def loss_of() -> torch.Tensor:
        if not recipe.ccr_invariance_weight:
            return model(**inputs, labels=labels.float()).loss
        output = model(**inputs, labels=labels.float(), flip_index=index, flip_state=state)
        flipped = output.flipped_logits.float()
        stays = invariance(output.logits, flipped, labels, index, model.graph_neighbours).mean()
        return output.loss + stays + intervention(flipped, labels, index, state).mean()

    row["train"] = clips_per_second(training_step(model, loss_of, bf16), batch, seconds)
    row["infer"] = clips_per_second(inference(model, pixels, bf16), batch, seconds)
    return row


def measure_led_network(batch: int, seconds: float, bf16: bool) -> dict:
    """Speeds of the plain LED network."""
    network, labels = LedNetwork(len(UNITS)), torch.randint(0, 2, (batch, len(UNITS)))
    pixels = torch.rand(batch, 6, 1, 64, 64)
    step = training_step(network, lambda: asymmetric_loss(network(pixels), labels), bf16)
    return {
        "model": "plain LED network",
        "trained": _trained(network),
        "train": clips_per_second(step, batch, seconds),
        "infer": clips_per_second(inference(network, pixels, bf16), batch, seconds),
    }


def _trained(model: nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def main(
    batch: Annotated[int, typer.Option(help="Clips in a batch.")] = 32,
    seconds: Annotated[float, typer.Option(help="Time spent on each number.")] = 5.0,
    threads: Annotated[int | None, typer.Option(help="Threads of torch; default: as torch chooses.")] = None,
    bf16: Annotated[bool, typer.Option("--bf16", help="Autocast to bfloat16.")] = False,
    language_model: Annotated[str, typer.Option(help="Hub id, folder or 'bundled'.")] = "bundled",
) -> None:
    """Measure the three models one after the other."""
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(0)
    rows = [measure_aullm(recipe, language_model, batch, seconds, bf16) for recipe in (recipe_base(), recipe_paper())]
    rows.append(measure_led_network(batch, seconds, bf16))
    rounded = [
        {key: f"{value:.1f}" if isinstance(value, float) else value for key, value in row.items()} for row in rows
    ]
    title = f"batch {batch}, {torch.get_num_threads()} threads, {'bf16 autocast' if bf16 else 'fp32'}"
    Console(width=130).print(result_table(rounded, COLUMNS, title))
    print(
        json_line(
            {"benchmark": "speed", "batch": batch, "threads": torch.get_num_threads(), "bf16": bf16, "rows": rows}
        )
    )


if __name__ == "__main__":
    typer.run(main)
