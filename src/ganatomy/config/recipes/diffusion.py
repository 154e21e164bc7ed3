"""Denoising diffusion."""

from ganatomy.config.options import AverageOptions, Config, OptimiserOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import UNetOptions


@register_recipe("diffusion")
def diffusion() -> Config:
    """A diffusion model, to compare with: Ho et al. 2020 (arXiv:2006.11239), sampled as Song et al. 2020 (DDIM).

    A UNet, 1,000 noise levels, Adam(2e-4); one image takes 50 passes, or any other number.

    Measured at a small size: fd_lenet 10 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe diffusion --size 32
        ganatomy sample last --set diffusion.sampling_steps=10
    """
    return Config(
        recipe="diffusion",
        method="diffusion",
        generator=UNetOptions(width=64),
        generator_optimiser=OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.9, 0.999)),
        average=AverageOptions(decay=0.999),
        training=TrainingOptions(batch=64, steps=100_000),
    )
