"""Sounds by their spectra."""

from ganatomy.config.options import (
    Config,
    DataOptions,
    ObjectiveOptions,
    OptimiserOptions,
    PenaltyOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.config.schedules import Schedule
from ganatomy.networks.families import DCGANDiscriminatorOptions, DCGANOptions


@register_recipe("specgan")
def specgan() -> Config:
    """Short sounds as images of their spectra: SpecGAN's form (Donahue et al. 2019, arXiv:1802.04208), auto's game.

    Log-magnitudes, each frequency normalised and clipped, drawn by DCGAN's networks with the losses, R1 and rates of
    the recipe `auto`; phases by Griffin and Lim's algorithm.

    Measured: fd 5.89 of real notes, whose halves have 1.49, after four minutes of one CPU core (docs/SOUND.md).

        ganatomy train FOLDER --minutes 20
    """
    return Config(
        recipe="specgan",
        data=DataOptions(path="notes", form="spectrogram"),
        prior=PriorOptions(name="normal", dimension=64),
        generator=DCGANOptions(width=24),
        discriminator=DCGANDiscriminatorOptions(width=24, norm="none"),
        objective=ObjectiveOptions(name="non_saturating"),
        penalties=PenaltyOptions(r1=0.1, every=16),
        generator_optimiser=OptimiserOptions(
            name="adam", learning_rate=Schedule(kind="cosine", start=2e-3, end=4e-5), betas=(0.5, 0.999)
        ),
        discriminator_optimiser=OptimiserOptions(
            name="adam", learning_rate=Schedule(kind="cosine", start=1e-3, end=2e-5), betas=(0.5, 0.999)
        ),
        training=TrainingOptions(batch=32, share_fakes=True, steps=10_000),
    )
