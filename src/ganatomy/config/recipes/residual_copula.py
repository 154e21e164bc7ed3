"""Tables, from the Gaussian copula on."""

from ganatomy.config.options import (
    AverageOptions,
    Config,
    ObjectiveOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.networks.families import ResidualCopulaOptions, RowsDiscriminatorOptions


@register_recipe("residual-copula")
def residual_copula() -> Config:
    """Rows of a table, each column as normal scores: a Gaussian copula that a network learns to correct.

    The generator begins as the copula of the table, so that columns and correlations are right before the first step.
    Relativistic pairing with R1 and R2 as in R3GAN (Huang et al. 2025, arXiv:2501.05441) teaches it what a copula
    lacks. Rows with a given cell are found by drawing, as there are no conditions.

        ganatomy train TABLE.csv --minutes 5
    """
    optimiser = OptimiserOptions(name="adam", learning_rate=2e-4, betas=(0.5, 0.9))
    return Config(
        recipe="residual-copula",
        prior=PriorOptions(name="normal", dimension=32),
        generator=ResidualCopulaOptions(),
        discriminator=RowsDiscriminatorOptions(dropout=0.0),
        objective=ObjectiveOptions(name="relativistic_pairing"),
        penalties=PenaltyOptions(r1=1.0, r2=1.0),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        average=AverageOptions(decay=0.999),
        training=TrainingOptions(batch=500, steps=3000),
    )
