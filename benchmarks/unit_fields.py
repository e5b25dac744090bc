"""How the skin moves in every action unit of the clip source, in both bases: where its energy lies, how far it spreads.

    python -m benchmarks.unit_fields
    python -m benchmarks.unit_fields --picture docs/img/source_fields.jpg

Measured on one face without habits of its own, in the cells and with the removal of head movement that spotting uses.
Prints a table, then one JSON line.

Tested in tests/dataset_scripts/synthetic/people/test_unit_fields.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console

from benchmarks.source_pictures import grid, tile
from dataset_scripts.synthetic.config import DOMAINS, Face
from dataset_scripts.synthetic.people.muscles import RENDERED_UNITS
from dataset_scripts.synthetic.tables.session import Session
from processing_aullm.skin_field_aullm import CELLS, cell_centres
from processing_aullm.skin_traces_aullm import FACE, without_head
from training_aullm.score.report import json_line, result_table

BASES = ("arkit", "makehuman")
X, Y = (axis[FACE] for axis in cell_centres())  # (C,) of a crop whose sides are -1 and 1
SIDE = np.abs(X)
REGIONS: dict[str, np.ndarray] = {
    "brow": Y < -0.45,
    "eye": (Y >= -0.45) & (Y < -0.12),
    "mid-face": (Y >= -0.12) & (Y < 0.35) & (SIDE < 0.5),
    "cheek": (Y >= -0.12) & ((SIDE >= 0.5) | (Y >= 0.35) & (SIDE >= 0.42)),
    "mouth": (Y >= 0.35) & (Y < 0.74) & (SIDE < 0.42),
    "chin": (Y >= 0.74) & (SIDE < 0.42),
}
"""Cells of the face (C,), each in one region: with forehead, infraorbital skin and nose, lateral cheek and jaw."""

ARROW_PX, ARROW_EVERY = 9, 10  # of the largest arrow, and between arrows


def plain_session(basis: str) -> Session:
    """Somebody of average shape, as strong on either side, whose neighbouring muscles keep still."""
    nobody = Face(shape_sigma=0, placement_sigma=0, asymmetry=0, leak=(0, 0), warp=0)
    return Session(replace(DOMAINS["casme2-like"], basis=basis, face=nobody), seed=0, subject=0)


def skin_field(session: Session, unit: str) -> np.ndarray:
    """Displacement (C, 2) of a face's cells, right and down, a pixel at most, head movement removed."""
    cells = cv2.resize(session.field(unit), (CELLS, CELLS), interpolation=cv2.INTER_AREA)[FACE]
    return without_head(cells[None], np.ones(len(cells), np.float32))[0]


def outward_down(field: np.ndarray, cells: np.ndarray) -> tuple[float, float]:
    """Mean displacement of some cells away from the midline, and down."""
    return float((np.sign(X) * field[:, 0])[cells].mean()), float(field[cells, 1].mean())


def shares(field: np.ndarray) -> dict[str, float]:
    """Share of a field's energy in each region."""
    energy = (field**2).sum(1)
    return {name: float(energy[cells].sum() / energy.sum()) for name, cells in REGIONS.items()}


def spread(field: np.ndarray) -> float:
    """Effective area, as a share of the face: one over the number that equally moved cells would have."""
    size = np.hypot(*field.T)
    return float(size.sum() ** 2 / (size**2).sum() / len(size))


def affine_share(field: np.ndarray) -> float:
    """Share of the energy that shift, turn, size and shear of the whole face explain."""
    plane = np.stack([np.ones_like(X), X, Y], 1)
    rest = field - plane @ np.linalg.lstsq(plane, field, rcond=None)[0]
    return float(1 - (rest**2).sum() / (field**2).sum())


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Of two fields: 1 where they differ in size only."""
    return float((first * second).sum() / np.linalg.norm(first) / np.linalg.norm(second))


def draw(sessions: Iterable[Session], size: int = 224) -> np.ndarray:
    """Arrows of every unit on the face at rest, the bases side by side."""
    sessions, tiles = list(sessions), []
    for unit in RENDERED_UNITS:
        pair = [_arrows(session, unit) for session in sessions]
        tiles.append(tile(np.hstack(pair), f"{unit}: " + ", ".join(BASES)))
    return grid(tiles, 4)


def _arrows(session: Session, unit: str) -> np.ndarray:
    field = session.field(unit)
    largest = np.percentile(np.hypot(field[..., 0], field[..., 1]), 99.5)
    rng = np.random.default_rng(0)
    picture = next(session.film([], np.array([0.0, 1.0]), session.sensor(rng), rng))
    picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    for y in range(ARROW_EVERY // 2, len(field), ARROW_EVERY):
        for x in range(ARROW_EVERY // 2, len(field), ARROW_EVERY):
            right, down = field[y, x] / largest * ARROW_PX
            if np.hypot(right, down) > 1:
                end = (round(x + right), round(y + down))
                cv2.arrowedLine(picture, (x, y), end, (255, 230, 0), 1, cv2.LINE_AA, tipLength=0.35)
    return picture


def main(picture: Annotated[Path | None, typer.Option(help="Draw the fields into this file, too.")] = None) -> None:
    """Measure the fields of both bases."""
    sessions = [plain_session(basis) for basis in BASES]
    rows = []
    for unit in RENDERED_UNITS:
        fields = [skin_field(session, unit) for session in sessions]
        for basis, field in zip(BASES, fields, strict=True):
            measured = {"area": spread(field), "affine": affine_share(field), "cosine": cosine(*fields)}
            rows.append({"unit": unit, "basis": basis} | shares(field) | measured)
    columns = {key: key for key in rows[0]}
    shown = [{key: cell if isinstance(cell, str) else f"{cell:.2f}" for key, cell in row.items()} for row in rows]
    Console(width=150).print(result_table(shown, columns, "where each unit's energy lies"))
    print(json_line({"benchmark": "unit_fields", "rows": rows}))
    if picture:
        cv2.imwrite(str(picture), draw(sessions)[..., ::-1])


if __name__ == "__main__":
    typer.run(main)
