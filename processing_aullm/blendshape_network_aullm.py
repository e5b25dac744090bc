"""52 blendshapes of a face by MediaPipe's network, which was trained on real people: no model of ours.

    blendshapes = BlendshapeModel.load(BlendshapeFiles.packaged())
    blendshapes(frame, region)  # (52,) in the order of BLENDSHAPES, or None where it sees no face

Source: MediaPipe's face landmarker, Apache-2.0, Google: 478 landmarks (a network of 256 px), and an MLP-Mixer over 146
of them ("Blendshape V2"; numbers and names of `face_blendshapes_graph.cc`). Converted from `face_landmarker_v2.task`;
docs/faces.md says from where, and how near both come to the original.

Tested in tests/processing_aullm/test_blendshape_network_aullm.py.
"""

import numpy as np
import torch
from torch import Tensor, nn

from .face_networks_aullm import BlendshapeFiles
from .landmarks_aullm import FaceMesh, Region

# fmt: off
BLENDSHAPES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)
SEEN = (  # of the 478 landmarks: what the network looks at
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)
# fmt: on
WIDTH, TOKENS, BLOCKS = 64, 96, 4  # of the mixer, which reads one token more: its answer
MIN_SCORE = 0.5  # of the landmark network; below it there is no face


class BlendshapeModel:
    """What a face shows in one picture.

    Args:
        mesh: Finds 478 landmarks in a region of 256 px.
        network: Reads blendshapes off them.
    """

    def __init__(self, mesh: FaceMesh, network: "BlendshapeNetwork") -> None:
        self.mesh, self.network = mesh, network

    @classmethod
    def load(cls, files: BlendshapeFiles) -> "BlendshapeModel":
        """Read both networks."""
        network = BlendshapeNetwork()
        network.load_state_dict(files.mixer())
        return cls(FaceMesh(files.load("mesh_478")), network.requires_grad_(False).eval())

    def __call__(self, image: np.ndarray, region: Region) -> np.ndarray | None:
        """Blendshapes of the face in a region.

        Args:
            image: (H, W) or (H, W, 3) uint8, RGB.
            region: Square around the face, about 1.5 times its size.

        Returns:
            (52,) between 0 and 1, or None where there is no face.
        """
        found = self.mesh(image, region)
        if found.score < MIN_SCORE:
            return None
        points = torch.from_numpy(found.points[list(SEEN)].astype(np.float32))
        with torch.inference_mode():
            return self.network(points[None])[0].numpy()


class BlendshapeNetwork(nn.Module):
    """An MLP-Mixer from landmarks to blendshapes, as MediaPipe's graph has it."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Linear(len(SEEN), TOKENS)
        self.channels = nn.Linear(2, WIDTH)
        self.answer = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.blocks = nn.ModuleList(MixerBlock() for _ in range(BLOCKS))
        self.head = nn.Linear(WIDTH, len(BLENDSHAPES))

    def forward(self, points: Tensor) -> Tensor:
        """Blendshapes.

        Args:
            points: (B, 146, 2) landmarks in any pixels.

        Returns:
            (B, 52) between 0 and 1.
        """
        points = points - points.mean(1, keepdim=True)
        points = points / points.norm(dim=-1, keepdim=True).mean(1, keepdim=True) / 2
        x = self.channels(self.tokens(points.mT).mT)  # (B, 96, 64)
        x = torch.cat([self.answer.expand(len(x), -1, -1), x], dim=1)  # (B, 97, 64)
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0]).sigmoid()


class MixerBlock(nn.Module):
    """Mixes tokens, then channels."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_tokens = nn.LayerNorm(WIDTH, eps=1e-6, bias=False)
        self.mix_tokens = _two_layers(TOKENS + 1, 384)
        self.norm_channels = nn.LayerNorm(WIDTH, eps=1e-6, bias=False)
        self.mix_channels = _two_layers(WIDTH, 256)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 97, 64) to the same."""
        x = x + self.mix_tokens(self.norm_tokens(x).mT).mT
        return x + self.mix_channels(self.norm_channels(x))


def _two_layers(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
