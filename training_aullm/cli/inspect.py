"""`aullm inspect`: a prepared set in numbers and pictures, before anything is trained.

Tested in tests/commands/test_own_clips.py.
"""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    data: Annotated[Path, typer.Argument(metavar="OUT", help="A prepared set, as `aullm prepare` makes it.")],
    clips: Annotated[int, typer.Option(min=1, help="Clips on the contact sheet.")] = 10,
) -> None:
    """Look at a prepared set in numbers and pictures.

    Prints how many clips show each action unit (beside the published counts,
    where there are any), in how many it is unknown and how many people show it;
    which units come together; how long onset to apex and apex to offset last;
    clips per person; and what the report found. Writes under OUT/inspect

    \b
      cooccurrence.png  how often two units come in one clip
      durations.png     milliseconds from onset to apex and to offset
      clips.png         onset, apex, and what changed between them

    On the contact sheet a change looks like the movement it is named after; a
    whole face that changes says that the crop trembles or that the light moved.

    \b
    Examples:
      aullm inspect prepared/casme2
      aullm inspect prepared/mine --clips 20
    """
    from training_aullm.console import wide_console
    from training_aullm.prepare.inspecting import Inspection, draw_inspection, inspection_tables

    inspection = Inspection.of(data)
    console = wide_console()
    for part in inspection_tables(inspection):
        console.print(part)
    for path in draw_inspection(inspection, data / "inspect", clips):
        typer.echo(path)
