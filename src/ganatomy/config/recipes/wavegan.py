"""Sounds."""

from ganatomy.config.options import (
    Config,
    DataOptions,
    ObjectiveOptions,
    OptimiserOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import WaveDiscriminatorOptions, WaveGeneratorOptions


@register_recipe("wavegan")
def wavegan() -> Config:
    """Short sounds as waveforms: Donahue et al. 2019 (arXiv:1802.04208), WaveGAN, smaller.

    A quarter of the paper's width, batches of 32. In place of the Wasserstein objective with five steps of the critic
    and a gradient penalty, whose second derivatives take most of the time on a CPU: the non-saturating loss, one step,
    batch normalisation in the generator, Adam(1e-3, 0.5, 0.9).

        ganatomy train FOLDER --recipe wavegan --minutes 20
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=1e-3, betas=(0.5, 0.9))
    return Config(
        recipe="wavegan",
        data=DataOptions(path="notes"),
        prior=PriorOptions(name="uniform", dimension=100),
        generator=WaveGeneratorOptions(width=16, norm="batch"),
        discriminator=WaveDiscriminatorOptions(width=16),
        objective=ObjectiveOptions(name="non_saturating"),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=32, share_fakes=True, steps=20_000),
    )
