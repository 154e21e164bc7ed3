"""The gradient penalty."""

from ganatomy.config.options import (
    Config,
    ObjectiveOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.config.schedules import Schedule
from ganatomy.networks.families import ResNetDiscriminatorOptions, ResNetOptions


@register_recipe("wgan-gp")
def wgan_gp() -> Config:
    """Wasserstein with a gradient penalty: Gulrajani et al. 2017 (arXiv:1704.00028), Algorithm 1, its CIFAR networks.

    Residual networks of width 128, without normalisation in the critic; λ = 10, five critic steps, Adam(2e-4, 0, 0.9)
    falling to nothing over 100,000 steps, batches of 64.

    Measured at a small size: fd_lenet 7.57 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe wgan-gp --size 32
    """
    optimiser = OptimiserOptions(
        name="adam", learning_rate=Schedule(start=2e-4, end=1e-8, steps=100_000), betas=(0.0, 0.9)
    )
    return Config(
        recipe="wgan-gp",
        prior=PriorOptions(name="normal", dimension=128),
        generator=ResNetOptions(width=128, norm="batch"),
        discriminator=ResNetDiscriminatorOptions(width=128, norm="none", pooling="mean"),
        objective=ObjectiveOptions(name="wasserstein"),
        penalties=PenaltyOptions(wgan_gp=10.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=64, discriminator_steps=5, steps=100_000),
    )
