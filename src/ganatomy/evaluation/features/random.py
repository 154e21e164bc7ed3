"""An untrained network, the same on every machine.

Lee et al. 2022 (arXiv:2208.09218) find that untrained networks rank generators much as trained ones do, and favour no
set of training images.
"""

from itertools import pairwise
from math import sqrt

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.evaluation.features.network import NetworkExtractor, Outputs
from ganatomy.modalities.images import to_float
from ganatomy.system import weights

SEED = 2208
WIDTHS = (32, 64, 128, 256)
SLOPE = 0.2


class RandomNetwork(nn.Module):
    """Four 3×3 convolutions that halve the image, leaky ReLUs, and the mean of each map at every depth: 480 features.

    The first convolution has a weight for each of four channels; images of fewer use the first ones.
    """

    def __init__(self) -> None:
        super().__init__()
        # The raw bits, not a distribution's draws: numpy promises that they never change.
        bits = np.random.PCG64(SEED)
        self.kernels = nn.ParameterList()
        for before, after in pairwise((4, *WIDTHS)):
            uniform = (bits.random_raw(after * before * 9) >> np.uint64(11)) / 2**52 - 1  # on [−1, 1)
            # He et al. 2015 (arXiv:1502.01852), eq. 14: activations keep their size from layer to layer.
            bound = sqrt(3 * 2 / (1 + SLOPE**2) / (before * 9))
            kernel = (uniform * bound).astype(np.float32).reshape(after, before, 3, 3)
            self.kernels.append(nn.Parameter(torch.from_numpy(kernel)))

    def forward(self, pixels: Tensor) -> Outputs:
        """uint8 [B, H, W, C] → features [B, 480]."""
        return torch.cat([maps.mean((2, 3)) for maps in self.maps(to_float(pixels))], 1), None

    def maps(self, images: Tensor) -> list[Tensor]:
        """Images [B, C, H, W] in [−1, 1] → maps at every depth, [B, width, H', W']."""
        maps, found = images, []
        for depth, kernel in enumerate(self.kernels):
            kernel = kernel[:, : maps.shape[1]] if depth == 0 else kernel
            maps = F.leaky_relu(F.conv2d(maps, kernel, stride=2, padding=1), SLOPE)
            found.append(maps)
        return found


def make(device: str) -> NetworkExtractor:
    """The extractor; it reads images of any size and any number of channels."""
    network = RandomNetwork()
    protocol = {
        "extractor": "random",
        "sha256": weights.fingerprint(network.state_dict()),
        "layer": "means of the maps at four depths",
        "resize": "none",
    }
    return NetworkExtractor("random", network, protocol, device=device)
