"""Curves with and without scores."""

from tests.training_aullm.figures.drawn import pixels
from training_aullm.figures.curves import draw_curves


def test_scores_stand_beside_losses_where_there_are_some(tmp_path):
    history = [{"epoch": n, "loss": 1 / n, "loss_main": 0.5 / n} for n in (1, 2, 3)]
    draw_curves(tmp_path / "a.png", history)
    draw_curves(tmp_path / "b.png", [*history, {"epoch": 3, "eval_loss": 0.4, "eval_f1": 0.6, "eval_auc": 0.9}])
    assert pixels(tmp_path / "b.png").shape[1] > pixels(tmp_path / "a.png").shape[1]
