"""Record the losses of a textbook's DCGAN: `python record_textbook.py SCRIPT.py > textbook.json`.

In float64 and in float32: in float32 a leaky ReLU near its kink falls to one side or the other by rounding, about once
a pass, and the game amplifies that. The script differs from itself with one thread or two by up to 1e-3 within twenty
steps, so only float64 shows over twenty steps whether two programs are the same.

SCRIPT is a Python file with the classes Generator and Discriminator, weights_init, and the function
train_step(G, D, real, opt_g, opt_d, bce, device), as published with "How Generative Adversarial Networks Actually
Work". Weights, batches and latent vectors are drawn here, from numpy so that every version of torch draws alike, and
drawn again by tests/test_textbook.py.
"""

import importlib.util
import json
import sys
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

STEPS, BATCH, LATENT, SIZE = 20, 4, 100, 64


def fill(network: nn.Module, seed: int) -> None:
    """Overwrite the network's parameters: convolutions and batch-norm scales N(0, 0.02), biases 0."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            draw = random.normal(0, 0.02, tuple(parameter.shape)).astype(np.float32)
            parameter.copy_(torch.from_numpy(draw) if name.endswith("weight") else torch.zeros_like(parameter))


def real_batch(step: int) -> Tensor:
    """Uniform noise on [−1, 1], [BATCH, 3, SIZE, SIZE], as in the script's own smoke test."""
    random = np.random.default_rng(1000 + step)
    return torch.from_numpy(random.uniform(-1, 1, (BATCH, 3, SIZE, SIZE)).astype(np.float32))


def latent_batch(step: int) -> Tensor:
    """N(0, 1), [BATCH, LATENT]."""
    return torch.from_numpy(np.random.default_rng(2000 + step).normal(size=(BATCH, LATENT)).astype(np.float32))


def main(script: str) -> None:
    spec = importlib.util.spec_from_file_location("textbook", script)
    textbook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(textbook)
    traces = {name: trace(textbook, kind) for name, kind in (("float32", torch.float32), ("float64", torch.float64))}
    print(json.dumps(traces, indent=1))


def trace(textbook: ModuleType, kind: torch.dtype) -> dict[str, list[float]]:
    """The losses of STEPS steps of the script, computed in the given type."""
    torch.set_default_dtype(kind)
    generator, discriminator = textbook.Generator(), textbook.Discriminator()
    fill(generator, 1)
    fill(discriminator, 2)
    adam = [torch.optim.Adam(n.parameters(), lr=2e-4, betas=(0.5, 0.999)) for n in (generator, discriminator)]
    losses = []
    draw = torch.randn
    for step in range(STEPS):
        torch.randn = lambda *shape, step=step, **options: latent_batch(step).to(kind).view(shape)  # its only draw
        real = real_batch(step).to(kind)
        losses.append(textbook.train_step(generator, discriminator, real, *adam, nn.BCEWithLogitsLoss(), "cpu"))
        torch.randn = draw
    torch.set_default_dtype(torch.float32)
    return {"discriminator": [d for d, _ in losses], "generator": [g for _, g in losses]}


if __name__ == "__main__":
    main(sys.argv[1])
