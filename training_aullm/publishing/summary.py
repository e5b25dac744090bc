"""What would be sent, and what was: as tables."""

from rich.table import Table

from training_aullm.console import wide_console
from training_aullm.publishing.repo_folders import Parcel, Role
from training_aullm.publishing.sending import Plan
from training_aullm.publishing.upload import There, told_size

MOST_NAMED = 60


def show_plan(plan: Plan, private: bool) -> None:
    """Print each repository with every file, its size, and whether the Hub has it already.

    Args:
        plan: what would be sent.
        private: whether new repositories are private.
    """
    console = wide_console()
    for role, parcel in plan.parcels.items():
        there = plan.there.get(role)
        state = "" if there is None else (", is there already" if there.exists else ", new")
        kind = ("private " if private else "") + parcel.repo_type
        console.print(f"\n{parcel.address} ({kind}{state})", markup=False)
        console.print(_table(parcel, there))
    total = sum(parcel.size() for parcel in plan.parcels.values())
    asked = "" if plan.there else "; nobody was asked and nothing was sent"
    console.print(f"{len(plan.parcels)} repositories, {told_size(total)}{asked}", markup=False)


def show_sent(plan: Plan, commits: dict[Role, str], endpoint: str) -> None:
    """Print where everything stands now.

    Args:
        plan: what was sent.
        commits: role -> commit.
        endpoint: the Hub's address.
    """
    console = wide_console()
    for role, commit in commits.items():
        console.print(f"{role}: {endpoint}/{plan.parcels[role].address}  {commit}", markup=False)


def _table(parcel: Parcel, there: There | None) -> Table:
    """One repository's files; the largest first."""
    table = Table()
    for name in ("file", "size", *(["on the Hub"] if there is not None else [])):
        table.add_column(name, justify="right" if name == "size" else "left")
    sizes = {name: (parcel.folder / name).stat().st_size for name in parcel.names()}
    for name in sorted(sizes, key=lambda each: -sizes[each])[:MOST_NAMED]:
        table.add_row(name, told_size(sizes[name]), *([] if there is None else [_state(name, there)]))
    if len(sizes) > MOST_NAMED:
        table.add_row(f"... and {len(sizes) - MOST_NAMED} more", "")
    table.add_section()
    table.add_row(f"{len(sizes)} files", told_size(sum(sizes.values())))
    return table


def _state(name: str, there: There) -> str:
    if name in there.same:
        return "same"
    return "replaced" if name in there.other else "new"
