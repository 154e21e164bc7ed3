"""What keeps the discriminator smooth: penalties on its gradient, and weight clipping.

Every function takes the discriminator as a function, images `[B, C, H, W]` → raw scores `[B]`, and returns a scalar in
float32. Random draws are handed in, so that a penalty is a pure function. The callers turn autocast off around them:
squared norms of half-precision gradients are too coarse.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import torch
from torch import Tensor

from ganatomy.system.precision import at_least_float32

Discriminator: TypeAlias = Callable[[Tensor], Tensor]


def squared_gradient_norms(discriminator: Discriminator, images: Tensor) -> Tensor:
    """‖∇ₓD(x)‖² of each image, [B], differentiable in the discriminator's parameters."""
    images = at_least_float32(images.detach()).requires_grad_(True)
    # Scores of a batch without batch normalisation depend each on its own image: one backward gives all gradients.
    (gradients,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return gradients.square().flatten(1).sum(1)


def r1(discriminator: Discriminator, real: Tensor) -> Tensor:
    """½E‖∇D(x)‖² at real images: Mescheder et al. 2018 (arXiv:1801.04406), eq. 9."""
    return squared_gradient_norms(discriminator, real).mean() / 2


def r2(discriminator: Discriminator, fake: Tensor) -> Tensor:
    """½E‖∇D(G(z))‖² at generated images: Mescheder et al. 2018, eq. 10."""
    return squared_gradient_norms(discriminator, fake).mean() / 2


def gradient_penalty(discriminator: Discriminator, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """E[(‖∇D(x̂)‖ − 1)²], x̂ = εx + (1 − ε)G(z): Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3.

    share: ε, [B], uniform on [0, 1): one for each pair, not one for the batch.
    """
    share = share.view(-1, *[1] * (real.dim() - 1))
    return _distance_from_one(discriminator, share * real + (1 - share) * fake)


def dragan(discriminator: Discriminator, real: Tensor, share: Tensor) -> Tensor:
    """E[(‖∇D(x + δ)‖ − 1)²], δ = ½·std(x)·u around real images: Kodali et al. 2017 (arXiv:1705.07215), section 2.3.

    share: u, uniform on [0, 1), of real's shape; std over the whole batch, as in the authors' code.
    """
    return _distance_from_one(discriminator, real + real.std() * share / 2)


def _distance_from_one(discriminator: Discriminator, images: Tensor) -> Tensor:
    # The small constant keeps the root's gradient finite where the discriminator is flat.
    norms = (squared_gradient_norms(discriminator, images) + 1e-12).sqrt()
    return (norms - 1).square().mean()


@torch.no_grad()
def clip_weights(parameters: Iterable[Tensor], bound: float) -> None:
    """Every weight to [−bound, bound], in place: Arjovsky et al. 2017 (arXiv:1701.07875), Algorithm 1, line 7."""
    for parameter in parameters:
        parameter.clamp_(-bound, bound)
