"""DINOv2, a transformer trained without labels: Oquab et al. 2023 (arXiv:2304.07193), which Stein et al. 2023
(arXiv:2306.04675) found to agree with human judges better than Inception does.
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from ganatomy.errors import UserError
from ganatomy.evaluation.features.extractor import Pixels
from ganatomy.evaluation.features.network import NetworkExtractor, Outputs, normalised
from ganatomy.system import weights

SIDE, PATCH = 224, 14
FILE = "vit_large_patch14_dinov2.lvd142m.safetensors"
SOURCE = "https://huggingface.co/timm/vit_large_patch14_dinov2.lvd142m (model.safetensors)"
NETWORKS = {384: "small", 768: "base", 1024: "large", 1536: "giant"}  # by the width of its tokens


class Dinov2(nn.Module):
    """The class token after the last normalisation, [B, 384 to 1536]."""

    def __init__(self, state: weights.Weights, path: Path) -> None:
        """Raises UserError without timm, and for the weights of another network."""
        super().__init__()
        try:
            import timm
        except ImportError as error:
            raise UserError("dinov2 needs timm: pip install 'ganatomy[vision]'.") from error
        width = state["cls_token"].shape[-1] if "cls_token" in state else None
        if width not in NETWORKS or "pos_embed" not in state:
            raise UserError(f"{path} holds the weights of another network.")
        name = f"vit_{NETWORKS[width]}_patch14_dinov2.lvd142m"
        self.network = timm.create_model(name, pretrained=False, num_classes=0, img_size=SIDE)
        weights.fill(self.network, {**state, "pos_embed": positions(state["pos_embed"])}, path)

    def forward(self, pixels: Tensor) -> Outputs:
        """uint8 [B, 224, 224, 3]."""
        return self.network(normalised(pixels)), None


def positions(embedding: Tensor) -> Tensor:
    """Position embeddings [1, 1 + g², D] of the training images' patches → [1, 1 + 16², D].

    Bicubic, with the scale (16 + 0.1)/g, as the authors' network does it.
    """
    token, patches = embedding[:, :1], embedding[:, 1:]
    before, after = math.isqrt(patches.shape[1]), SIDE // PATCH
    if before == after:
        return embedding
    grid = patches.unflatten(1, (before, before)).permute(0, 3, 1, 2)
    scale = (after + 0.1) / before
    return torch.cat([token, F.interpolate(grid, scale_factor=(scale, scale), mode="bicubic").flatten(2).mT], 1)


def resized(pixels: Pixels) -> Tensor:
    """[B, H, W, 1 or 3] → [B, 224, 224, 3], each with Pillow's bicubic filter, which antialiases."""
    colour = np.broadcast_to(pixels, (*pixels.shape[:3], 3))
    images = [Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for image in colour]
    return torch.from_numpy(np.stack([np.asarray(image) for image in images]))


@torch.random.fork_rng(devices=[])  # layers draw random weights when they are made
def make(path: Path | None, sha256: str | None, device: str) -> NetworkExtractor:
    """path: timm's weights of any size of DINOv2 (without registers), in safetensors.

    Raises UserError for weights that are missing, not the expected ones or another network's, and without timm.
    """
    path = weights.found(path, FILE, "dinov2", SOURCE)
    sha256 = weights.expected(path, sha256)
    network = Dinov2(weights.read(path, sha256), path)
    protocol = {
        "extractor": "dinov2",
        "sha256": sha256,
        "layer": "class token",
        "resize": "224×224 bicubic, Pillow",
    }
    return NetworkExtractor("dinov2", network, protocol, channels=(1, 3), device=device, prepare=resized)
