"""Nothing may be predictable from the onset frame alone."""

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.synthetic import load_synthetic
from dataset_scripts.synthetic.camera.shading import Camera
from dataset_scripts.synthetic.config import DOMAINS
from dataset_scripts.synthetic.tables.session import Session

FREQUENT = ("AU1", "AU2", "AU4", "AU7", "AU12", "AU14", "AU17")


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=lambda domain: domain.name)
def test_the_onset_frame_is_the_same_whatever_follows(domain):
    session = Session(domain, seed=0, subject=1, camera=Camera(size=96))
    for number in range(4):
        clips = [session.clip(units, number, 4) for units in (("AU4",), ("AU12", "AU15"), ("AU1", "AU2", "AU7"))]
        assert len({clip.frames[0] for clip in clips}) == 1
        assert len({clip.frames[clip.apex] for clip in clips}) == 3


def mean_auc(features, labels, subjects, folds):
    """Subject-exclusive logistic regression, mean AUC over units."""
    fold_of = {subject: index % folds for index, subject in enumerate(np.unique(subjects))}
    fold = np.array([fold_of[subject] for subject in subjects])
    scores = []
    for unit in FREQUENT:
        truth = labels[:, ACTION_UNITS.index(unit)]
        guess = np.zeros(len(truth))
        for index in range(folds):
            train, test = fold != index, fold == index
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, class_weight="balanced"))
            guess[test] = model.fit(features[train], truth[train]).predict_proba(features[test])[:, 1]
        scores.append(roc_auc_score(truth, guess))
    return float(np.mean(scores))


def probe(clips, folds=4):
    """AUC from the onset frame alone, and from the flow between it and the apex."""
    labels, subjects = np.array(clips["action_units"]), np.array(clips["subject"])
    onset, change = [], []
    for row in clips:
        first, apex = (np.asarray(row["frames"][index].resize((64, 64))) for index in (0, row["apex"]))
        onset.append(cv2.resize(first, (28, 28), interpolation=cv2.INTER_AREA).ravel().astype(float))
        flow = cv2.calcOpticalFlowFarneback(first, apex, None, 0.5, 3, 9, 3, 5, 1.1, 0)
        change.append(cv2.resize(flow, (14, 14), interpolation=cv2.INTER_AREA).ravel())
    return mean_auc(np.array(onset), labels, subjects, folds), mean_auc(np.array(change), labels, subjects, folds)


def test_a_probe_on_the_onset_frame_is_near_chance(cache):
    """Small: 8 subjects, 96 clips; the spread of such a mean AUC at chance is about 0.04."""
    clips = load_synthetic("casme2-like", 8, 96, frames=3, size=64, num_proc=1, cache_dir=cache, progress=False)
    onset, change = probe(clips)
    assert abs(onset - 0.5) < 0.12
    assert change > onset + 0.15  # the probe can see what there is to see


@pytest.mark.slow
def test_a_probe_on_the_full_set_is_near_chance(cache):
    clips = load_synthetic("casme2-like", cache_dir=cache, progress=False)
    onset, change = probe(clips, folds=13)
    assert abs(onset - 0.5) < 0.08
    assert change > 0.6
