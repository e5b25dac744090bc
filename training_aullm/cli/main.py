"""Puts the commands of `aullm` together; each stands in a file of its own and imports heavy packages as it runs.

Tested in tests/training_aullm/cli/test_user_errors.py.
"""

import gc
import os
import sys
import warnings

import typer

from dataset_scripts.freed_memory import keep_freed_memory
from training_aullm.cli.annotations import annotations
from training_aullm.cli.compare import compare
from training_aullm.cli.demo import demo
from training_aullm.cli.evaluate import evaluate
from training_aullm.cli.explain import explain
from training_aullm.cli.inspect import inspect
from training_aullm.cli.options import checked
from training_aullm.cli.pair import pair
from training_aullm.cli.predict import predict
from training_aullm.cli.prepare import prepare
from training_aullm.cli.publish import publish
from training_aullm.cli.push import push
from training_aullm.cli.release import release
from training_aullm.cli.synth import synth
from training_aullm.cli.train import train
from training_aullm.cli.user_errors import is_users_to_mend

app = typer.Typer(
    help="Action units of micro-expressions, with AULLM++: render or prepare clips, train, score, and read videos.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


@app.callback()
def settle(debug: bool = typer.Option(False, "--debug", help="Show the whole traceback of an error.")) -> None:
    """Settings of the libraries below that must stand before any of them is imported.

    Waiting threads give their core away: where other work runs too, threads that spin make small networks ten times
    slower. Garbage is looked for less often: importing torch and transformers makes a million objects that stay, and
    looking through them again and again is a tenth of a command's start.
    """
    keep_freed_memory()
    gc.set_threshold(10_000, *gc.get_threshold()[1:])
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", category=UserWarning, module="torch.utils.data")


COMMANDS = (
    demo,
    synth,
    prepare,
    annotations,
    inspect,
    train,
    evaluate,
    compare,
    predict,
    pair,
    release,
    explain,
    publish,
    push,
)
for command in COMMANDS:
    app.command()(checked(command))


def run() -> None:
    """The entry point: errors that a user can mend are shown as one line, every other with its traceback."""
    try:
        app()
    except Exception as error:
        if "--debug" in sys.argv or not is_users_to_mend(error):
            raise
        typer.secho(f"aullm: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)
