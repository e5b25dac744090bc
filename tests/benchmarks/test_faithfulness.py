"""The faithfulness benchmark tells a model that looks where it says from one that does not."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
import typer

from benchmarks import faithfulness, without_unit
from benchmarks.faithfulness import Detection, compare, compare_flips, detect, refuse_trained_on
from benchmarks.hiding import face_cells, hide_motion, hide_pixels, moving_region, random_regions
from benchmarks.without_unit import QuietSession, compare_claims, film_again
from dataset_scripts.synthetic.config import get_domain
from modeling_aullm import AullmOutput
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_whole

ROOT = Path(__file__).parents[2]
UNITS = {"AU4": (3, 6), "AU12": (10, 6)}  # where each unit's motion is, on a grid of 14 x 14
NAMES = tuple(UNITS)


class Watcher:
    """Reads each unit off the motion of a few cells, and claims to look there, or somewhere else."""

    training, device = False, torch.device("cpu")
    config = SimpleNamespace(
        id2label=dict(enumerate(NAMES)),
        front_end="displacement",
        use_instruction_token=True,
        image_size=224,
        graph_prior=[[0.0, 0.0]] * 2,
        has_counterfactuals=True,
        use_moe=False,
    )

    def __init__(self, claims: dict[str, tuple[int, int]]):
        self.claimed = torch.stack([self._cells(place) for place in claims.values()])
        self.read = torch.stack([self._cells(place) for place in UNITS.values()])

    @staticmethod
    def _cells(place: tuple[int, int]) -> torch.Tensor:
        cells = torch.zeros(14, 14)
        cells[place[0] - 1 : place[0] + 2, place[1] - 1 : place[1] + 3] = 1 / 12
        return cells

    def __call__(self, motion_values: torch.Tensor, output_counterfactuals=False, **options) -> AullmOutput:
        length = torch.nn.functional.avg_pool2d(motion_values[:, :2].norm(dim=1).amax(1), 2)  # (B, 14, 14)
        logits = 8 * torch.einsum("bhw,khw->bk", length, self.read) - 4
        batch = len(logits)
        flipped = logits[:, None].expand(-1, 2, -1) - torch.tensor([[0.0, 2.0], [0.0, 0.0]])
        return AullmOutput(
            logits=logits,
            counterfactual_logits=flipped if output_counterfactuals else None,
            au_attentions=self.claimed[None, :, None].expand(batch, -1, -1, -1, -1),
            graph_strengths=torch.zeros(batch, 1, 2, 2),
        )

    def measure_motion(self, pixels: torch.Tensor) -> torch.Tensor:
        """Brightness since the onset, taken for a movement down."""
        change = torch.nn.functional.adaptive_avg_pool2d((pixels[:, 1:] - pixels[:, :1])[:, :, 0], 28)
        return torch.stack([torch.zeros_like(change), change, torch.ones_like(change)], 1)


def clips_with(pixels: bool = False) -> tuple[ClipSet, torch.Tensor]:
    """Six clips of three people; both units move everywhere."""
    frames = torch.zeros(6, 6, 1, 224, 224)
    frames[:, 3:] = 0.9
    labels = torch.ones(6, 2, dtype=torch.int64)
    labels[0, 0] = 0
    names, people = tuple(f"c{k}" for k in range(6)), ("a", "a", "b", "b", "c", "c")
    motion = Watcher(UNITS).measure_motion(frames)
    return ClipSet(motion, "motion_values", labels, NAMES, names, people, "x"), (frames * 255).to(torch.uint8)


@pytest.mark.parametrize("pixels", [False, True])
def test_an_honest_model_passes_and_a_liar_does_not(pixels):
    clips, frames = clips_with()
    honest, liar = Watcher(UNITS), Watcher({"AU4": (10, 6), "AU12": (3, 6)})
    rows = [compare(detect(model, clips, frames if pixels else None, 0.9, 8, seed=0), "x") for model in (honest, liar)]
    assert rows[0]["detections"] == rows[1]["detections"] == 12
    assert rows[0]["difference"].low > 0.3 and rows[0]["share"].value > 0.9
    assert rows[1]["difference"].high < 0 and rows[1]["share"].value < 0.5


def test_detections_hold_what_was_claimed_and_what_is_true():
    found = detect(Watcher(UNITS), clips_with()[0], None, 0.9, 3, seed=0)
    assert [(each.subject, each.unit, each.true) for each in found[:3]] == [
        ("a", 0, False),
        ("a", 1, True),
        ("a", 0, True),
    ]
    assert found[0].claimed[1] < found[0].before[1] and found[0].random.shape == (3, 2)
    assert not detect(Watcher(UNITS), clips_with()[0], None, 0.9, 3, seed=0, threshold=0.999)


def test_a_model_without_what_ifs_claims_nothing():
    model = Watcher(UNITS)
    model.config = SimpleNamespace(**vars(Watcher.config) | {"has_counterfactuals": False})
    found = detect(model, clips_with()[0], None, 0.9, 3, seed=0)
    assert found and all(each.claimed is None for each in found)
    assert compare(found, "motion")["difference"].low > 0


def some(subject: str, before, claimed, attended, random) -> Detection:
    values = (np.array(each, float) for each in (before, claimed, attended, attended, random))
    return Detection(subject, 0, True, *values)


def test_a_row_is_the_mean_over_detections():
    found = [
        some("a", [0.9, 0.5], [0.1, 0.5], [0.4, 0.5], [[0.8, 0.5], [0.2, 0.5]]),
        some("b", [0.8, 0.5], [0.1, 0.5], [0.5, 0.5], [[0.8, 0.5], [0.6, 0.5]]),
    ]
    row = compare(found, "motion")
    assert (row["attended"], row["random"]) == (pytest.approx(0.4), pytest.approx(0.25))
    assert row["difference"].value == pytest.approx(0.15) and row["share"].value == pytest.approx(0.75)
    assert compare(found, "motion", log_odds=True)["attended"] > 1


def test_claims_are_tested_by_their_direction():
    right = some("a", [0.9, 0.5], [0.1, 0.2], [0.4, 0.4], [[0.9, 0.6], [0.9, 0.4]])
    wrong = some("b", [0.9, 0.5], [0.1, 0.9], [0.4, 0.4], [[0.9, 0.6], [0.9, 0.6]])
    faint = some("b", [0.9, 0.5], [0.1, 0.52], [0.4, 0.4], [[0.9, 0.6]])
    row = compare_flips([right, wrong, faint], "motion")
    assert (row["pairs"], row["agree"].value, row["agree_random"].value) == (2, 0.5, 0.75)
    assert compare_flips([faint], "motion")["pairs"] == 0


@pytest.mark.parametrize("count", [1, 8, 23])
def test_random_regions_lie_on_the_face_and_are_as_large_as_asked(count):
    regions = random_regions(14, count, 30, np.random.default_rng(0))
    assert (regions.sum((1, 2)) == count).all() and not regions[:, ~face_cells(14)].any()
    assert len({region.tobytes() for region in regions}) > 15


def test_random_regions_reach_most_of_the_face():
    assert random_regions(14, 8, 30, np.random.default_rng(0)).any(0)[face_cells(14)].mean() > 0.6


def test_hidden_cells_stand_still_and_the_others_stay():
    region = np.zeros((1, 14, 14), bool)
    region[0, 2:4, 5:9] = True
    motion, frames = torch.rand(3, 5, 28, 28) + 1, torch.rand(6, 1, 224, 224)
    still = hide_motion(motion, region)[0]
    assert not still[:2, :, 4:8, 10:18].any() and torch.equal(still[:, :, 8:], motion[:, :, 8:])
    assert torch.equal(still[2], motion[2])  # how surely it was measured
    shown = hide_pixels(frames, region)[0]
    assert torch.allclose(shown[3, 0, 44:52, 100:130], frames[0, 0, 44:52, 100:130], atol=1e-2)
    assert torch.equal(shown[:, :, 90:], frames[:, :, 90:])


def test_the_most_moving_cells():
    motion = torch.zeros(3, 5, 28, 28)
    motion[1, 2, 8:10, 12:16] = 3
    region = moving_region(motion, 14, 2)
    assert region.sum() == 2 and region[4, 6] and region[4, 7]


def test_people_of_the_training_are_refused(tmp_path):
    (tmp_path / "settings.json").write_text('{"source": {"domain": "casme2-like", "seed": 3}}')
    with pytest.raises(ValueError, match="--seed"):
        refuse_trained_on(str(tmp_path), "casme2-like", 3)
    refuse_trained_on(str(tmp_path), "casme2-like", 4)
    refuse_trained_on("user/name", "casme2-like", 3)


def test_a_clip_filmed_again_without_a_unit_differs_by_that_unit_alone():
    session = QuietSession(get_domain("casme2-like"), 3, 0)
    stored = session.clip(("AU4", "AU12"), 0, 6)
    again, without, one = (film_again(session, ("AU4", "AU12"), 0, silent) for silent in (None, "AU4", "AU12"))
    decoded = cv2.imdecode(np.frombuffer(stored.frames[3], np.uint8), 0)
    assert np.array_equal(again[3][..., 0], decoded)
    assert np.array_equal(without[0], again[0]), "the onset is the same picture"
    brows, mouth = (slice(20, 70), slice(60, 164)), (slice(140, 200), slice(60, 164))
    change = np.abs(without[stored.apex].astype(int) - again[stored.apex]).mean(-1)
    assert change[brows].mean() > 2 * change[mouth].mean()
    change = np.abs(one[stored.apex].astype(int) - again[stored.apex]).mean(-1)
    assert change[mouth].mean() > 2 * change[brows].mean()


def test_claims_against_what_was_rendered():
    pairs = [
        {"subject": "a", "before": 0.5, "claimed": 0.3, "rendered": 0.1},
        {"subject": "a", "before": 0.5, "claimed": 0.7, "rendered": 0.9},
        {"subject": "b", "before": 0.5, "claimed": 0.6, "rendered": 0.4},
    ]
    row = compare_claims(pairs, "others")
    assert (row["pairs"], row["agree"].value, row["usual"]) == (3, pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert row["claimed"] == pytest.approx(0.1 / 3) and row["correlation"] > 0.5
    assert compare_claims([], "nobody") == {"who": "nobody", "pairs": 0}


@pytest.mark.slow
def test_a_trained_model_looks_where_it_says():
    if not (ROOT / "runs" / "demo" / "model").is_dir():
        pytest.skip("run `make demo` first: this reads runs/demo")
    from dataset_scripts.synthetic import load_synthetic
    from training_aullm.loading import load_model

    model, processor = load_model(ROOT / "runs" / "demo")
    table = load_synthetic("casme2-like", subjects=4, clips=20, seed=7)
    clips = ClipSet.build(table, processor, processor.action_units, model=model)
    row = compare(detect(model, clips, None, 0.5, 10, seed=0), "motion")
    assert row["detections"] > 10 and row["difference"].low > 0 and row["share"].value > 0.7


def test_the_program_hides_regions_of_the_checkpoint_that_comes_along(run_program, few_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(faithfulness, "load_synthetic", few_clips)
    settings = ("--model", "release", "--draws", 1, "--pixels", 1, "--cache", tmp_path)
    told = run_program(faithfulness, *settings)
    assert told["clips"] == 4 and len(told["rows"]) == 6 and told["counterfactuals"] == []


def test_the_program_films_without_a_unit(run_program, few_clips, monkeypatch):
    names = ["AU1", "AU2", "AU4", "AU12"]
    untrained = new_model(recipe_whole(), names).eval(), new_processor("whole", names)
    monkeypatch.setattr(without_unit, "load_synthetic", few_clips)
    monkeypatch.setattr(without_unit, "load_model", lambda model: untrained)
    monkeypatch.setattr(without_unit, "THRESHOLD", 1e-9)  # it sees everything
    told = run_program(without_unit, "--model", "untrained")
    assert told["rows"][0]["who"] == "the unit itself" and told["rows"][0]["pairs"] > 0


def test_filming_without_a_unit_needs_a_model_that_answers_what_ifs(monkeypatch):
    config = SimpleNamespace(has_counterfactuals=False)
    monkeypatch.setattr(without_unit, "load_model", lambda model: (SimpleNamespace(config=config), None))
    with pytest.raises(typer.BadParameter, match="--preset whole"):
        without_unit.main(model="base-run")
