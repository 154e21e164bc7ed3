"""Sounds."""

from ganatomy.config.options import (
    Config,
    DataOptions,
    ObjectiveOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import WaveDiscriminatorOptions, WaveOptions


@register_recipe("wavegan")
def wavegan() -> Config:
    """Short sounds as waveforms: Donahue et al. 2019 (arXiv:1802.04208), WaveGAN, smaller.

    ganatomy train notes --recipe wavegan --minutes 10
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.5, 0.9))
    return Config(
        recipe="wavegan",
        data=DataOptions(path="notes"),
        prior=PriorOptions(name="uniform", dimension=100),
        generator=WaveOptions(width=16),
        discriminator=WaveDiscriminatorOptions(width=16),
        objective=ObjectiveOptions(name="wasserstein"),
        penalties=PenaltyOptions(wgan_gp=10.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=32, discriminator_steps=2, steps=10_000),
    )
