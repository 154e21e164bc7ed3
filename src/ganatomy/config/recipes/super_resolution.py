"""Super-resolution: by L1 alone, and with a game beside it."""

from ganatomy.config.options import (
    Config,
    DataOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import EDSROptions, PatchGANOptions


@register_recipe("edsr")
def edsr() -> Config:
    """Enlarge images by regression, without a game: Lim et al. 2017 (arXiv:1707.02921), EDSR, smaller.

    Mean absolute error, residual blocks without normalisation, Adam(1e-4, 0.9, 0.999), batches of 16. The small images
    are made from those of the folder. What a GAN adds is measured against this.

        ganatomy train FOLDER --recipe edsr --set data.scale=4
    """
    return Config(
        recipe="edsr",
        method="regression",
        data=DataOptions(scale=4),
        prior=PriorOptions(dimension=1),
        generator=EDSROptions(),
        penalties=PenaltyOptions(l1=1.0),
        generator_optimiser=OptimiserOptions(name="adam", learning_rate=1e-4, betas=(0.9, 0.999)),
        training=TrainingOptions(batch=16, steps=20_000),
    )


@register_recipe("srgan")
def srgan() -> Config:
    """Enlarge images with the detail that a game adds: Ledig et al. 2017 (arXiv:1609.04802), SRGAN, smaller.

    The generator of `edsr`; a discriminator of patches that also sees the small image (Isola et al. 2017,
    arXiv:1611.07004); the non-saturating loss and 10 times the mean absolute error, in the place of the paper's VGG
    features; Adam(1e-4, β₁ 0.5), batches of 16.

        ganatomy train FOLDER --recipe srgan --set data.scale=4
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=1e-4, betas=(0.5, 0.999))
    return Config(
        recipe="srgan",
        data=DataOptions(scale=4),
        prior=PriorOptions(dimension=1),
        generator=EDSROptions(),
        discriminator=PatchGANOptions(),
        penalties=PenaltyOptions(l1=10.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=16, steps=20_000),
    )
