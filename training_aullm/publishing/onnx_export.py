"""A trained model as one ONNX file, for runtimes without torch.

    write_onnx(AullmForActionUnitDetection.from_pretrained("runs/demo/model"), "model.onnx")
    session = onnxruntime.InferenceSession("model.onnx")
    logits = session.run(None, {"motion_values": motion})[0]  # (B, 3, T - 1, G, G) float32 -> (B, K)

Needs `pip install '.[onnx]'` in the checkout. The config's prompt is a constant of the graph.
"""

import importlib.util
from pathlib import Path

import torch
from torch import nn
from torch.export import Dim

from dataset_scripts.whole_files import whole_file
from modeling_aullm import AullmForActionUnitDetection

NEEDED = ("onnx", "onnxscript")
MOST_CLIPS = 4096
ADAPTIVE_POOLING = (torch.ops.aten.adaptive_avg_pool3d.default, torch.ops.aten._adaptive_avg_pool3d.default)


class MotionToLogits(nn.Module):
    """The model as a function of one tensor: a graph has no place for optional inputs and outputs."""

    def __init__(self, model: AullmForActionUnitDetection):
        super().__init__()
        self.model = model

    def forward(self, motion_values: torch.Tensor) -> torch.Tensor:
        """(B, 3, T - 1, G, G) -> (B, K)."""
        return self.model(motion_values=motion_values).logits


@torch.no_grad()
def write_onnx(model: AullmForActionUnitDetection, path: str | Path) -> None:
    """Write the model as ONNX, for any number of clips.

    Args:
        model: one that measures motion; it is left in evaluation mode. Measuring stays outside of the graph:
            `model.measure_motion(pixel_values)` gives the graph's input.
        path: of the file, written whole or not at all. It holds the frozen language model too.

    Raises:
        ImportError: the packages that write ONNX are not installed.
        ValueError: the model reads pixels.
    """
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ImportError(f"writing ONNX needs {' and '.join(missing)}: pip install '.[onnx]' in the checkout")
    config = model.config
    if config.front_end != "displacement":
        raise ValueError(f"front_end={config.front_end!r} reads pixels: only a model that measures motion becomes ONNX")
    clips = {"motion_values": {0: Dim("clips", min=1, max=MOST_CLIPS)}}
    example = {"motion_values": measured_example(model)}
    graph = torch.export.export(MotionToLogits(model).eval(), (), example, dynamic_shapes=clips)
    graph = graph.run_decompositions(dict.fromkeys(ADAPTIVE_POOLING, mean_of_cells))
    program = torch.onnx.export(graph, dynamo=True, output_names=["logits"], verbose=False)
    with whole_file(Path(path)) as unfinished:
        program.save(unfinished)


def measured_example(model: AullmForActionUnitDetection) -> torch.Tensor:
    """What the model measures on two black clips, as a graph's example."""
    config = model.config  # two clips stand for any number: torch takes a size of one for a constant
    return model.measure_motion(torch.zeros(2, config.num_frames, 1, config.image_size, config.image_size))


def mean_of_cells(values: torch.Tensor, size: list[int]) -> torch.Tensor:
    """Adaptive mean pooling, which ONNX does not know in three dimensions, as three products of matrices.

    Args:
        values: (..., T, H, W).
        size: (T', H', W').
    """
    for axis, cells in zip((-3, -2, -1), size, strict=True):
        share = _shares(values.shape[axis], cells).to(values)
        values = torch.movedim(torch.movedim(values, axis, -1) @ share.T, -1, axis)
    return values


def _shares(length: int, cells: int) -> torch.Tensor:
    """(cells, length): how much each place counts in the mean of each cell, by torch's bounds of adaptive cells."""
    cell, place = torch.arange(cells)[:, None], torch.arange(length)
    inside = (place >= cell * length // cells) & (place < ((cell + 1) * length + cells - 1) // cells)
    return inside / inside.sum(1, keepdim=True)
