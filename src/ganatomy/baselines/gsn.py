"""Deep generative stochastic networks (Bengio, Thibodeau-Laufer, Alain & Yosinski 2013, arXiv:1306.1091).

A Markov chain of a visible and several hidden layers, whose steps a network learns as a denoising auto-encoder: the
"Deep GSN" of table 1 of Goodfellow et al. 2014. Inside, pixels are in [0, 1] as in its authors' code; the images that
go in and out are in [−1, 1] like everywhere else.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice, pairwise
from math import prod
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from ganatomy.errors import UserError
from ganatomy.gan.method import Batches, Method, Record
from ganatomy.system.precision import at_least_float32

Draw: TypeAlias = Callable[..., Tensor]  # draw(torch.rand or torch.randn, units) → [B, units]

BLOCK = 64  # rows of a chain's products


class GSN(nn.Module):
    """z: [B, C·H·W], normal → images: [B, C, H, W] in (−1, 1), after `sampling_steps` steps of a chain of its own.

    The published chain starts at a test image. Here each pixel starts as a coin that z tosses, 1 with its mean in the
    data as probability, and z seeds the chain's other draws: an image depends on its own z alone.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        hidden: Sequence[int] = (1500, 1500),
        salt_and_pepper: float = 0.4,
        hidden_noise: float = 2.0,
        walk_backs: int = 4,
        sampling_steps: int = 50,
    ) -> None:
        """Weights are tied: a layer is driven by the one above through the weights by which it drives that one.

        salt_and_pepper: share of pixels lost; hidden_noise: standard deviation, before and after each tanh;
        walk_backs: steps of the chain while training. Raises UserError if they are too few to reach every layer.
        """
        if walk_backs < len(hidden):
            raise UserError(
                f"A chain of {walk_backs} steps does not reach {len(hidden)} hidden layers; take {len(hidden)} or more."
            )
        super().__init__()
        self.walk_backs = walk_backs
        self.image, self.salt_and_pepper, self.hidden_noise = image, salt_and_pepper, hidden_noise
        self.sampling_steps = sampling_steps
        sizes = [prod(image), *hidden]
        self.weights = nn.ParameterList(torch.empty(above, below) for below, above in pairwise(sizes))
        self.biases = nn.ParameterList(torch.zeros(size) for size in sizes)  # the visible layer's first
        self.mean = nn.Buffer(torch.full([sizes[0]], 0.5))
        for weight in self.weights:
            nn.init.xavier_uniform_(weight)

    def start_at(self, mean: Tensor) -> None:
        """Let chains begin at the data's mean image, [C, H, W] in [−1, 1].

        From pixels that are too bright they may fall into states that no training image leads to, and stay there.
        """
        self.mean.copy_((mean.flatten() + 1) / 2)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, C·H·W], normal → images [B, C, H, W] in (−1, 1). y is ignored: the chain has no classes."""
        pixels = torch.cat([self._sampled(block) for block in z.split(BLOCK)])
        return (pixels * 2 - 1).unflatten(1, self.image)

    def reconstructions(self, pixels: Tensor, draw: Draw) -> Iterator[Tensor]:
        """The chain from visible units [B, C·H·W] in [0, 1], hidden ones silent: logits of p(x | h) after each step.

        A step renews the odd layers, then the even ones; the visible one becomes a corrupted sample of p(x | h).
        """
        states: list[Tensor | None] = [pixels, *(None for _ in self.weights)]
        while True:
            for i in range(1, len(states), 2):
                states[i] = self.activated(i, states, draw)
            logits = self.preactivation(0, states)
            yield logits
            for i in range(2, len(states), 2):
                states[i] = self.activated(i, states, draw)
            states[0] = self.resampled(logits, draw)

    def preactivation(self, i: int, states: Sequence[Tensor | None]) -> Tensor:
        """Bias and what comes from the layers below and above that are not silent."""
        total: Tensor = self.biases[i]
        if i > 0 and (below := states[i - 1]) is not None:
            total = torch.addmm(total, below, self.weights[i - 1].t())
        if i < len(self.weights) and (above := states[i + 1]) is not None:
            total = torch.addmm(total, above, self.weights[i])
        return total

    def activated(self, i: int, states: Sequence[Tensor | None], draw: Draw) -> Tensor:
        """tanh(a + σ·noise) + σ·noise, without noise in the first hidden layer, as in the authors' code."""
        total = self.preactivation(i, states)
        if i == 1:
            return torch.tanh(total)
        before, after = draw(torch.randn, total.shape[-1]), draw(torch.randn, total.shape[-1])
        return torch.tanh(total + self.hidden_noise * before) + self.hidden_noise * after

    def resampled(self, logits: Tensor, draw: Draw) -> Tensor:
        """Salt and pepper on a sample of p(x | h): 1 with probability (1 − r)p + r/2, for all its noises are coins."""
        share = self.salt_and_pepper
        chance = (1 - share) * torch.sigmoid(at_least_float32(logits)) + share / 2
        return (draw(torch.rand, logits.shape[1]) < chance).to(logits)

    def corrupted(self, pixels: Tensor, draw: Draw) -> Tensor:
        """Salt and pepper: each pixel is 0 or 1 with probability r/2 each, else itself."""
        noise, share = draw(torch.rand, pixels.shape[1]), self.salt_and_pepper
        return torch.where(noise < share, (noise < share / 2).to(pixels), pixels)

    def walk_back(self, images: Tensor, steps: int) -> Tensor:
        """Σ binary cross-entropy of each reconstruction in a chain from the corrupted images with the clean ones.

        Walk-back training: Bengio, Yao, Alain & Vincent 2013 (arXiv:1305.6663). images: [B, C, H, W] in [−1, 1]; each
        term is a mean over images and pixels, in nats. Noise comes from torch's global generator.
        """
        pixels = (images.flatten(1) + 1) / 2

        def draw(kind: Callable[..., Tensor], units: int) -> Tensor:
            return kind(len(pixels), units, device=pixels.device)

        chain = islice(self.reconstructions(self.corrupted(pixels, draw), draw), steps)
        return torch.stack([F.binary_cross_entropy_with_logits(logits, pixels) for logits in chain]).sum()

    def _sampled(self, z: Tensor) -> Tensor:
        """Mean pixels of up to BLOCK chains, [B, C·H·W]."""
        codes = z.detach().float().cpu().contiguous()
        seeds = (int.from_bytes(blake2b(code.numpy().tobytes(), digest_size=8).digest()) >> 1 for code in codes)
        generators = [Generator().manual_seed(seed) for seed in seeds]

        def draw(kind: Callable[..., Tensor], units: int) -> Tensor:
            rows = torch.stack([kind(units, generator=generator) for generator in generators])
            return _filled(rows.to(self.mean))

        start = (torch.special.ndtr(_filled(-z.float())) < self.mean).to(self.mean)
        logits = next(islice(self.reconstructions(start, draw), self.sampling_steps - 1, None))
        return torch.sigmoid(at_least_float32(logits))[: len(z)]


def _filled(rows: Tensor) -> Tensor:
    """Rows up to BLOCK. Products of another shape round differently, which is enough to turn a coin of a chain."""
    return F.pad(rows, (0, 0, 0, BLOCK - len(rows)))


class GenerativeStochasticNetwork(Method):
    """Walk-back training: one descent of the chain's reconstruction errors a step."""

    def step(self, step: int, batches: Batches) -> Record:
        """One descent of the walk-back loss of a batch."""
        with self.updates(step):
            network = self.generator.network
            assert isinstance(network, GSN)
            with self.runtime.autocast():
                loss = network.walk_back(batches(step, 0).images, network.walk_backs)
            norm = self.generator.update(loss, step)
        return self.runtime.averaged({"loss/generator": loss.detach(), "gradient_norm/generator": norm})
