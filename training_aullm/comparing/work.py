"""A piece of work: one method, one seed, one split. Its predictions are written whole or not at all, its record before.

OUT/predictions/METHOD/seed0/GROUP/FOLD.parquet   a row per test clip, with its sample id
OUT/predictions/METHOD/seed0/GROUP/FOLD.json      who was trained on and tested, by what, in how many seconds

Tested in tests/training_aullm/comparing/test_comparison.py.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dataset_scripts.whole_files import write_whole
from training_aullm.clips.clip_set import ClipSet
from training_aullm.comparing.calibrated import calibration_of, varied_clips
from training_aullm.comparing.sides import refuse_seen_people, refuse_shared_people, two_sides, without_labels
from training_aullm.comparing.splits import Split
from training_aullm.comparing.tries import choose, variations
from training_aullm.learn.fitting import as_predictions
from training_aullm.peers.method import Method, Setup

PREDICTIONS = "predictions"


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
        names = [self.method, f"seed{self.seed}", self.split.group, f"{self.split.fold.name}.parquet"]
        return out.joinpath(PREDICTIONS, *(quote(name, safe=" ") for name in names))

    def is_done(self, out: Path) -> bool:
        """Whether its predictions are there."""
        return self.path(out).exists()


def run_piece(piece: Piece, method: Method, clips: ClipSet, setup: Setup, tries: int, out: Path) -> None:
    """Fit, predict and write.

    Args:
        piece: what to do.
        method: of the piece's name.
        clips: of all data sets, in the method's form.
        setup: of the fit; its macro clips are used where the method is transferred, its start where it goes on.
        tries: settings tried on training people before the fit.
        out: folder of the comparison.

    Raises:
        ValueError: somebody is learnt from and tested.
    """
    train, test = two_sides(clips, piece.split)
    if method.transfers:
        refuse_shared_people(setup.macro, test, f"macro clips of {piece.method}")
    started_from = refuse_seen_people(setup.start, test, piece.split.group) if method.starts else {}
    started, candidates = time.perf_counter(), variations(method, tries)
    chosen, scores = choose(candidates, train, setup)
    best = candidates[chosen]
    varied = varied_clips(train, best.recipe, setup.seed)
    probabilities, known = best.run(best.recipe, train, [without_labels(test), without_labels(varied)], setup)
    calibration, seconds = calibration_of(known, varied.labels.numpy()), time.perf_counter() - started
    coded = {name: column[column != -1] for name, column in zip(train.action_units, train.labels.T, strict=True)}
    record = {
        "method": piece.method,
        "seed": piece.seed,
        "group": piece.split.group,
        "fold": piece.split.fold.name,
        "trained": {"people": sorted(set(train.subjects)), "clips": len(train)},
        "tested": {"people": sorted(set(test.subjects)), "clips": len(test)},
        "transferred_from": sorted(set(setup.macro.subjects)) if method.transfers else [],
        "started_from": started_from,
        "present_in_training": {
            name: round(float(each.float().mean()), 4) for name, each in coded.items() if len(each)
        },
        "setting": best.shown_setting,
        "tries": {
            "number": len(candidates),
            "chosen": chosen,
            "f1_on_training_people": [round(f1, 4) for f1 in scores],
        },
        "seconds": round(seconds, 2),
    }
    path = piece.path(out)
    write_whole(path.with_suffix(".json"), json.dumps(record, indent=1) + "\n")
    told = as_predictions(probabilities, test, piece.split.fold.name, piece.seed, calibration)
    told.select(piece.split.scored_units).save(path)
