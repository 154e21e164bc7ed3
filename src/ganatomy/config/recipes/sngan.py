"""Spectral normalisation."""

from ganatomy.config.options import Config, ObjectiveOptions, OptimiserOptions, PriorOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.config.schedules import Schedule
from ganatomy.networks.families import ResNetDiscriminatorOptions, ResNetOptions


@register_recipe("sngan")
def sngan() -> Config:
    """Spectral normalisation, residual networks, hinge: Miyato et al. 2018 (arXiv:1802.05957), appendix B.4.

    Widths 256 and 128, five discriminator steps, Adam(2e-4, 0, 0.9) falling to nothing over 50,000 steps, as in the
    authors' CIFAR-10 code; batches of 64 (there, the generator's own step has 128).

    Measured at a small size: fd_lenet 7.2 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe sngan --size 32
    """
    optimiser = OptimiserOptions(
        name="adam", learning_rate=Schedule(start=2e-4, end=1e-8, steps=50_000), betas=(0.0, 0.9)
    )
    return Config(
        recipe="sngan",
        prior=PriorOptions(name="normal", dimension=128),
        generator=ResNetOptions(width=256, norm="batch"),
        discriminator=ResNetDiscriminatorOptions(width=128, norm="spectral"),
        objective=ObjectiveOptions(name="hinge"),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=64, discriminator_steps=5, steps=50_000),
    )
