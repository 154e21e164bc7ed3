"""Parts of your own: a loss, a penalty, a family of networks and a callback, used like Ganatomy's own.

    ganatomy train digits --parts own_parts.py --set objective.name=soft_hinge --set penalties.score_drift=0.001 \
        --set generator.family=two_layers --set discriminator.family=two_layers
    python own_parts.py                      # the same from Python, with networks and losses that nobody registered

docs/EXTENDING.md explains each of them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganatomy


@ganatomy.register_objective("soft_hinge", probabilistic=True)
def soft_hinge(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Softplus margins around ±1 for D; G raises its scores."""
    return softplus(1 - real).mean() + softplus(1 + fake).mean(), softplus(-fake).mean()


@ganatomy.register_penalty("score_drift")
def score_drift(discriminator, real, fake, draw):
    """E[D(x)²] of real images: Karras et al. 2018 (arXiv:1710.10196), appendix A.1."""
    return discriminator(real).square().mean()


class Generator(nn.Module):
    """z [B, latent_dim] → images [B, C, H, W] in (−1, 1)."""

    def __init__(self, latent_dim: int, image: Sequence[int], *, width: int = 128) -> None:
        super().__init__()
        pixels = image[0] * image[1] * image[2]
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, width), nn.ReLU(), nn.Linear(width, pixels), nn.Tanh(), nn.Unflatten(1, tuple(image))
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """Images [B, C, H, W] → raw scores [B]."""

    def __init__(self, image: Sequence[int], *, width: int = 128) -> None:
        super().__init__()
        pixels = image[0] * image[1] * image[2]
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(pixels, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten()


ganatomy.register_family("two_layers", (Generator, Discriminator))


def logistic(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """A loss that nobody registers: it is passed to `train` as it is."""
    return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()


class LargestScore(ganatomy.Callback):
    """Notes the largest score of the training."""

    def begin(self, state) -> None:
        self.largest = float("-inf")

    def after_step(self, state) -> None:
        self.largest = max(self.largest, state.record["score/real"].item())


def main() -> None:
    """Train networks of one's own on images in memory."""
    torch.manual_seed(0)
    images = (torch.rand(64, 1, 16, 16) > 0.5).to(torch.uint8) * 255  # yours
    shape, watch = (1, 16, 16), LargestScore()
    run = ganatomy.train(
        images,
        generator=Generator(32, shape),
        discriminator=Discriminator(shape),
        objective=logistic,
        callbacks=[watch],
        settings={"prior.dimension": 32, "training.steps": 40, "training.batch": 16},
    )
    print(run.path, f"largest score {watch.largest:.2f}")


if __name__ == "__main__":
    main()
