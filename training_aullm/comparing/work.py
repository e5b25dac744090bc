"""A piece of work: one method, one seed, one split. Its predictions are written whole or not at all, its record before.
Pieces that are fitted in lockstep are written when all of them are fitted.

OUT/predictions/METHOD/seed0/GROUP/FOLD.parquet   a row per test clip, with its sample id
OUT/predictions/METHOD/seed0/GROUP/FOLD.json      who was trained on and tested, by what, in how many seconds

Tested in tests/training_aullm/comparing/test_comparison.py.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from dataset_scripts.whole_files import write_whole
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.calibrated import calibration_of, varied_clips
from training_aullm.comparing.sides import refuse_seen_people, refuse_shared_people, two_sides, without_labels
from training_aullm.comparing.splits import Split
from training_aullm.comparing.tries import choose, variations
from training_aullm.learn.fitting import as_predictions
from training_aullm.peers.method import Method, Setup

PREDICTIONS, SETTINGS_DIGEST = "predictions", "settings_digest"


@dataclass(frozen=True)
class Piece:
    """One fit and one test.

    Attributes:
        method: its name.
        seed: of the training.
        split: who is trained on and who is tested.
    """

    method: str
    seed: int
    split: Split

    def path(self, out: Path) -> Path:
        """Where its predictions go."""
        return path_of(out, self.method, self.seed, self.split.group, self.split.fold.name)

    def is_done(self, out: Path) -> bool:
        """Whether its predictions are there."""
        return self.path(out).exists()


@dataclass(frozen=True)
class Sides:
    """The clips of a piece: to be learnt from, and tested, the latter with their labels.

    Attributes:
        transferred_from: people that the method learns from first, where it does.
        started_from: data set -> how many people a finished model had seen that the method goes on from.
    """

    train: ClipSet
    test: ClipSet
    transferred_from: list[str]
    started_from: dict[str, int]

    @classmethod
    def of(cls, piece: Piece, method: Method, clips: ClipSet, setup: Setup) -> "Sides":
        """
        Raises:
            ValueError: somebody is learnt from and tested.
        """
        train, test = two_sides(clips, piece.split)
        if method.transfers:
            refuse_shared_people(setup.others, test, f"what {piece.method} learns from first")
        transferred_from = sorted(set(setup.others.subjects)) if method.transfers else []
        started_from = refuse_seen_people(setup.start, test, piece.split.group) if method.starts else {}
        return cls(train, test, transferred_from, started_from)


def path_of(out: Path, method: str, seed: int, group: str, fold: str) -> Path:
    """Where the predictions of a fit stand in the folder of a comparison."""
    names = [method, f"seed{seed}", group, f"{fold}.parquet"]
    return out.joinpath(PREDICTIONS, *(quote(name, safe=" ") for name in names))


def run_piece(
    piece: Piece, method: Method, clips: ClipSet, setup: Setup, tries: int, out: Path, digest: str = ""
) -> None:
    """Fit, predict and write.

    Args:
        piece: what to do.
        method: of the piece's name.
        clips: of all data sets, in the method's form.
        setup: of the fit; its other people where the method learns from them first, its start where it goes on.
        tries: settings tried on training people before the fit.
        out: folder of the comparison.
        digest: of all that decides the fit, kept in its record.

    Raises:
        ValueError: somebody is learnt from and tested.
    """
    sides = Sides.of(piece, method, clips, setup)
    started, candidates = time.perf_counter(), variations(method, tries)
    chosen, scores = choose(candidates, sides.train, setup)
    best = candidates[chosen]
    varied = varied_clips(sides.train, best.recipe, setup.seed)
    told = best.run(best.recipe, sides.train, [without_labels(sides.test), without_labels(varied)], setup)
    tried = {"number": len(candidates), "chosen": chosen, "f1_on_training_people": [round(f1, 4) for f1 in scores]}
    _write(piece, best, sides, varied, told, setup, time.perf_counter() - started, tried, out, digest)


def run_pieces(
    pieces: Sequence[Piece], method: Method, clips: ClipSet, setup: Setup, out: Path, digest: str = ""
) -> None:
    """Fit several pieces in lockstep, then predict and write one after the other. Nothing is tried before.

    Args:
        pieces: of one seed, which train the same units.
        method: of their name, with a way to run at once.
        clips: of all data sets, in the method's form.
        setup: of the fits.
        out: folder of the comparison.
        digest: as for `run_piece`.

    Raises:
        ValueError: somebody is learnt from and tested.
    """
    sides = [Sides.of(piece, method, clips, setup) for piece in pieces]
    started = time.perf_counter()
    varied = [varied_clips(each.train, method.recipe, setup.seed) for each in sides]
    asked = [[without_labels(side.test), without_labels(more)] for side, more in zip(sides, varied, strict=True)]
    told = list(method.run_at_once(method.recipe, [side.train for side in sides], asked, setup))
    seconds = (time.perf_counter() - started) / len(pieces)
    tried = {"number": 1, "chosen": 0, "f1_on_training_people": []}
    for piece, side, more, answers in zip(pieces, sides, varied, told, strict=True):
        _write(piece, method, side, more, answers, setup, seconds, tried, out, digest)


def _write(
    piece: Piece,
    method: Method,
    sides: Sides,
    varied: ClipSet,
    told: list[np.ndarray],
    setup: Setup,
    seconds: float,
    tried: dict,
    out: Path,
    digest: str,
) -> None:
    """Calibrate what was told of the tested clips by what was told of the varied ones, and write it with its record."""
    train, test, (probabilities, known) = sides.train, sides.test, told
    if method.calibration is not None:
        calibration = method.calibration(setup, train.action_units)
    else:
        calibration = calibration_of(known, varied.labels.numpy())
    coded = {name: column[column != -1] for name, column in zip(train.action_units, train.labels.T, strict=True)}
    record = {
        "method": piece.method,
        SETTINGS_DIGEST: digest,
        "seed": piece.seed,
        "group": piece.split.group,
        "fold": piece.split.fold.name,
        "trained": {"people": sorted(set(train.subjects)), "clips": len(train)},
        "tested": {"people": sorted(set(test.subjects)), "clips": len(test)},
        "transferred_from": sides.transferred_from,
        "started_from": sides.started_from,
        "present_in_training": {
            name: round(float(each.float().mean()), 4) for name, each in coded.items() if len(each)
        },
        "setting": method.shown_setting,
        "tries": tried,
        "seconds": round(seconds, 2),
    }
    path = piece.path(out)
    write_whole(path.with_suffix(".json"), json.dumps(record, indent=1) + "\n")
    predictions = as_predictions(probabilities, test, piece.split.fold.name, piece.seed, calibration)
    predictions.select(piece.split.scored_units).save(path)
