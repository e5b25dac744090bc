"""`aullm compare`: methods side by side on the same people.

Tested in tests/training_aullm/cli/test_compare.py.
"""

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training_aullm.cli.options import (
    ActionUnitsOption,
    AtOnceOption,
    ClipsOption,
    Domain,
    EpochsOption,
    LanguageModelOption,
    LayersOption,
    SubjectsOption,
    chosen_action_units,
    refuse_idle,
)


class Comparing(StrEnum):
    """Who is tested by whom."""

    LOSO = "loso"
    KFOLD = "kfold"
    CROSS = "cross"
    LEAVE_SET_OUT = "leave-one-data-set-out"


StartedFrom = Annotated[
    str, typer.Option("--from", help="What base-pretrained goes on from: release, a folder, or a Hub id.")
]


def compare(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder of predictions and results; a broken comparison goes on in it.")],
    protocol: Annotated[Comparing, typer.Option(help="Who is tested; see above.")] = Comparing.LOSO,
    models: Annotated[str, typer.Option(help="Names, with commas; all are held against the first.")] = "base,peers",
    domain: Annotated[list[Domain] | None, typer.Option(help="Render clips of this domain; may be repeated.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="A folder of `aullm prepare` or `aullm synth`; may be repeated.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of people, with --protocol kfold.")] = 5,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each, with seeds 0, 1, ...")] = 1,
    tries: Annotated[int, typer.Option(min=1, max=5, help="Settings tried for each on training people.")] = 1,
    folds_at_once: AtOnceOption = 1,
    shard: Annotated[str | None, typer.Option(help="This process's part of the work, such as 1/4.")] = None,
    action_units: ActionUnitsOption = None,
    subjects: SubjectsOption = None,
    clips: ClipsOption = None,
    language_model: LanguageModelOption = "bundled",
    layers: LayersOption = None,
    epochs: EpochsOption = None,
    start: StartedFrom = "release",
    old_scoring: Annotated[
        bool, typer.Option("--old-scoring", help="Beside it, F1 at thresholds chosen by the test clips: no result.")
    ] = False,
) -> None:
    """Train and test several methods on the same people, and put them into one table.

    \b
      loso                    one person at a time, trained on the others
      kfold                   a fold of people at a time
      cross                   every data set from every other one
      leave-one-data-set-out  every data set from all others together

    Models are base, whole, paper and ablations; base-pretrained, which goes on from
    a finished model (--from), and pretrained-as-it-is, which learns nothing here;
    the peers: au-llm, htnet, micro-attention, artnet, sssnet, off-apexnet, led,
    led-network, flow-lr, flow-cnn, all-present ("peers" names all of these); and
    flow-cnn-pretrained, sssnet-pretrained. docs/comparison.md says what each is.

    One fit and one test is a piece of work: it is written whole, and found again
    by the next call. Several processes share the work by --shard, or by torchrun
    and accelerate; whoever is last prints the results. OUT holds manifest.json
    (who was tested by what) and results (.md, .tex, .png, .json).

    Nobody is learnt from and tested, and methods never see a label of a test clip.

    \b
    Examples:
      aullm compare --data prepared/casme2 --out runs/casme2-loso
      aullm compare --domain casme2-like --models base,flow-lr --protocol kfold --out runs/few
      aullm compare --data prepared/casme2 --data prepared/samm --protocol cross --out runs/cross
      aullm compare --domain casme2-like --out runs/shared --shard 1/2
      torchrun --nproc-per-node 2 --no-python aullm compare --domain casme2-like --out runs/shared
    """
    from training_aullm.comparing.comparison import Comparison
    from training_aullm.comparing.report import show_comparison
    from training_aullm.comparing.sharing import Shard
    from training_aullm.console import wide_console
    from training_aullm.peers.aullm import with_layers
    from training_aullm.peers.methods import chosen_methods
    from training_aullm.prepare.sources import Source

    part = Shard.of(shard)
    rendered = [Source(domain=each.value, subjects=subjects, clips=clips) for each in domain or ()]
    sources = (*rendered, *(Source(data=str(each)) for each in data or ()))
    if not sources:
        raise ValueError("say which clips to compare on: --data (prepared) or --domain (rendered), once or more")
    chosen = chosen_methods(models)
    _refuse_idle(ctx, chosen.values())
    methods = {name: with_layers(method.with_epochs(epochs), layers) for name, method in chosen.items()}
    names = tuple(chosen_action_units(action_units) or ()) or None
    settings = (protocol.value, folds, seeds, names, language_model, tries, start)
    comparison = Comparison(out, sources, methods, *settings)
    _say_units(comparison)
    comparison.run(part, folds_at_once)
    manifest = comparison.write_manifest()
    if manifest["left"]:
        typer.echo(f"{manifest['left']} of {len(comparison.pieces)} fits are left: run the other shards, or again.")
        return
    typer.echo(show_comparison(comparison, wide_console(), old_scoring))


def _refuse_idle(ctx: typer.Context, methods: Collection) -> None:
    """Refuse options that change nothing with this protocol, these clips and methods."""
    from training_aullm.comparing.tries import variations
    from training_aullm.peers.aullm import with_layers

    needed = {
        "folds": ctx.params["protocol"] is Comparing.KFOLD,
        "start": any(method.starts for method in methods),
        "epochs": any(method.recipe is not None for method in methods),
        "tries": any(len(variations(method, 2)) > 1 for method in methods),
        "layers": any(with_layers(method, 1) != method for method in methods),
    }
    needed["language_model"] = needed["layers"]  # both are of methods that build one
    needed |= dict.fromkeys(("subjects", "clips"), bool(ctx.params["domain"]))
    refuse_idle(ctx, [name for name in ctx.params if needed.get(name, True)], "with this protocol, clips and models")


def _say_units(comparison) -> None:
    """A line a data set: the units that it is scored on, and why those."""
    from training_aullm.prepare.sources import why_action_units

    for source, (data_set, units) in zip(comparison.sources, comparison.units.items(), strict=True):
        why = "--action-units" if comparison.action_units else why_action_units(source)
        typer.echo(f"{data_set} is scored on {' '.join(units)} ({why}).")
