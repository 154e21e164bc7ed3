"""Generators that are no networks: an image contains the latent vector that it was drawn from.

python tests/web/serve/doubles.py SECONDS_PER_IMAGE SECONDS_TO_ANSWER [CLASSES]  (a server of one, on any free port)
"""

import sys
import threading
import time
from pathlib import Path

import numpy as np
import torch

from ganatomy.gan.priors import Prior, linear, truncated_uniform, uniform
from ganatomy.web.serve import api as serve
from ganatomy.web.serve import backend, batch_invariance

PROGRAM = str(Path(__file__))


class Double:
    """Draws 64×64 images of the bytes of z and y. While `gate` is closed, drawing waits."""

    styled = False
    device = torch.device("cpu")

    def __init__(self, classes: int = 0, seconds: float = 0.0) -> None:
        self.prior = Prior(uniform, linear, truncated_uniform, 4, [1] * classes)
        self.classes = [f"c{i}" for i in range(classes)]
        self.seconds = seconds
        self.core = threading.Lock()  # there is only one: two workers take as long as one
        self.begun = 0
        self.batches: list[tuple[int, float | None]] = []
        self.gate = threading.Event()
        self.gate.set()

    def draw(self, z: np.ndarray, y: np.ndarray | None, truncation: float | None) -> np.ndarray:
        with self.core:
            self.begun += 1
            time.sleep(self.seconds * len(z))
        self.gate.wait()
        self.batches.append((len(z), truncation))
        content = np.ascontiguousarray(z).view(np.uint8).reshape(len(z), -1)
        if y is not None:
            content = np.concatenate([content, y[:, None].astype(np.uint8)], 1)
        images = content[:, np.arange(64 * 64 * 3) % content.shape[1]]
        return images.reshape(len(z), 64, 64, 3)

    def values(self, z: np.ndarray, y: np.ndarray | None) -> np.ndarray:
        return self.draw(z, y, None)


if __name__ == "__main__":
    torch.set_num_threads(1)
    batch_invariance.SIZES = (1, 32)  # fewer to measure
    made = Double(int((sys.argv[3:] or ["0"])[0]), float(sys.argv[1]))
    backend.sampler, serve.SamplerBackend = lambda *_, **__: None, lambda *_: made
    serve.serve("double", port=0, no_token=True, seconds=float(sys.argv[2]))
