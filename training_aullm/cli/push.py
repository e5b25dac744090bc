"""`aullm push`: a prepared set to the Hub, where its licence lets it go.

Tested in tests/commands/test_own_clips.py.
"""

from pathlib import Path
from typing import Annotated

import typer


def push(
    data: Annotated[Path, typer.Argument(metavar="OUT", help="A prepared set, as `aullm prepare` makes it.")],
    repo: Annotated[str, typer.Option(help="owner/name of the data set's repository; made where there is none.")],
    private: Annotated[bool, typer.Option("--private", help="Nobody but you and your organisation sees it.")] = False,
    i_may_share: Annotated[
        bool, typer.Option("--i-may-share", help="Your word that the licence you signed allows a private copy.")
    ] = False,
    licence: Annotated[
        str | None, typer.Option(help="For clips of your own: the Hub's name of their licence, such as cc-by-4.0.")
    ] = None,
) -> None:
    """Push a prepared set to the Hub with its data card.

    Log in first with `hf auth login`. The benchmarks are handed out under signed
    licences: their faces go into a private repository only, and only if you say
    that your licence allows it. Clips of your own need the name of a licence.
    Rendered clips may go anywhere.

    \b
    Examples:
      aullm push prepared/rendered --repo me/rendered-clips
      aullm push prepared/mine --repo me/my-clips --licence cc-by-4.0
      aullm push prepared/casme2 --repo lab/casme2-aligned --private --i-may-share
    """
    from dataset_scripts.cards.sharing import push_prepared
    from training_aullm.prepare.prepared import PreparedRecord

    record = PreparedRecord.load(data)
    address = push_prepared(data, repo, private=private, licence_allows=i_may_share, licence=licence)
    typer.echo(f"{record.clips} clips of {record.name}: {address}")
