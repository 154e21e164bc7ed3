"""A modern baseline."""

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
from ganatomy.config.schedules import Schedule
from ganatomy.networks.families import R3Options

BATCH = 512


@register_recipe("r3gan")
def r3gan() -> Config:
    """Relativistic pairing with R1 and R2, networks without normalisation: Huang et al. 2025 (arXiv:2501.05441).

    The paper's CIFAR-10 networks and batch of 512; learning rate and both penalties fall over 20,000,000 images. Left
    out: β₂ that rises from 0.9 to 0.99 (here 0.99) and an average that becomes slower with the training.

    Measured at a small size: fd_lenet 33 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train FOLDER --recipe r3gan --size 32
    """
    decay = 20_000_000 // BATCH  # steps
    optimiser = OptimiserOptions(
        name="adam",
        learning_rate=Schedule(kind="cosine", start=2e-4, end=5e-5, steps=decay),
        betas=(0.0, 0.99),
    )
    smoothness = Schedule(kind="cosine", start=0.05, end=0.005, steps=decay)
    return Config(
        recipe="r3gan",
        prior=PriorOptions(name="normal", dimension=64),
        generator=R3Options(widths=[768], blocks=[2], cardinality=[96]),
        discriminator=R3Options(widths=[768], blocks=[2], cardinality=[96]),
        objective=ObjectiveOptions(name="relativistic_pairing"),
        penalties=PenaltyOptions(r1=smoothness, r2=smoothness),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        average=AverageOptions(decay=0.999),
        training=TrainingOptions(batch=BATCH, images=200_000_000),
    )
