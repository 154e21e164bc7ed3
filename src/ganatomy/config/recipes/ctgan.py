"""Tables."""

from ganatomy.config.options import (
    Config,
    ObjectiveOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import RowsDiscriminatorOptions, RowsOptions


@register_recipe("ctgan")
def ctgan() -> Config:
    """Rows of a table: Xu et al. 2019 (arXiv:1907.00503), CTGAN, with its sizes.

    Modes of numbers and categories as one-hot choices, conditions and training by sampling, packs of 10; Wasserstein
    with a gradient penalty, λ = 10, one critic step, Adam(2e-4, 0.5, 0.9), batches of 500. In one thing it differs: the
    noise of the choices is part of z, so that a seed is a row.

        ganatomy train TABLE.csv --minutes 5
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.5, 0.9))
    return Config(
        recipe="ctgan",
        prior=PriorOptions(name="normal", dimension=128, conditional=True),
        generator=RowsOptions(),
        discriminator=RowsDiscriminatorOptions(),
        objective=ObjectiveOptions(name="wasserstein"),
        penalties=PenaltyOptions(wgan_gp=10.0, condition=1.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=TrainingOptions(batch=500, pack=10, steps=10_000),
    )
