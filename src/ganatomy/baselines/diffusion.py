"""Denoising diffusion: trained as in Ho et al. 2020 (arXiv:2006.11239), sampled as there or by Song et al. 2021's DDIM.

Times run from 0, the image x₀, to `steps`, noise. ᾱ_t is the share of x_t's variance that the image still has.
"""

import hashlib
from itertools import pairwise
from math import pi

import torch
from torch import Generator, Tensor, nn

from ganatomy.errors import UserError
from ganatomy.gan.method import Batches, Method, Record


def linear(steps: int) -> Tensor:
    """β_t, shape [steps]: from 10⁻⁴ evenly to 0.02 in 1,000 steps, Ho et al., section 4; in fewer, as much larger."""
    return (torch.linspace(1e-4, 0.02, steps, dtype=torch.float64) * 1000 / steps).clamp(max=0.999)


def cosine(steps: int) -> Tensor:
    """β_t ≤ 0.999, shape [steps], of ᾱ_t ∝ cos²(½π(t/steps + s)/(1 + s)), s = 0.008.

    Nichol & Dhariwal 2021 (arXiv:2102.09672), eq. 17: fewer times at which nothing is left to be seen of a small image.
    """
    share = torch.arange(steps + 1, dtype=torch.float64) / steps
    alpha = torch.cos((share + 0.008) / 1.008 * pi / 2).square()
    return (1 - alpha[1:] / alpha[:-1]).clamp(max=0.999)


SCHEDULES = {"linear": linear, "cosine": cosine}
SAMPLERS = {"ddim": 0.0, "ancestral": 1.0}  # η of DDIM, eq. 16


def alphas(steps: int, schedule: str) -> Tensor:
    """ᾱ_t = Π(1 − β_s) over s ≤ t, of times 0 to `steps`: [steps + 1], float64, falling from 1."""
    return torch.cat([torch.ones(1, dtype=torch.float64), (1 - SCHEDULES[schedule](steps)).cumprod(0)])


def noised(images: Tensor, noise: Tensor, alpha: Tensor) -> Tensor:
    """x_t = √ᾱ x₀ + √(1 − ᾱ) ε: Ho et al., eq. 4. images, noise: [B, C, H, W]; alpha: ᾱ_t, [B]."""
    alpha = alpha[:, None, None, None]
    return alpha.sqrt() * images + (1 - alpha).sqrt() * noise


def reverse(noisy: Tensor, noise: Tensor, alpha: float, earlier: float, eta: float) -> tuple[Tensor, float]:
    """Mean and standard deviation of x at an earlier time, given x_t and the noise in it: DDIM, eq. 12 and 16.

    noisy, noise: [B, C, H, W]; alpha, earlier: ᾱ at both times. η = 0 is deterministic; from one time to the next,
    η = 1 is the posterior of Ho et al., eq. 6 and 7. The image predicted is clipped to [−1, 1], as in their code.
    """
    clean = ((noisy - (1 - alpha) ** 0.5 * noise) / alpha**0.5).clamp(-1, 1)
    noise = (noisy - alpha**0.5 * clean) / (1 - alpha) ** 0.5
    deviation = eta * ((1 - earlier) / (1 - alpha) * (1 - alpha / earlier)) ** 0.5
    return earlier**0.5 * clean + (1 - earlier - deviation**2) ** 0.5 * noise, deviation


class Diffusion(nn.Module):
    """Pure noise z: [B, C·H·W], N(0, 1), and classes [B, K] or None → images [B, C, H, W] in [−1, 1].

    unet: (noisy images, times [B], classes) → noise. sampler: "ddim", by which near z give near images, or "ancestral",
    which draws more noise, seeded by z. sampling_steps: so many evenly spaced ones of the training's `steps` are taken;
    UserError unless from 1 to all. Both may be changed at any time.
    """

    def __init__(
        self,
        unet: nn.Module,
        image: tuple[int, int, int],
        *,
        steps: int = 1000,
        schedule: str = "cosine",
        sampler: str = "ddim",
        sampling_steps: int = 50,
    ) -> None:
        super().__init__()
        self.unet, self.image = unet, image
        self.steps, self.sampler, self.sampling_steps = steps, sampler, sampling_steps
        self.alphas = alphas(steps, schedule)  # no buffer: buffers are averaged over time and processes, which rounds

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, C·H·W], classes y [B, classes] or None → images [B, C, H, W] in [−1, 1]."""
        x, eta = z.unflatten(1, self.image), SAMPLERS[self.sampler]
        draws = [_noise_of(row) for row in z] if eta else []
        for t, earlier in pairwise(self.times()):
            noise = self.unet(x, torch.full((len(z),), t, device=z.device), y)
            x, deviation = reverse(x, noise, self.alphas[t].item(), self.alphas[earlier].item(), eta)
            if deviation > 0:
                x = x + deviation * torch.stack([torch.randn(self.image, generator=draw) for draw in draws]).to(x)
        return x

    def times(self) -> list[int]:
        """The times that sampling goes through, from `steps` to 0. Raises UserError if there are none, or too many."""
        if not 1 <= self.sampling_steps <= self.steps:
            raise UserError(f"{self.sampling_steps} sampling steps: this model can take from 1 to {self.steps:,}.")
        return [self.steps * i // self.sampling_steps for i in range(self.sampling_steps, -1, -1)]


def _noise_of(row: Tensor) -> Generator:
    """The noise that one row of z goes on with: it must not depend on the rows beside it."""
    digest = hashlib.blake2b(row.detach().float().cpu().numpy().tobytes(), digest_size=4).digest()
    return Generator().manual_seed(int.from_bytes(digest))


class DenoisingDiffusion(Method):
    """The training of a `Diffusion`, its only player."""

    def step(self, step: int, batches: Batches) -> Record:
        """Algorithm 1 of Ho et al.: one descent of E‖ε − ε_θ(x_t, t)‖², eq. 14, as a mean over pixels."""
        with self.updates(step):
            diffusion, (images, classes) = self.generator.network, batches(step, 0)
            assert isinstance(diffusion, Diffusion)

            random = self.random.at("noise", step)
            times = torch.randint(1, diffusion.steps + 1, (self.batch,), generator=random)
            noise = self.runtime.share(torch.randn(self.batch, *diffusion.image, generator=random))
            noisy = noised(images, noise, self.runtime.share(diffusion.alphas[times].float()))
            with self.runtime.autocast():
                predicted = diffusion.unet(noisy, self.runtime.share(times), classes)

            loss = (noise - predicted.float()).square().mean()
            norm = self.generator.update(loss, step)
        return self.runtime.averaged({"loss/generator": loss.detach(), "gradient_norm/generator": norm})
