"""The variational autoencoder."""

from ganatomy.config.options import Config, OptimiserOptions, PriorOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import DCGANDiscriminatorOptions, DCGANOptions


@register_recipe("vae")
def vae() -> Config:
    """A variational autoencoder, to compare with: Kingma & Welling 2013 (arXiv:1312.6114), on DCGAN's networks.

    The decoder is DCGAN's generator, the encoder its discriminator with another last layer; Adam(1e-3).

    Measured at a small size: fd_lenet 6.35 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe vae --size 32
    """
    return Config(
        recipe="vae",
        method="vae",
        prior=PriorOptions(name="normal", dimension=64),
        generator=DCGANOptions(width=64),
        discriminator=DCGANDiscriminatorOptions(width=64),
        generator_optimiser=OptimiserOptions(name="adam", learning_rate=1e-3, betas=(0.9, 0.999)),
        training=TrainingOptions(batch=64, steps=20_000),
    )
