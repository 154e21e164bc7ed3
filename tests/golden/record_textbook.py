"""Record the losses of a textbook's DCGAN: `python record_textbook.py SCRIPT.py > textbook.json`.

SCRIPT is a Python file with the classes Generator and Discriminator, weights_init, and the function
train_step(G, D, real, opt_g, opt_d, bce, device), as published with "How Generative Adversarial Networks Actually
Work". Weights, batches and latent vectors are drawn here, from numpy so that every version of torch draws alike, and
drawn again by tests/test_textbook.py.
"""

import importlib.util
import json
import sys

import numpy as np
import torch
from torch import Tensor, nn

STEPS, BATCH, LATENT, SIZE = 20, 16, 100, 64


def fill(network: nn.Module, seed: int) -> None:
    """Overwrite the network's parameters: convolutions and batch-norm scales N(0, 0.02), biases 0."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            draw = random.normal(0, 0.02, tuple(parameter.shape)).astype(np.float32)
            parameter.copy_(torch.from_numpy(draw) if name.endswith("weight") else torch.zeros_like(parameter))


def real_batch(step: int) -> Tensor:
    """Smooth coloured waves in [−1, 1], [BATCH, 3, SIZE, SIZE]: something that can be learned."""
    random = np.random.default_rng(1000 + step)
    phase, pitch = random.uniform(0, 2 * np.pi, (BATCH, 3, 1, 1)), random.uniform(0.05, 0.3, (2, BATCH, 3, 1, 1))
    y, x = np.mgrid[:SIZE, :SIZE]
    return torch.from_numpy(np.sin(phase + pitch[0] * y + pitch[1] * x).astype(np.float32))


def latent_batch(step: int) -> Tensor:
    """N(0, 1), [BATCH, LATENT]."""
    return torch.from_numpy(np.random.default_rng(2000 + step).normal(size=(BATCH, LATENT)).astype(np.float32))


def main(script: str) -> None:
    spec = importlib.util.spec_from_file_location("textbook", script)
    textbook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(textbook)
    generator, discriminator = textbook.Generator(), textbook.Discriminator()
    fill(generator, 1)
    fill(discriminator, 2)
    adam = [torch.optim.Adam(n.parameters(), lr=2e-4, betas=(0.5, 0.999)) for n in (generator, discriminator)]

    losses = []
    original = torch.randn
    for step in range(STEPS):
        torch.randn = lambda *shape, step=step, **options: latent_batch(step).view(shape)  # its only draw
        losses.append(
            textbook.train_step(generator, discriminator, real_batch(step), *adam, nn.BCEWithLogitsLoss(), "cpu")
        )
        torch.randn = original
    print(json.dumps({"discriminator": [d for d, _ in losses], "generator": [g for _, g in losses]}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
