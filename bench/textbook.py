"""The loop that every tutorial shows, to measure against: float32, eager, default layout, `.item()` at each step."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def dcgan(latent: int = 100, width: int = 64, channels: int = 3) -> tuple[nn.Module, nn.Module]:
    """The paper's generator and discriminator for 64×64 images, from torch's own layers."""
    up = [latent, 8 * width, 4 * width, 2 * width, width]
    generator: list[nn.Module] = []
    for i in range(4):
        stride, padding = (1, 0) if i == 0 else (2, 1)
        generator += [nn.ConvTranspose2d(up[i], up[i + 1], 4, stride, padding, bias=False)]
        generator += [nn.BatchNorm2d(up[i + 1]), nn.ReLU(True)]
    generator += [nn.ConvTranspose2d(width, channels, 4, 2, 1), nn.Tanh()]

    down = [channels, width, 2 * width, 4 * width, 8 * width]
    discriminator: list[nn.Module] = []
    for i in range(4):
        discriminator.append(nn.Conv2d(down[i], down[i + 1], 4, 2, 1, bias=False))
        if i > 0:
            discriminator.append(nn.BatchNorm2d(down[i + 1]))
        discriminator.append(nn.LeakyReLU(0.2, True))
    discriminator += [nn.Conv2d(8 * width, 1, 4, 1, 0), nn.Flatten(0)]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


def training_step(real: Tensor, latent: int = 100) -> Callable[[], tuple[float, float]]:
    """A function that trains one step on the same real images [B, C, 64, 64] and returns both losses."""
    generator, discriminator = dcgan(latent)
    adam_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adam_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    entropy = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))

    def step() -> tuple[float, float]:
        adam_d.zero_grad()
        fake = generator(torch.randn(len(real), latent, 1, 1))
        loss_d = entropy(discriminator(real), ones) + entropy(discriminator(fake.detach()), zeros)
        loss_d.backward()
        adam_d.step()

        adam_g.zero_grad()
        loss_g = entropy(discriminator(fake), ones)
        loss_g.backward()
        adam_g.step()
        return loss_d.item(), loss_g.item()

    return step
