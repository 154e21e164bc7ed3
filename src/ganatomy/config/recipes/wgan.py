"""The Wasserstein GAN."""

from ganatomy.config.options import Config, ObjectiveOptions, OptimiserOptions, PenaltyOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe


@register_recipe("wgan")
def wgan() -> Config:
    """The critic of a Wasserstein distance, its weights clipped: Arjovsky et al. 2017 (arXiv:1701.07875), Algorithm 1.

    DCGAN's networks, RMSProp(5e-5), clipping at 0.01, five critic steps, batches of 64.

    Measured at a small size: fd_lenet 7.99 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe wgan --size 64
    """
    optimiser = OptimiserOptions(name="rmsprop", learning_rate=5e-5)
    return Config(
        recipe="wgan",
        objective=ObjectiveOptions(name="wasserstein"),
        penalties=PenaltyOptions(clip=0.01),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=64, discriminator_steps=5, steps=20_000),
    )
