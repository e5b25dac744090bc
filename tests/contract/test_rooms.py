"""The floors in CONTRIBUTING.md: every import goes downwards, and every room stands in the picture."""

import re
from pathlib import PurePosixPath

import pytest

from tests.contract.tree import ROOT, import_graph, module_name, python_files

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ROOM = re.compile(r"[\w]+(?:/|\.py)(?!\S)")


def floors(text: str) -> dict[str, dict[str, int]]:
    """The pictures in a text: folder -> room -> floor, counted from the ground.

    A picture is a fenced text block whose first line names a folder; the words that end in "/" or ".py" are its rooms.
    """
    pictures = {}
    for block in re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        folder, *rows = block.splitlines()
        rows = [[word.removesuffix(".py").rstrip("/") for word in ROOM.findall(row)] for row in rows]
        pictures[folder] = {room: floor for floor, row in enumerate(reversed(rows)) for room in row}
    return pictures


FLOORS = floors(CONTRIBUTING)


def room_of(module: str, folder: str) -> str | None:
    """The room of a folder in which a module stands; None for the folder's own door and for modules elsewhere."""
    inside = PurePosixPath(module.replace(".", "/"))
    start = PurePosixPath(folder)
    return inside.relative_to(start).parts[0] if start in inside.parents else None


def upward(folder: str, graph: dict[str, set[str]], rooms: dict[str, int]) -> list[str]:
    """Imports that do not go to a lower floor."""
    found = []
    for module, targets in graph.items():
        for target in targets:
            room, other = room_of(module, folder), room_of(target, folder)
            if room and other and room != other and rooms[room] <= rooms[other]:
                found.append(f"{module} imports {target}")
    return sorted(found)


@pytest.mark.parametrize("folder", FLOORS)
def test_imports_go_down(folder):
    assert not upward(folder, import_graph(), FLOORS[folder])


@pytest.mark.parametrize("folder", FLOORS)
def test_every_room_stands_in_the_picture(folder):
    rooms = {room_of(module_name(path), folder) for path in python_files(folder.split("/")[0])} - {None}
    assert rooms == set(FLOORS[folder])


def test_three_folders_have_pictures():
    assert set(FLOORS) == {"training_aullm", "dataset_scripts", "dataset_scripts/synthetic"}


def test_an_import_upwards_or_on_one_floor_would_be_found():
    rooms = floors("```text\nhouse\n  roof/\n  left/  right/   words about them\n  ground.py\n```\n")["house"]
    assert rooms == {"roof": 2, "left": 1, "right": 1, "ground": 0}
    graph = {
        "house.left.a": {"house.right.b", "house.ground", "other.c"},
        "house.ground": {"house.roof.d"},
        "house.roof.d": {"house.left.a"},
    }
    assert upward("house", graph, rooms) == ["house.ground imports house.roof.d", "house.left.a imports house.right.b"]
