"""What keeps the discriminator smooth: penalties on its gradient, and weight clipping.

Every penalty takes the discriminator as a function, images [B, C, H, W] → raw scores [B], real and generated images
[B, C, H, W], and a source of random numbers; it returns a scalar in float32. Random draws are passed in, so that a
penalty is a pure function. The callers turn autocast off around them: squared norms of half-precision gradients are too
coarse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias, TypeVar

from ganatomy.system import whole_batch
from ganatomy.system.lazy import torch
from ganatomy.system.precision import at_least_float32
from ganatomy.system.registry import Registry

SMALLEST = 1e-30  # of a probability: its logarithm stays finite

Discriminator: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"
Draw: TypeAlias = "Callable[..., torch.Tensor]"  # draw(*shape): uniform on [0, 1), [B, *shape]


class PenaltyFunction(Protocol):
    """Discriminator, real and fake images [B, C, H, W], draws → a scalar, which is added to its loss."""

    def __call__(
        self, discriminator: Discriminator, real: torch.Tensor, fake: torch.Tensor, draw: Draw, /
    ) -> torch.Tensor:
        """The value, a scalar in float32, differentiable in the discriminator's parameters."""
        ...


PENALTIES: Registry[PenaltyFunction] = Registry("penalty")
Function = TypeVar("Function", bound=PenaltyFunction)


def register_penalty(name: str) -> Callable[[Function], Function]:
    """Make a penalty of the discriminator known by name: `penalties.NAME=WEIGHT` in every command.

    Raises UserError where the name is taken.
    """

    def register(penalty: Function) -> Function:
        return PENALTIES.add(name, penalty, module=penalty.__module__)  # type: ignore[return-value]

    return register


@register_penalty("r1")
def r1(discriminator: Discriminator, real: torch.Tensor, fake: torch.Tensor, draw: Draw) -> torch.Tensor:
    """½E‖∇D(x)‖² at real images: Mescheder et al. 2018 (arXiv:1801.04406), eq. 9.

    real: [B, C, H, W]; a scalar.
    """
    return squared_gradient_norms(discriminator, real).mean() / 2


@register_penalty("r2")
def r2(discriminator: Discriminator, real: torch.Tensor, fake: torch.Tensor, draw: Draw) -> torch.Tensor:
    """½E‖∇D(G(z))‖² at generated images: Mescheder et al. 2018 (arXiv:1801.04406), eq. 10.

    fake: [B, C, H, W]; a scalar.
    """
    return squared_gradient_norms(discriminator, fake).mean() / 2


@register_penalty("wgan_gp")
def wgan_gp(discriminator: Discriminator, real: torch.Tensor, fake: torch.Tensor, draw: Draw) -> torch.Tensor:
    """E[(‖∇D(x̂)‖ − 1)²], x̂ = εx + (1 − ε)G(z): Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3.

    ε is uniform on [0, 1): one for each pair of images, not one for the batch.
    """
    share = draw().view(-1, *[1] * (real.dim() - 1))
    return _distance_from_one(discriminator, share * real + (1 - share) * fake)


@register_penalty("dragan")
def dragan(discriminator: Discriminator, real: torch.Tensor, fake: torch.Tensor, draw: Draw) -> torch.Tensor:
    """E[(‖∇D(x + δ)‖ − 1)²], δ = ½·std(x)·u around real images: Kodali et al. 2017 (arXiv:1705.07215), section 2.3.

    u is uniform on [0, 1) in every pixel; std over the whole batch, as in the authors' code.
    """
    return _distance_from_one(discriminator, real + whole_batch.deviation(real) * draw(*real.shape[1:]) / 2)


def condition(chosen: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """E[−log P(the asked category)] of generated rows: Xu et al. 2019 (arXiv:1907.00503), section 4.3; a scalar.

    chosen: what the generator gives each category, [B, K], in (0, 1); asked: one-hot, [B, K].
    """
    return -(chosen * asked).sum(1).clamp_min(SMALLEST).log().mean()


def l1(drawn: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """E|G(y) − x|, the mean over pixels: Isola et al. 2017 (arXiv:1611.07004), eq. 3; a scalar.

    drawn: [B, C, H, W], of given images y; targets x: the real images beside them, [B, C, H, W].
    """
    return (drawn - targets).abs().mean()


def l2(drawn: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """E(G(y) − x)², the mean over pixels; a scalar. Its minimum is E[x|y], whose PSNR no other G(y) exceeds.

    drawn: [B, C, H, W], of given images y; targets x: the real images beside them, [B, C, H, W].
    """
    return (drawn - targets).square().mean()


DISTANCES = {"l1": l1, "l2": l2}  # of what is drawn of a given image from its target: terms of the generator's loss


def patch_nce(drawn: torch.Tensor, given: torch.Tensor, temperature: float = 0.07) -> torch.Tensor:
    """Cross-entropy of finding a drawn patch's place among those of the given image: Park et al. 2020, eq. 3; a scalar.

    drawn, given: unit vectors [B, S, K] of patches at the same S places (arXiv:2007.15651).
    """
    likeness = drawn @ given.transpose(1, 2) / temperature
    places = torch.arange(likeness.shape[1], device=likeness.device).expand(likeness.shape[:2])
    return torch.nn.functional.cross_entropy(likeness.flatten(0, 1), places.flatten())


def squared_gradient_norms(discriminator: Discriminator, images: torch.Tensor) -> torch.Tensor:
    """‖∇ₓD(x)‖² of each image, [B], differentiable in the discriminator's parameters."""
    images = at_least_float32(images.detach()).requires_grad_(True)
    # Scores of a batch without batch normalisation depend each on its own image: one backward gives all gradients.
    (gradients,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return gradients.square().flatten(1).sum(1)


def _distance_from_one(discriminator: Discriminator, images: torch.Tensor) -> torch.Tensor:
    # The small constant keeps the root's gradient finite where the discriminator is flat.
    norms = (squared_gradient_norms(discriminator, images) + 1e-12).sqrt()
    return (norms - 1).square().mean()


def clip_weights(parameters: Iterable[torch.Tensor], bound: float) -> None:
    """Parameters of any shape to [−bound, bound], in place: Arjovsky et al. 2017 (arXiv:1701.07875), Alg. 1, line 7."""
    with torch.no_grad():
        for parameter in parameters:
            parameter.clamp_(-bound, bound)
