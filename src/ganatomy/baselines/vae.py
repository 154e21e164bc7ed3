"""The variational autoencoder: Kingma & Welling 2014 (arXiv:1312.6114); with β, Higgins et al. 2017.

Log-likelihoods and divergences are in nats per image.
"""

from collections.abc import Sequence
from math import pi
from typing import Literal

import torch
from torch import Tensor, nn

from ganatomy.gan.method import Batches, Method, Record, Setup
from ganatomy.gan.player import Number, Player
from ganatomy.system import whole_batch

Likelihood = Literal["bernoulli", "gaussian"]


def gaussian_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½Σ(μ² + σ² − 1 − log σ²), [B, D] → [B]: Kingma & Welling, appendix B."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = μ + σε, [B, D]: Kingma & Welling, section 2.4."""
    return mean + (log_variance / 2).exp() * noise


def bernoulli_log_likelihood(images: Tensor, decoded: Tensor) -> Tensor:
    """Σ x log p + (1 − x) log(1 − p), [B], of pixels x and probabilities p, both moved from [−1, 1] to [0, 1].

    Kingma & Welling, eq. 11. A density of black and white pixels only; greys are taken for the probability of white.
    """
    x = (images + 1) / 2
    # Drawn in a little: a probability that rounding made 0 or 1 would have an infinite logarithm and gradient.
    p = 1e-6 + (1 - 2e-6) * (decoded + 1) / 2
    return (x * p.log() + (1 - x) * (-p).log1p()).flatten(1).sum(1)


def gaussian_log_likelihood(images: Tensor, decoded: Tensor, variance: Tensor) -> Tensor:
    """log N(x; decoded, variance) over all pixels, [B]: Kingma & Welling, eq. 12, one variance for all."""
    error = (images - decoded).square() / variance
    return -(error + (2 * pi * variance).log()).flatten(1).sum(1) / 2


def optimal_variance(images: Tensor, decoded: Tensor) -> Tensor:
    """The variance at which a batch is most likely, its mean squared error: Rybkin et al. 2021 (arXiv:2006.13202).

    images, decoded: [B, C, H, W]; a scalar, of all processes together. Not below that of rounding to 8 bits: the
    likelihood of exact reconstructions would grow without bound.
    """
    return whole_batch.mean((images - decoded).square().mean()).clamp(min=(2 / 255) ** 2 / 12)


class VAE(nn.Module):
    """z: [B, D] and classes [B, K] or None → mean images [B, C, H, W] in (−1, 1), as the decoder makes them.

    encoder: images → [B, 2D], mean and log-variance of z. decoder: z and classes → images.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, D], classes y [B, classes] or None → mean images [B, C, H, W] in (−1, 1)."""
        images: Tensor = self.decoder(z, y)
        return images

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | images), [B, D] each."""
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        return mean, log_variance


class VariationalAutoencoder(Method):
    """The training of a `VAE`, its only player."""

    def __init__(
        self,
        players: Sequence[Player],
        setup: Setup,
        *,
        likelihood: Likelihood = "gaussian",
        beta: Number = lambda step: 1.0,
    ) -> None:
        """players: the `VAE` alone. likelihood: of pixels. beta: the divergence's weight."""
        super().__init__(players, setup)
        self.likelihood, self.beta = likelihood, beta

    def step(self, step: int, batches: Batches) -> Record:
        """One descent of −E[log p(x|z)] + β KL(q(z|x) ‖ p(z)), the negative of eq. 3, with one z an image, eq. 10."""
        with self.updates(step):
            vae, (images, classes) = self.generator.network, batches(step, 0)
            assert isinstance(vae, VAE)

            noise = torch.randn(self.batch, self.prior.dimension, generator=self.random.at("noise", step))
            with self.runtime.autocast():
                mean, log_variance = (half.float() for half in vae.posterior(images))
                decoded = vae(reparameterise(mean, log_variance, self.runtime.share(noise)), classes).float()

            reconstruction = -self.log_likelihood(images, decoded).mean()
            divergence = gaussian_divergence(mean, log_variance).mean()
            loss = reconstruction + self.beta(step) * divergence
            norm = self.generator.update(loss, step)
        record = {
            "loss/generator": loss.detach(),
            "loss/reconstruction": reconstruction.detach(),
            "loss/divergence": divergence.detach(),
            "gradient_norm/generator": norm,
        }
        return self.runtime.averaged(record)

    def log_likelihood(self, images: Tensor, decoded: Tensor) -> Tensor:
        """log p(images | z), [B]."""
        if self.likelihood == "bernoulli":
            return bernoulli_log_likelihood(images, decoded)
        return gaussian_log_likelihood(images, decoded, optimal_variance(images, decoded))
