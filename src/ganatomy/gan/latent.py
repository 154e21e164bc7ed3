"""Paths through latent space."""

import torch
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan.priors import Prior


def walk(prior: Prior, stops: Tensor, frames: int) -> Tensor:
    """A closed path through latent vectors: codes [S, D] → [frames, D], evenly paced, back to the first stop.

    Between stops the prior's own interpolation: along the sphere for a normal prior, straight for a uniform one. Raises
    UserError for fewer frames than stops.
    """
    if frames < len(stops):
        raise UserError(f"A walk of {frames} frames cannot show {len(stops)} seeds: give it {len(stops)} or more.")
    position = torch.arange(frames) * len(stops) / frames
    legs, share = position.long(), position.frac()
    return torch.cat(
        [prior.between(stops[leg], stops[(leg + 1) % len(stops)], share[legs == leg]) for leg in range(len(stops))]
    )


def principal_directions(z: Tensor, images: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Where in latent space the images change most: [count, D], a unit of each moves them by one standard deviation.

    z: [N, D], images: [N, P] → also the share of the images' variance along each, [count]. The principal components of
    the images, brought back to z by least squares: Härkönen et al. 2020 (arXiv:2004.02546), section 3.1, eq. 2. Signs
    are such that the largest coordinate is positive.
    """
    z, images = z.double(), images.double()
    left, sizes, _ = torch.linalg.svd(images - images.mean(0), full_matrices=False)
    coordinates = left[:, :count] * len(z) ** 0.5  # of mean 0 and variance 1
    directions = coordinates.T @ (z - z.mean(0)) / len(z)
    signs = directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    return (directions * signs).float(), sizes[:count].square() / sizes.square().sum()
