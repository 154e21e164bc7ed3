"""Record what the authors' StyleGAN2 computes: `python record_stylegan2.py CHECKOUT stylegan2.npz`.

CHECKOUT is a directory with github.com/NVlabs/stylegan2-ada-pytorch at commit d72cc7d. Its networks and its path-length
loss are run as they are, on the CPU, where upfirdn2d and bias_act fall back on their reference implementations, in
float32 (num_fp16_res = 0, conv_clamp = None are their defaults). What is switched off:

- dnnlib, whose imports want packages that nothing here needs: of it only EasyDict is used, to hold attributes.
- training_stats, which reports to a log: the reports are kept instead.
- torch.randn_like while the loss runs: it returns our noise. Style mixing has probability 0, the layers' noise is the
  constant one, and the loss takes the whole batch (pl_batch_shrink = 1).

Weights, noise maps, mean w and inputs are drawn from numpy's RandomState here, and again by
tests/networks/test_stylegan2.py. All are N(0, 1), weights and biases of mapping layers N(0, 100²), so that with their
learning rate of 0.01 they count. The order: generator: constant, then from the smallest map on every layer (weight,
noise strength, bias, affine weight, affine bias; after a map's last layer its ToRGB), then noise maps, label embedding,
mapping layers, mean w. Discriminator: fromRGB, every block (3×3, 3×3 down, skip), last convolution, dense, output,
label embedding, mapping layers.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import RandomState
from torch import Tensor, nn

BATCH, KEPT = 8, 2  # images that are computed, and those of them that are recorded
LATENT, STYLE = 10, 12


class Case(NamedTuple):
    """channels of the image, side, channels of maps: min(base / side, most), depth of mapping networks, classes."""

    channels: int
    side: int
    base: int
    most: int
    depth: int
    classes: int
    residual: bool


CASES = {
    "unconditional": Case(3, 32, 192, 20, 3, 0, True),
    "conditional": Case(1, 16, 128, 16, 2, 5, True),
    "plain": Case(4, 16, 96, 12, 1, 0, False),  # the discriminator without skips, as for CIFAR-10
}
COUNTS = {
    "config-f, 1024": Case(3, 1024, 32768, 512, 8, 0, True),
    "config-f, 256": Case(3, 256, 32768, 512, 8, 0, True),
    "paper256": Case(3, 256, 16384, 512, 8, 0, True),
    "cifar, conditional": Case(3, 32, 32768, 512, 2, 10, False),
}


@torch.no_grad()
def fill(tensors: Iterable[Tensor], random: RandomState, scale: float = 1.0) -> None:
    """Overwrite tensors with scale · N(0, 1), one after the other."""
    for tensor in tensors:
        tensor.copy_(torch.as_tensor(scale * random.standard_normal(tuple(tensor.shape))))


def inputs(case: Case) -> dict[str, Tensor]:
    """z and noise N(0, 1); images N(0, 1) around a colour N(0, 3²), or all would look alike; y, mixed classes."""
    random = RandomState(3)
    shape = (BATCH, case.channels, case.side, case.side)
    arrays = {
        "z": random.standard_normal((BATCH, LATENT)),
        "images": random.standard_normal(shape) + 3 * random.standard_normal((*shape[:2], 1, 1)),
        "noise": random.standard_normal(shape),
        "y": random.dirichlet([0.5] * case.classes, BATCH) if case.classes else np.zeros((BATCH, 0)),
    }
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}


def import_reference(checkout: str) -> tuple[ModuleType, ModuleType, dict[str, Tensor]]:
    """Their modules training.networks and training.loss, and what the latter reports."""
    sys.path.insert(0, checkout)
    dnnlib = ModuleType("dnnlib")
    dnnlib.EasyDict = SimpleNamespace
    reports: dict[str, Tensor] = {}
    stats = ModuleType("torch_utils.training_stats")
    stats.report = reports.__setitem__
    sys.modules |= {"dnnlib": dnnlib, "torch_utils.training_stats": stats}
    import torch_utils

    torch_utils.training_stats = stats
    from training import loss, networks

    return networks, loss, reports


def build(networks: ModuleType, case: Case, style: int, latent: int) -> tuple[nn.Module, nn.Module]:
    """Their generator and discriminator."""
    channels = {"channel_base": case.base, "channel_max": case.most}
    image = {"c_dim": case.classes, "img_resolution": case.side, "img_channels": case.channels}
    depth = {"num_layers": case.depth}
    generator = networks.Generator(
        z_dim=latent, w_dim=style, mapping_kwargs=depth, synthesis_kwargs=dict(channels), **image
    )
    architecture = "resnet" if case.residual else "orig"
    discriminator = networks.Discriminator(architecture=architecture, mapping_kwargs=depth, **channels, **image)
    return generator, discriminator


def fill_reference(generator: nn.Module, discriminator: nn.Module) -> None:
    """Fill theirs in the order above."""
    random = RandomState(1)
    fill(generator.synthesis.parameters(), random)
    fill((b for name, b in generator.synthesis.named_buffers() if name.endswith("noise_const")), random)
    fill((p for name, p in generator.mapping.named_parameters() if name.startswith("embed")), random)
    fill((p for name, p in generator.mapping.named_parameters() if name.startswith("fc")), random, 100)
    fill([generator.mapping.w_avg], random)
    random = RandomState(2)
    labels = [p for name, p in discriminator.named_parameters() if name.startswith("mapping.")]
    fill((p for name, p in discriminator.named_parameters() if not name.startswith("mapping.")), random)
    fill(labels[:2], random)
    fill(labels[2:], random, 100)


class Constant(nn.Module):
    """Their synthesis network with constant noise."""

    def __init__(self, synthesis: nn.Module) -> None:
        super().__init__()
        self.synthesis = synthesis

    def forward(self, w: Tensor) -> Tensor:
        return self.synthesis(w, noise_mode="const")


def main(checkout: str, path: str) -> None:
    networks, loss, reports = import_reference(checkout)
    record: dict[str, np.ndarray] = {}
    for name, case in CASES.items():
        generator, discriminator = build(networks, case, STYLE, LATENT)
        fill_reference(generator, discriminator)
        z, images, noise, y = inputs(case).values()
        with torch.no_grad():
            for psi in (1.0, 0.7):
                drawn = generator.eval()(z, y, truncation_psi=psi, noise_mode="const")
                record[f"{name}/images/{psi}"] = drawn[:KEPT].numpy()
            record[f"{name}/scores"] = discriminator(images, y)[:, 0].numpy()
        theirs = loss.StyleGAN2Loss(
            "cpu",
            generator.mapping,
            Constant(generator.synthesis),
            discriminator,
            style_mixing_prob=0,
            pl_batch_shrink=1,
        )
        draw, torch.randn_like = torch.randn_like, lambda _, noise=noise: noise
        theirs.accumulate_gradients("Greg", None, None, z, y, sync=True, gain=1)
        torch.randn_like = draw
        record[f"{name}/path_length_penalty"] = reports["Loss/pl_penalty"].detach().numpy().mean()
        record[f"{name}/path_length_mean"] = theirs.pl_mean.numpy()
    for name, case in COUNTS.items():
        sizes = [sum(p.numel() for p in network.parameters()) for network in build(networks, case, 512, 512)]
        record[f"{name}/parameters"] = np.array(sizes)
    np.savez_compressed(Path(path), **record)


if __name__ == "__main__":
    main(*sys.argv[1:])
