"""Image translation: from an image to another one of the same scene."""

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
from ganatomy.networks.families import CUTOptions, PatchGANOptions, Pix2PixOptions


@register_recipe("pix2pix")
def pix2pix() -> Config:
    """Translate images by pairs of them: Isola et al. 2017 (arXiv:1611.07004), pix2pix, for small images.

    A U-Net; a discriminator of patches that also sees the given image; the non-saturating loss and 100 times the mean
    absolute error; Adam(2e-4, β₁ 0.5). Batches of 16, where the paper has 1, and no dropout. Two folders with images of
    the same names, or images that hold both halves:

        ganatomy train PHOTOS --recipe pix2pix --set data.given=SKETCHES
        ganatomy train BOTH --recipe pix2pix --set data.given=left
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.5, 0.999))
    return Config(
        recipe="pix2pix",
        prior=PriorOptions(dimension=1),
        generator=Pix2PixOptions(),
        discriminator=PatchGANOptions(norm="batch"),
        penalties=PenaltyOptions(l1=100.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=16, steps=20_000),
    )


@register_recipe("cut")
def cut() -> Config:
    """Translate images without pairs of them: Park et al. 2020 (arXiv:2007.15651), CUT, for small images.

    A residual network; a discriminator of patches, least squares; and the contrastive loss, which asks that a drawn
    patch is more like the given one of its place than like others; Adam(2e-4, β₁ 0.5). Batches of 16, where the paper
    has 1, smaller networks, patches on a grid, and no loss on what is made of the other set's own images. Two folders,
    what is drawn first:

        ganatomy train ZEBRAS --recipe cut --set data.given=HORSES
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.5, 0.999))
    return Config(
        recipe="cut",
        data=DataOptions(paired=False),
        prior=PriorOptions(dimension=1),
        generator=CUTOptions(),
        discriminator=PatchGANOptions(given=False),
        objective=ObjectiveOptions(name="least_squares"),
        penalties=PenaltyOptions(nce=1.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=16, steps=20_000),
    )
