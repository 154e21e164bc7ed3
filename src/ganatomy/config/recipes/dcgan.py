"""DCGAN."""

from ganatomy.config.options import Config, OptimiserOptions, PriorOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import DCGANDiscriminatorOptions, DCGANOptions


@register_recipe("dcgan")
def dcgan() -> Config:
    """Strided convolutions with batch normalisation: Radford et al. 2015 (arXiv:1511.06434).

    Width 64, latent vectors of 100, Adam(2e-4, β₁ 0.5). The paper trains with batches of 128, its authors' later code
    and most others with 64; like them, the generator's step reuses the fakes that the discriminator has just seen.

    Measured at a small size: fd_lenet 0.761 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe dcgan --size 64 --steps 20000
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.5, 0.999))
    return Config(
        recipe="dcgan",
        prior=PriorOptions(name="normal", dimension=100),
        generator=DCGANOptions(width=64),
        discriminator=DCGANDiscriminatorOptions(width=64),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=64, share_fakes=True, steps=20_000),
    )
