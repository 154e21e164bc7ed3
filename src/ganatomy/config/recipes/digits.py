"""The demo's: small images, small machines."""

from ganatomy.config.options import Config, DataOptions, LogOptions, OptimiserOptions, PriorOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import DCGANDiscriminatorOptions, DCGANOptions


@register_recipe("digits")
def digits() -> Config:
    """A small DCGAN with high learning rates: readable digits in a minute and a half on two CPU cores.

    Measured: fd_lenet 0.644 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy demo
    """
    return Config(
        recipe="digits",
        data=DataOptions(path="digits", size=(28, 28), channels=1),
        prior=PriorOptions(name="normal", dimension=64),
        generator=DCGANOptions(width=24),
        discriminator=DCGANDiscriminatorOptions(width=24),
        generator_optimiser=OptimiserOptions(name="adam", learning_rate=2e-3, betas=(0.5, 0.999)),
        discriminator_optimiser=OptimiserOptions(name="adam", learning_rate=1e-3, betas=(0.5, 0.999)),
        training=TrainingOptions(batch=64, share_fakes=True, minutes=1.5),
        log=LogOptions(snapshot=200, checkpoint=1000),
    )
