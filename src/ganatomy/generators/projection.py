"""The point of latent space whose image is nearest to a given one, found by gradient descent from several starts.

As Karras et al. 2020 (arXiv:1912.04958, section 5.2, appendix D) project into w, and Lipton & Tripathi 2017
(arXiv:1702.04782) into z: the search stays where the generator's own points lie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor

from ganatomy.generators import latents
from ganatomy.generators.latents import Latents, Space
from ganatomy.generators.sampler import Sampler

CANDIDATES = 256  # points of seeds, the nearest of which the search starts from
BATCH = 64
RATE = 0.05  # of Adam, in standard deviations of a coordinate

Distance = Callable[[Tensor, Tensor], Tensor]  # images, images [N, C, H, W] → [N]


@dataclass(frozen=True)
class Nearest:
    """The points nearest to B images, the distances [B] of their images, and those of random ones, in the median."""

    points: Latents
    distances: Tensor
    random: Tensor


@dataclass(frozen=True)
class Region:
    """Where a generator's own points lie: around a centre [D], within a radius and, in z, in a box."""

    centre: Tensor
    radius: Tensor
    box: Tensor | None

    @classmethod
    def of(cls, points: Tensor, space: Space) -> "Region":
        """The region that holds these points [N, D]: of z around 0, of w around their mean."""
        centre = points.mean(0) if space == "w" else torch.zeros_like(points[0])
        box = points.abs().amax() if space == "z" else None
        return cls(centre, (points - centre).norm(dim=1).amax(), box)

    def nearest(self, points: Tensor) -> Tensor:
        """The points [N, D] moved into the region, straight towards its centre."""
        offsets = points - self.centre
        offsets = offsets * (self.radius / offsets.norm(dim=1, keepdim=True)).clamp_max(1)
        return self.centre + (offsets if self.box is None else offsets.clamp(-self.box, self.box))


def project(
    sampler: Sampler,
    targets: Tensor,
    distance: Distance,
    *,
    space: Space = "z",
    steps: int = 300,
    starts: int = 4,
    label: str | int | None = None,
) -> Nearest:
    """The points whose images are nearest to targets [B, C, H, W] in [−1, 1].

    From the nearest `starts` of the points of the first seeds Adam descends the distance, its rate falling to 0; the
    best that any came to is the result. label: a class, of a conditional generator; without one, every start keeps its
    own. Raises UserError where there is no such space or class.
    """
    candidates = latents.of_seeds(sampler, range(CANDIDATES), label, space).values
    free = sampler.prior.dimension if space == "z" else candidates.shape[1]  # classes are no coordinates to search
    region = Region.of(candidates[:, :free], space)
    with torch.no_grad():
        drawn = torch.cat([latents.draw(sampler, Latents(space, rows)) for rows in candidates.split(BATCH)])
        targets = targets.to(drawn)
        apart = torch.stack([distance(drawn, target.expand_as(drawn)) for target in targets]).cpu()
    nearest = apart.argsort(1)[:, :starts]
    points, goals = candidates[nearest].flatten(0, 1), targets.repeat_interleave(starts, 0)
    best, least = points, apart.gather(1, nearest).flatten()

    moved, classes = points[:, :free].clone().requires_grad_(), points[:, free:]
    rate = RATE * candidates[:, :free].std().item()
    optimiser = torch.optim.Adam([moved], rate, betas=(0.9, 0.99))
    for step in range(steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = rate * (1 + cos(pi * step / max(steps, 1))) / 2
        now = torch.cat([moved, classes], 1)
        distances = distance(latents.draw(sampler, Latents(space, now)), goals)
        nearer = distances.detach().cpu() < least
        best = torch.where(nearer[:, None], now.detach(), best)
        least = torch.where(nearer, distances.detach().cpu(), least)
        if step < steps:
            (moved.grad,) = torch.autograd.grad(distances.sum(), moved)
            optimiser.step()
            with torch.no_grad():
                moved.copy_(region.nearest(moved))
    winners = least.unflatten(0, (-1, starts)).argmin(1) + torch.arange(len(targets)) * starts
    return Nearest(Latents(space, best[winners]), least[winners], apart.median(1).values)
