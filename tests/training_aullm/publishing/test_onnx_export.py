"""A model as ONNX answers on another runtime as it does here."""

import importlib.util

import onnxruntime
import pytest
import torch
from torch.nn.functional import adaptive_avg_pool3d

from training_aullm.publishing.onnx_export import MotionToLogits, mean_of_cells, measured_example, write_onnx


@torch.no_grad()
@pytest.mark.slow
def test_onnxruntime_answers_as_eager_does_for_any_number_of_clips(build_model, tmp_path):
    model = build_model(image_size=56)
    write_onnx(model, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    for clips in (1, 5):
        motion = torch.randn(clips, 3, 5, 14, 14)
        logits = session.run(None, {"motion_values": motion.numpy()})[0]
        torch.testing.assert_close(torch.from_numpy(logits), model(motion_values=motion).logits, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_graph_is_made_with_what_the_model_reads(build_model):
    model = build_model(image_size=56).eval()
    example = measured_example(model)
    assert MotionToLogits(model)(example).shape == (len(example), len(model.config.action_units))


@pytest.mark.parametrize("size", [(1, 3, 3), (2, 7, 5), (5, 14, 14)])
def test_means_of_cells_are_torchs(size):
    values = torch.randn(2, 3, 5, 14, 14)
    torch.testing.assert_close(mean_of_cells(values, size), adaptive_avg_pool3d(values, size))


def test_what_cannot_be_written_is_said_before_work(build_model, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="front_end='led' reads pixels"):
        write_onnx(build_model("paper"), tmp_path / "model.onnx")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install '\.\[onnx\]'"):
        write_onnx(build_model(), tmp_path / "model.onnx")
