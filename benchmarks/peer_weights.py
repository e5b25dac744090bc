"""How many weights does each method of others train, for our units and for as many classes as its authors have?

    python -m benchmarks.peer_weights

docs/comparison.md puts the authors' own numbers beside these. Prints a table, then one JSON line.

Tested in tests/benchmarks/test_programs.py.
"""

from typing import Annotated

import torch
import typer
from rich.console import Console
from torch import nn

from dataset_scripts.labels import AU_SETS
from training_aullm.learn.fitting import new_model
from training_aullm.peers.aullm import AU_LLM
from training_aullm.peers.fitting import NetworkRun
from training_aullm.peers.methods import PEERS
from training_aullm.peers.micro_attention import AttendingNetwork
from training_aullm.score.report import json_line, result_table

UNITS = AU_SETS["casme2"]
CLASSES = {"htnet": 3, "micro-attention": 5, "sssnet": 12, "off-apexnet": 3, "led": 12, "au-llm": 4}
"""Emotions or action units in the authors' code (Off-ApexNet: in the paper). Of the others there is none."""
COLUMNS = {
    "method": "method",
    "units": f"{len(UNITS)} units",
    "classes": "classes of its authors",
    "as_theirs": "with as many classes",
}


def networks(language_model: str) -> dict:
    """Name of a peer to a function: how many classes -> the module that is trained."""
    built = {name: method.run.network for name, method in PEERS.items() if isinstance(method.run, NetworkRun)}
    built["micro-attention"] = AttendingNetwork
    built["au-llm"] = lambda labels: new_model(AU_LLM.recipe, UNITS[:labels], language_model)
    return {name: built[name] for name in PEERS if name in built}


def trained(model: nn.Module) -> int:
    """How many numbers of it are trained."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def main(
    language_model: Annotated[str, typer.Option(help="Hub id, folder or 'bundled', for au-llm.")] = "bundled",
) -> None:
    """Count the weights of every peer that is a network."""
    torch.manual_seed(0)
    rows = []
    for name, build in networks(language_model).items():
        row = {"method": name, "units": trained(build(len(UNITS)))}
        if name in CLASSES:
            row |= {"classes": CLASSES[name], "as_theirs": trained(build(CLASSES[name]))}
        rows.append(row)
    shown = [{key: f"{told:,}" if isinstance(told, int) else told for key, told in row.items()} for row in rows]
    Console(width=100).print(result_table(shown, COLUMNS, "trained weights"))
    print(json_line({"benchmark": "peer_weights", "rows": rows}))


if __name__ == "__main__":
    typer.run(main)
