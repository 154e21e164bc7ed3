"""The network of FID, KID and IS: TensorFlow's Inception of 2015, as torch-fidelity has it."""

import io
from pathlib import Path

import torch
from torch import Tensor, nn

from ganatomy.errors import UserError
from ganatomy.evaluation.features.network import NetworkExtractor, Outputs
from ganatomy.system import weights

FILE = "weights-inception-2015-12-05-6726825d.pth"
SOURCE = "https://github.com/toshas/torch-fidelity/releases"
OFFICIAL = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


class Inception(nn.Module):
    """Pool features [B, 2048] and probabilities [B, 1008], of logits without bias as the Inception score has them."""

    def __init__(self, state: weights.Weights, path: Path) -> None:
        """Raises UserError without torch-fidelity, and for the weights of another network."""
        super().__init__()
        try:
            from torch_fidelity import FeatureExtractorInceptionV3
        except ImportError as error:
            raise UserError("inception needs torch-fidelity: pip install 'ganatomy[vision]'.") from error
        # Its constructor unpickles whatever file it gets: give it a copy that we write from safely read tensors.
        copy = io.BytesIO()
        torch.save(state, copy)  # noqa: TID251
        copy.seek(0)
        try:
            self.network = FeatureExtractorInceptionV3("inception", ["2048", "logits_unbiased"], copy)
        except RuntimeError as error:
            raise UserError(f"{path} holds the weights of another network.") from error

    def forward(self, pixels: Tensor) -> Outputs:
        """uint8 [B, H, W, C], C 1 or 3; resized to 299×299 as TensorFlow 1 does: bilinear, no antialiasing."""
        images = pixels.permute(0, 3, 1, 2)
        features, logits = self.network(images.expand(-1, 3, -1, -1))
        return features, logits.double().softmax(1)


@torch.random.fork_rng(devices=[])  # layers draw random weights when they are made
def make(path: Path | None, sha256: str | None, device: str) -> NetworkExtractor:
    """path: torch-fidelity's file of weights, or the same in safetensors.

    Raises UserError for weights that are missing, not the expected ones or another network's, and without
    torch-fidelity.
    """
    path = weights.found(path, FILE, "inception", SOURCE)
    sha256 = weights.expected(path, sha256, OFFICIAL)
    network = Inception(weights.read(path, sha256), path)
    protocol = {
        "extractor": "inception",
        "sha256": sha256,
        "layer": "2048",
        "logits": "unbiased",
        "resize": "299×299 bilinear, TensorFlow 1, not antialiased",
    }
    official = sha256 == OFFICIAL
    return NetworkExtractor("inception", network, protocol, 1008, official, (1, 3), device=device)
