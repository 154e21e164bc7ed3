"""Style-based networks."""

from ganatomy.config.options import (
    AverageOptions,
    Config,
    ObjectiveOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import StyleGAN2DiscriminatorOptions, StyleGAN2Options

BATCH = 32


@register_recipe("stylegan2")
def stylegan2() -> Config:
    """Style-based networks: Karras et al. 2020 (arXiv:1912.04958), configuration F.

    Mapping network, modulated convolutions, noise, style mixing; R1 with γ = 10 at every 16th step, path lengths at
    every 4th; Adam(2e-3, 0, 0.99) as corrected for these lazy steps (appendix B), batches of 32, an average with a
    half-life of 10,000 images.

    Measured at a small size: fd_lenet 29.5 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe stylegan2 --size 256
    """
    return Config(
        recipe="stylegan2",
        prior=PriorOptions(name="normal", dimension=512),
        generator=StyleGAN2Options(),
        discriminator=StyleGAN2DiscriminatorOptions(),
        objective=ObjectiveOptions(name="non_saturating"),
        penalties=PenaltyOptions(r1=10.0, every=16, path_length=2.0, path_length_every=4),
        generator_optimiser=_lazy(4),
        discriminator_optimiser=_lazy(16),
        average=AverageOptions(decay=0.5 ** (BATCH / 10_000)),
        training=TrainingOptions(batch=BATCH, images=25_000_000),
    )


def _lazy(every: int) -> OptimiserOptions:
    share = every / (every + 1)
    return OptimiserOptions(name="adam", learning_rate=2e-3 * share, betas=(0.0, 0.99**share))
