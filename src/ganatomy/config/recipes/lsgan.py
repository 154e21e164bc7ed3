"""Least squares."""

from ganatomy.config.options import Config, ObjectiveOptions
from ganatomy.config.recipes.dcgan import dcgan
from ganatomy.config.recipes.registry import register_recipe


@register_recipe("lsgan")
def lsgan() -> Config:
    """Least-squares losses on DCGAN's networks: Mao et al. 2016 (arXiv:1611.04076).

    Its scenes are trained with Adam(1e-3, β₁ 0.5); like its other experiments this is 2e-4, with batches of 64.

    Measured at a small size: fd_lenet 0.64 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe lsgan --size 64
    """
    return dcgan().model_copy(update={"recipe": "lsgan", "objective": ObjectiveOptions(name="least_squares")})
