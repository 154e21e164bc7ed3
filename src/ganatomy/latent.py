"""Paths through latent space."""

import torch
from torch import Tensor

from ganatomy.priors import Prior


def walk(prior: Prior, stops: Tensor, frames: int) -> Tensor:
    """A closed path through latent vectors: codes [S, D] → [frames, D], evenly paced, back to the first stop.

    Between stops the prior's own interpolation: along the sphere for a normal prior, straight for a uniform one.
    """
    position = torch.arange(frames) * len(stops) / frames
    legs, share = position.long(), position.frac()
    return torch.cat(
        [prior.between(stops[leg], stops[(leg + 1) % len(stops)], share[legs == leg]) for leg in range(len(stops))]
    )
