"""`aullm publish`: a run to the Hub, with everything that belongs to it.

Tested in tests/commands/test_publish_run.py.
"""

from pathlib import Path
from typing import Annotated

import typer


def publish(
    run: Annotated[Path, typer.Argument(help="A run's folder, or release: the checkpoint that comes along.")],
    repo: Annotated[str, typer.Option(help="owner/name of the model; the others are named after it.")],
    private: Annotated[bool, typer.Option("--private", help="Make the repositories private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; send nothing.")] = False,
    no_space: Annotated[bool, typer.Option("--no-space", help="Leave the Space out.")] = False,
    no_dataset: Annotated[bool, typer.Option("--no-dataset", help="Leave the clips out.")] = False,
    no_metric: Annotated[bool, typer.Option("--no-metric", help="Leave the evaluate module out.")] = False,
    licence: Annotated[
        str | None, typer.Option(help="For clips of your own: the Hub's name of their licence, such as cc-by-4.0.")
    ] = None,
) -> None:
    """Publish a run: model, metric, clips and Space, each a repository on the Hub.

    Log in first with `hf auth login`. Four folders are put together under RUN/hub,
    where you can look at them: the model (merged, with processor, code, pipeline
    and a card of the recorded scores) as owner/name, the metric as owner/au_f1,
    the rendered clips as owner/name-clips, and the Space as owner/name, pinned to
    the model's commit.

    Every file is looked through before anything is sent: tokens, paths and names
    of this machine, states of training and licensed faces stop it, and the error
    names file and line. An upload that was broken off goes on when the same
    command is given again; what has arrived is not sent twice.

    The checkpoint that comes along has no run and no clips: its folders are put
    together under runs/release/hub.

    \b
    Examples:
      aullm publish release --repo me/aullm --dry-run
      aullm publish runs/release --repo me/aullm --dry-run
      aullm publish runs/release --repo me/aullm --private
      aullm publish runs/mine --repo me/aullm-mine --no-space --no-dataset
    """
    from huggingface_hub import HfApi

    from training_aullm.publishing.repo_folders import repositories
    from training_aullm.publishing.sending import prepare, send_all
    from training_aullm.publishing.shipped import is_shipped
    from training_aullm.publishing.summary import show_folders

    left_out = {"space": no_space, "clips": no_dataset or is_shipped(run), "metric": no_metric}
    names = {role: name for role, name in repositories(repo).items() if not left_out.get(role)}
    api = None if dry_run else HfApi()
    try:
        folders = prepare(run, names, licence, private, api, typer.echo)
        show_folders(folders, private)
        if api is None:
            typer.echo("nobody was asked and nothing was sent")
            return
        for role, commit in send_all(folders, api, private, typer.echo).items():
            typer.echo(f"{role}: {api.endpoint}/{folders[role].address}  {commit}")
    except ConnectionError as error:
        typer.secho(f"aullm: {error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(3) from None
