"""The pulls of `processing_aullm/unit_templates_aullm.py`, measured on rendered people of the training seed.

    python -m benchmarks.unit_templates

Each action unit's mean displacement over people is approximated by one pull on either side of the face, or two where
one explains it badly: a Gaussian each, found by least squares.
"""

import argparse

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from scipy.optimize import least_squares

from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.tables.session import Session
from processing_aullm.skin_field_aullm import CELLS, cell_centres
from processing_aullm.skin_traces_aullm import FACE
from processing_aullm.unit_templates_aullm import UNIT_TEMPLATES, template_field
from training_aullm.runs.release_settings import TRAINING_SEED

MIN_PULL = (
    0.0,
    -1.1,
    0.08,
    0.08,
    -1.2,
    -1.2,
)  # centre, half widths, pixels right and down; a crop is -1 to 1
MAX_PULL = (1.0, 1.1, 0.6, 0.6, 1.2, 1.2)
GOOD = 0.96  # cosine from which on one pull is enough
STARTS = 8


def mean_fields(people: int) -> dict[str, np.ndarray]:
    """(C, 2) displacement of a face's cells by each unit, a pixel at most, over so many people of each domain."""
    sessions = [(domain, subject) for domain in DOMAINS.values() for subject in range(people)]
    fields = {unit: [] for unit in UNIT_TEMPLATES}
    for domain, subject in track(sessions, "people", console=Console(stderr=True)):
        session = Session(domain, seed=TRAINING_SEED, subject=subject)
        for unit, seen in fields.items():
            seen.append(cv2.resize(session.field(unit), (CELLS, CELLS), interpolation=cv2.INTER_AREA)[FACE])
    return {unit: np.mean(seen, axis=0) for unit, seen in fields.items()}


def fit_templates(field: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """The pulls (1 or 2, 6) that come nearest to a field (C, 2), rounded, and the cosine between both."""
    for count in (1, 2):
        fits = [_fit(field, count, rng) for _ in range(STARTS)]
        pulls = np.round(min(fits, key=lambda fit: fit.cost).x.reshape(count, 6), 2)
        found = template_field(pulls)
        cosine = float((found * field).sum() / np.linalg.norm(found) / np.linalg.norm(field))
        if cosine > GOOD:
            break
    return pulls, cosine


def _fit(field: np.ndarray, count: int, rng: np.random.Generator):
    """Least squares from a random start, near cells that move much."""
    x, y = (axis[FACE] for axis in cell_centres())
    energy = (field**2).sum(1)
    cells = rng.choice(len(x), count, p=energy / energy.sum())
    start = [(abs(x[k]), y[k], 0.2, 0.2, field[k, 0] * np.sign(x[k]), field[k, 1]) for k in cells]
    low, high = np.tile(MIN_PULL, count), np.tile(MAX_PULL, count)
    start = np.clip(np.ravel(start), low + 1e-3, high - 1e-3)
    return least_squares(
        lambda values: (template_field(values.reshape(count, 6)) - field).ravel(),
        start,
        bounds=(low, high),
        max_nfev=200,
    )


def main() -> None:
    """Print the table, a line a unit, with its cosine to the mean over people."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8, help="of each domain")
    rng = np.random.default_rng(0)
    for unit, field in mean_fields(parser.parse_args().people).items():
        pulls, cosine = fit_templates(field, rng)
        print(f'"{unit}": {tuple(map(tuple, pulls.tolist()))},  # cosine {cosine:.2f}')


if __name__ == "__main__":
    main()
