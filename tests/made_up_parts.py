"""One made-up part of each kind, as a stranger would write them in a file of their own: for test_made_up_parts.py."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

import ganatomy


@ganatomy.register_objective("madeup_loss")
def loss(real, fake):
    """A loss that nobody published."""
    return softplus(0.5 - real).mean() + softplus(fake).mean(), softplus(-fake).mean()


@ganatomy.register_penalty("madeup_penalty")
def penalty(discriminator, real, fake, draw):
    """E[D(x)²]."""
    return discriminator(real).square().mean()


@ganatomy.register_prior("madeup_prior", interpolate=lambda a, b, share: a + (b - a) * share[:, None], truncate=min)
def triangular(count, dimension, random):
    """The sum of two uniform numbers, of mean 0 and variance 1."""
    return (torch.rand(2, count, dimension, generator=random).sum(0) - 1) * 6**0.5


@ganatomy.register_augmentation("madeup_policy")
def darker(images, first, second):
    """Half as bright."""
    return images / 2


class Generator(nn.Module):
    """Made-up networks."""

    def __init__(self, latent_dim, image, *, madeup_width: int = 8):
        super().__init__()
        pixels = int(np.prod(image))
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, madeup_width), nn.ReLU(), nn.Linear(madeup_width, pixels), nn.Tanh()
        )
        self.image = tuple(image)

    def forward(self, z):
        return self.layers(z).unflatten(1, self.image)


class Discriminator(nn.Module):
    """Their discriminator."""

    def __init__(self, image, *, madeup_width: int = 8):
        super().__init__()
        pixels = int(np.prod(image))
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(pixels, madeup_width), nn.ELU(), nn.Linear(madeup_width, 1))

    def forward(self, images):
        return self.layers(images).flatten()


ganatomy.register_family("madeup_family", (Generator, Discriminator))


@ganatomy.register_extractor("madeup_features")
def features(options):
    """The mean of each row and channel."""
    from ganatomy.evaluation.features.extractor import FunctionExtractor

    return FunctionExtractor("madeup_features", lambda pixels: pixels.mean(2).reshape(len(pixels), -1))


@ganatomy.register_tracker("madeup_tracker")
def tracker(run):
    """No tracker at all"""
    raise NotImplementedError


@ganatomy.register_target("madeup_target", low=-3.0, high=3.0)
def target():
    """One Gaussian, a little to the right."""
    from ganatomy.theory.densities import gaussians

    return gaussians(0.7, deviation=0.4)


@ganatomy.register_source("madeup:NAME", example="madeup:waves")
def source(name, split, cache):
    """Images that come out of a formula."""
    from ganatomy.data.sources import Found
    from ganatomy.data.sources.arrays import from_array
    from tiny import waves

    if not name.startswith("madeup:"):
        return None
    return Found(name, name, lambda: from_array(waves(24, 16, 16), None, name))


@ganatomy.register_recipe("madeup_recipe")
def made_up_recipe():
    """A recipe of made-up parts.

    ganatomy train madeup:waves --recipe madeup_recipe
    """
    from ganatomy.config.settings import change

    return change(
        ganatomy.recipe("dcgan"),
        {
            "recipe": "madeup_recipe",
            "objective.name": "madeup_loss",
            "penalties.madeup_penalty": 0.01,
            "prior.name": "madeup_prior",
            "augmentation.policies": ["madeup_policy"],
            "generator.family": "madeup_family",
            "discriminator.family": "madeup_family",
        },
    )
