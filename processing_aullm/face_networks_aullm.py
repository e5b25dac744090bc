"""The face networks as data: a program in JSON and its weights in safetensors, run by plain torch.

They are MediaPipe's BlazeFace (short and full range), FaceMesh, and its face landmarker with blendshapes, Apache-2.0,
converted once from TFLite; docs/faces.md names the sources. Nothing is downloaded at run time: all files travel inside
the processor's folder.

    mesh = FaceFiles.packaged().load("mesh")
    points, score = mesh(torch.rand(1, 3, 192, 192))

Tested in tests/processing_aullm/test_landmarks_aullm.py.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor
from transformers.utils import cached_file

PROGRAMS = "face_networks.json"
WEIGHTS = "face_networks.safetensors"
BLENDSHAPE_PROGRAMS = "blendshape_networks.json"
BLENDSHAPE_WEIGHTS = "blendshape_networks.safetensors"
SHA256 = {  # of the text and of the bytes: other networks would move every crop, and so the answers, unseen
    PROGRAMS: "0767bbf6f73d5963b1ae4fa055c6e743cc36c3875093ad20bb54e590bfc88ed9",
    WEIGHTS: "fb87e4a79e5f41ea39111a02555ff4586ea0c50abda027beed6bcb53e5084e72",
    BLENDSHAPE_PROGRAMS: "22d6a799f4a06c47848190cfd7de80e098b46ce080edc0a7a09411c3520b91fa",
    BLENDSHAPE_WEIGHTS: "3a850b5e77acf90af87330a98209b02df992b25ae03ff2cf5c905adc574d6de5",
}
FEW_CHANNELS = 16  # what a vector of AVX-512 holds
MIXER = "mixer."  # before the names of the BlendshapeNetwork's weights
HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")


class FaceNetwork:
    """Runs one program: a list of steps, each reading earlier values and writing one.

    Args:
        program: `size` (side of the square input), `input` and `outputs` (numbers of values) and `steps`.
        weights: Tensors by the names that the steps use.

    Raises:
        ValueError: The program holds a step that this code does not know.
    """

    def __init__(self, program: dict, weights: dict[str, Tensor]) -> None:
        self.size = program["size"]
        self.source = program["input"]
        self.outputs = program["outputs"]
        # Bound once: two hundred steps are short enough for looking up their weights to be seen in the sum.
        self.steps = [(_operation(step, weights), step["inputs"], step["output"]) for step in program["steps"]]

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> list[Tensor]:
        """Run the program.

        Args:
            images: (B, 3, size, size) float, scaled as the network was trained.

        Returns:
            The outputs, each (B, rows, width), or (B, height, width, channels) where the program leaves a map.
        """
        values = {self.source: images.contiguous(memory_format=torch.channels_last)}
        for operation, inputs, output in self.steps:
            values[output] = operation(*(values[i] for i in inputs))
        return [_channels_last(values[i]) for i in self.outputs]


def _operation(step: dict, weights: dict[str, Tensor]) -> Callable[..., Tensor]:
    """What a step does to its inputs."""
    match step["op"]:
        case "conv":
            return _convolution(step, weights[step["weight"]], weights[step["bias"]])
        case "prelu":
            return partial(F.prelu, weight=weights[step["weight"]])
        case "relu":
            return F.relu
        case "add":
            return torch.add
        case "max_pool":
            return partial(torch.max_pool2d, kernel_size=2)
        case "pad_channels":
            return partial(F.pad, pad=(0, 0, 0, 0, 0, step["channels"]))
        case "resize":
            return partial(F.interpolate, size=tuple(step["size"]), mode="bilinear", align_corners=False)
        case "rows":
            return partial(_rows, width=step["width"])
        case "concat":
            return _concatenated
    raise ValueError(
        f"a network's program holds an unknown step {step['op']!r}: the file and this code are of different versions"
    )


def _convolution(step: dict, weight: Tensor, bias: Tensor) -> Callable[[Tensor], Tensor]:
    """A convolution with zeros around its input as TFLite's SAME, where the step asks for them."""
    kernel, stride, groups = weight.shape[-1], step["stride"], step["groups"]
    if kernel == stride == groups == 1 and len(weight) < FEW_CHANNELS:
        weight, bias = torch.block_diag(*[weight[:, :, 0, 0]] * 2), bias.repeat(2)
        return partial(_mix_in_pairs, weight=weight, bias=bias)
    weight = weight.contiguous(memory_format=torch.channels_last)
    convolve = partial(F.conv2d, weight=weight, bias=bias, stride=stride, groups=groups)
    if not step["same"]:
        return convolve
    return partial(convolve, padding=kernel // 2) if stride == 1 else partial(_padded, convolve, kernel, stride)


def _mix_in_pairs(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A convolution of 1x1 to few channels, which a processor's vectors would hold half empty: two pixels as one.

    Args:
        x: (B, C, H, W), its channels side by side in memory and W even. weight: (2 D, 2 C), of both pixels.
    """
    y = F.linear(x.permute(0, 2, 3, 1).unflatten(2, (-1, 2)).flatten(3), weight, bias)  # (B, H, W / 2, 2 D)
    return y.unflatten(3, (2, -1)).flatten(2, 3).permute(0, 3, 1, 2)  # (B, D, H, W)


def _padded(convolve: Callable[[Tensor], Tensor], kernel: int, stride: int, x: Tensor) -> Tensor:
    """What is convolved has zeros around it: an odd one goes to the right and bottom."""
    height, width = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:])
    if height or width:
        x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
    return convolve(x)


def _rows(x: Tensor, width: int) -> Tensor:
    return _channels_last(x).reshape(len(x), -1, width)


def _concatenated(*parts: Tensor) -> Tensor:
    return torch.cat(parts, dim=1)


@dataclass(frozen=True)
class FaceFiles:
    """Where the program and weight files of detector and landmarks stand.

    Args:
        programs: Path of the JSON file, None if there is none.
        weights: Path of the safetensors file, None if there is none.
        origin: The folder or Hub id they were looked for in, for errors.
    """

    programs: Path | None
    weights: Path | None
    origin: str
    names: ClassVar[tuple[str, str]] = (PROGRAMS, WEIGHTS)
    needed_for: ClassVar[str] = (
        "finding a face needs: save the processor with save_pretrained, copy both files there, or pass align=False for "
        "clips that are registered already"
    )

    @classmethod
    def packaged(cls) -> Self:
        """The files beside this code; code copied from the Hub has none beside it."""
        folder = Path(__file__).parent / "weights"
        programs, weights = (folder / name for name in cls.names)
        return cls(programs if programs.is_file() else None, weights if weights.is_file() else None, str(folder))

    @classmethod
    def from_pretrained(cls, folder_or_id: str | Path, **kwargs) -> Self:
        """The files in a saved folder or a Hub repository; the packaged ones where it has none."""
        options = {name: kwargs[name] for name in HUB_OPTIONS if kwargs.get(name) is not None}
        found = [
            cached_file(str(folder_or_id), name, _raise_exceptions_for_missing_entries=False, **options)
            for name in cls.names
        ]
        if None in found:
            packaged = cls.packaged()
            return cls(packaged.programs, packaged.weights, str(folder_or_id))
        return cls(Path(found[0]), Path(found[1]), str(folder_or_id))

    def load(self, name: str) -> FaceNetwork:
        """Read one network: "short_range", "full_range" or "mesh" (of `BlendshapeFiles`: "mesh_478").

        Raises:
            FileNotFoundError: The files are not where the processor was loaded from.
            ValueError: One of them is damaged, or of another version than this code.
        """
        self._check()
        self._refuse_changed()
        program = json.loads(self.programs.read_text(encoding="utf-8"))[name]
        names = {step[part] for step in program["steps"] for part in ("weight", "bias") if part in step}
        return FaceNetwork(program, self._tensors(names))

    def copy_to(self, folder: Path) -> list[str]:
        """Copy both files into a folder, if they are not there already; returns their new paths."""
        self._check()
        folder.mkdir(parents=True, exist_ok=True)
        targets = [folder / name for name in self.names]
        for source, target in zip((self.programs, self.weights), targets, strict=True):
            if not (target.exists() and source.samefile(target)):
                shutil.copyfile(source, target)
        return [str(target) for target in targets]

    def _tensors(self, names: set[str]) -> dict[str, Tensor]:
        with safe_open(self.weights, framework="pt") as file:
            return {name: file.get_tensor(name).float() for name in names}

    @property
    def there(self) -> bool:
        """Whether there are both."""
        return self.programs is not None and self.weights is not None

    def _check(self) -> None:
        if not self.there:
            raise FileNotFoundError(f"{self.origin} holds no {' and '.join(self.names)}, which {self.needed_for}")

    def _refuse_changed(self) -> None:
        contents = {
            self.programs: self.programs.read_text(encoding="utf-8", errors="replace").encode(),  # of any line ends
            self.weights: self.weights.read_bytes(),
        }
        for path, content in contents.items():
            if hashlib.sha256(content).hexdigest() != SHA256[path.name]:
                raise ValueError(
                    f"{path} is damaged, or of another version than this code: fetch it anew, save the processor anew, "
                    "or give networks of your own to use_faces"
                )


class BlendshapeFiles(FaceFiles):
    """The same of the networks that read blendshapes, `BlendshapeModel`."""

    names = (BLENDSHAPE_PROGRAMS, BLENDSHAPE_WEIGHTS)
    needed_for = (
        "a second opinion needs: save the processor with save_pretrained, copy both files there, or read with "
        "second_opinion=False"
    )

    def mixer(self) -> dict[str, Tensor]:
        """State of the `BlendshapeNetwork`.

        Raises:
            FileNotFoundError, ValueError: as `load`.
        """
        self._check()
        self._refuse_changed()
        with safe_open(self.weights, framework="pt") as file:
            names = file.keys()
        weights = self._tensors({name for name in names if name.startswith(MIXER)})
        return {name.removeprefix(MIXER): value for name, value in weights.items()}


def _channels_last(x: Tensor) -> Tensor:
    """(B, C, H, W) to (B, H, W, C); anything else as it is."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x
