"""Differentiable augmentation of real and generated images alike, and how often it should happen.

Zhao et al. 2020 (arXiv:2006.10738), section 3: the discriminator sees augmented images only, real or generated, and the
generator's gradient passes through the augmentation. Karras et al. 2020 (arXiv:2006.06676), section 3: each
transformation happens to each image with a probability that follows the discriminator's overfitting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ganatomy.system.lazy import torch
from ganatomy.system.registry import Registry

# (images [B, C, H, W], two uniform numbers in [0, 1) for each, [B] and [B]) → images
Transform: TypeAlias = "Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]"

SHIFT = 1 / 8  # the farthest an image is moved, as a share of its side
HOLE = 1 / 2  # the side of the square that is cut out, as a share of the image's


POLICIES: Registry[tuple[Transform, ...]] = Registry("augmentation")


def register_augmentation(policy: str) -> Callable[[Transform], Transform]:
    """Make a transformation part of a policy: `augmentation.policies=[POLICY, …]` in every command.

    A policy's transformations are applied in the order of their registration, each to its own share of the images. It
    must be differentiable in the images. Raises UserError where the policy is another module's.
    """

    def register(transform: Transform) -> Transform:
        before = (each for each in POLICIES.get(policy, ()) if each.__qualname__ != transform.__qualname__)
        transforms = (*before, transform)
        names = ", ".join(each.__name__ for each in transforms)
        POLICIES.add(policy, transforms, module=transform.__module__, summary=names)
        return transform

    return register


def augment(
    images: torch.Tensor, policies: Sequence[str], probability: torch.Tensor | float, draw: Callable[..., torch.Tensor]
) -> torch.Tensor:
    """Images [B, C, H, W] in [−1, 1] after the policies (names of POLICIES), a chance at a time.

    probability: of each transformation of each image, in [0, 1]; draw(n): uniform numbers in [0, 1), [B, n].
    Differentiable in the images as often as one likes. Colours may leave [−1, 1]: nothing is clipped. Only the first
    three channels are colours; alpha moves and is cut out with them.
    """
    for policy in policies:
        for transform in POLICIES[policy]:
            chance, first, second = draw(3).unbind(1)
            done = _each(chance < probability)
            images = torch.where(done, transform(images, first, second), images)
    return images


def adjusted(
    probability: torch.Tensor, signs: torch.Tensor, images: int, target: float = 0.6, speed: float = 500_000
) -> torch.Tensor:
    """p after `images` more real images: Karras et al. 2020, section 3.1, with r_t = E[sign(D(x))] of eq. 1.

    signs: −1, 0 or 1 of the raw scores of real images since the last adjustment, any shape. Where r_t exceeds the
    target the discriminator is too sure of its training images and p rises by images/speed, below it falls by as much.
    The paper bounds p from below, by 0; beyond 1 nothing would change but the time it takes to come back, so it stops
    there too. Published: every 4 batches, from p = 0.
    """
    return (probability + images / speed * torch.sign(signs.mean() - target)).clamp(0, 1)


@register_augmentation("colour")
def brightness(images: torch.Tensor, amount: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """images [B, C, H, W] + b, b = amount [B] − 0.5, uniform on [−0.5, 0.5)."""
    return _recoloured(images, lambda colours: colours + _each(amount - 0.5))


@register_augmentation("colour")
def saturation(images: torch.Tensor, amount: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """The distance from each pixel's mean over colours times 2 · amount, in [0, 2): grey images stay what they are.

    images: [B, C, H, W]; amount: [B], in [0, 1).
    """
    return _recoloured(images, lambda colours: _spread(colours, colours.mean(1, keepdim=True), 2 * amount))


@register_augmentation("colour")
def contrast(images: torch.Tensor, amount: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """The distance from the image's mean over colours and pixels times amount + 0.5, in [0.5, 1.5).

    images: [B, C, H, W]; amount: [B], in [0, 1).
    """
    return _recoloured(images, lambda colours: _spread(colours, colours.mean((1, 2, 3), keepdim=True), amount + 0.5))


@register_augmentation("translation")
def translation(images: torch.Tensor, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Moved by whole pixels, up to 1/8 of each side either way; what comes in is 0, mid-grey.

    images: [B, C, H, W]; down, right: [B], in [0, 1), ½ for no move.
    """
    for axis, amount in ((2, down), (3, right)):
        side = images.shape[axis]
        most = _nearest(side * SHIFT)
        source = torch.arange(side, device=images.device) - (_integers(amount, 2 * most + 1) - most)[:, None]
        inside = (source >= 0) & (source < side)
        along = [-1, 1, 1, 1]
        along[axis] = side
        images = images.take_along_dim(source.clamp(0, side - 1).reshape(along), axis) * inside.reshape(along)
    return images


@register_augmentation("cutout")
def cutout(images: torch.Tensor, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """A hole of half of each side set to 0, its centre anywhere in the image: at the border only a part is in it.

    images: [B, C, H, W]; down, right: of the centre, [B], in [0, 1) of each side.
    """
    rows, columns = (_hidden(side, amount) for side, amount in zip(images.shape[2:], (down, right), strict=True))
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _hidden(side: int, amount: torch.Tensor) -> torch.Tensor:
    """Which rows (or columns) the hole takes, [B, side]."""
    hole = _nearest(side * HOLE)
    # An even hole's centre lies between two pixels, of which there are side + 1 places, borders included.
    top = _integers(amount, side + 1 - hole % 2) - hole // 2
    place = torch.arange(side, device=amount.device) - top[:, None]
    return (place >= 0) & (place < hole)


def _recoloured(images: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    return torch.cat([change(images[:, :3]), images[:, 3:]], 1)


def _spread(colours: torch.Tensor, centre: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    return centre + (colours - centre) * _each(factor)


def _integers(uniform: torch.Tensor, count: int) -> torch.Tensor:
    """Uniform on 0 … count − 1: a number below 1 times a whole one never rounds up to it."""
    return (uniform * count).long()


def _nearest(length: float) -> int:
    return int(length + 0.5)


def _each(values: torch.Tensor) -> torch.Tensor:
    """[B] → [B, 1, 1, 1]."""
    return values[:, None, None, None]
