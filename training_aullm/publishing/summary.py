"""What would be sent, as tables.

Tested in tests/commands/test_publish_run.py.
"""

from rich.filesize import decimal
from rich.table import Table

from training_aullm.console import wide_console
from training_aullm.publishing.repo_folders import RepoFolder, Role

MAX_NAMED = 60


def show_folders(folders: dict[Role, RepoFolder], private: bool) -> None:
    """Print each repository with its files and their sizes, the largest first.

    Args:
        folders: what would be sent.
        private: whether new repositories are private.
    """
    console, total = wide_console(), 0
    for folder in folders.values():
        sizes = {name: (folder.folder / name).stat().st_size for name in folder.names()}
        total += sum(sizes.values())
        table = Table("file")
        table.add_column("size", justify="right")
        for name in sorted(sizes, key=lambda each: -sizes[each])[:MAX_NAMED]:
            table.add_row(name, decimal(sizes[name]))
        table.add_section()
        table.add_row(f"{len(sizes)} files", decimal(sum(sizes.values())))
        console.print(f"\n{folder.address} ({'private ' if private else ''}{folder.repo_type})")
        console.print(table)
    console.print(f"{len(folders)} repositories, {decimal(total)}")
