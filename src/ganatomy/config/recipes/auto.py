"""Where the choice by itself begins: what was found to learn fastest on a small machine."""

from ganatomy.config.options import Config, LogOptions, OptimiserOptions, PenaltyOptions, PriorOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import DCGANDiscriminatorOptions, DCGANOptions


@register_recipe("auto")
def auto() -> Config:
    """Chooses networks, size, width, classes, augmentation, rates and budget from your images, and says why.

    What you give (--size, --minutes, --set …) stays as you gave it. On a CPU it takes DCGAN's networks for grey images
    and SNGAN's residual ones with the hinge loss for colour, without normalisation in the discriminator but with R1 at
    every 16th step (Mescheder et al. 2018, arXiv:1801.04406), and high learning rates that fall to the end of the
    budget. `ganatomy.training.auto` has the rules.

    Measured: fd_lenet 0.0931 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe auto
    """
    return Config(
        recipe="auto",
        prior=PriorOptions(name="normal", dimension=64),
        generator=DCGANOptions(width=24),
        discriminator=DCGANDiscriminatorOptions(width=24, norm="none"),
        penalties=PenaltyOptions(r1=0.1, every=16),
        generator_optimiser=OptimiserOptions(name="adam", learning_rate=2e-3, betas=(0.5, 0.999)),
        discriminator_optimiser=OptimiserOptions(name="adam", learning_rate=1e-3, betas=(0.5, 0.999)),
        training=TrainingOptions(batch=32, share_fakes=True, images=1),
        log=LogOptions(snapshot=250, checkpoint=1000),
    )
