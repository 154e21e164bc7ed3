"""Spectral normalisation."""

from ganatomy.config.families import ResNetJudgeOptions, ResNetOptions
from ganatomy.config.options import Config, Objective, Optimiser, Prior, Schedule, Training


def sngan() -> Config:
    """Spectral normalisation, residual networks, hinge: Miyato et al. 2018 (arXiv:1802.05957), appendix B.4.

    Widths 256 and 128, five discriminator steps, Adam(2e-4, 0, 0.9) falling to nothing over 50,000 steps, as in the
    authors' CIFAR-10 code; batches of 64 (there, the generator's own step has 128).

    Measured at a small size: fd_lenet 7.2 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe sngan --size 32
    """
    optimiser = Optimiser(name="adam", learning_rate=Schedule(start=2e-4, end=1e-8, steps=50_000), betas=(0.0, 0.9))
    return Config(
        recipe="sngan",
        prior=Prior(name="normal", dimension=128),
        generator=ResNetOptions(width=256, norm="batch"),
        discriminator=ResNetJudgeOptions(width=128, norm="spectral"),
        objective=Objective(name="hinge"),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=Training(batch=64, discriminator_steps=5, steps=50_000),
    )
