"""The first GAN."""

from ganatomy.config.options import (
    Config,
    DataOptions,
    ObjectiveOptions,
    OptimiserOptions,
    PriorOptions,
    TrainingOptions,
)
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.config.schedules import Schedule
from ganatomy.networks.families import MLPGeneratorOptions, MLPOptions

EPOCH = 500  # steps of 100 images; the first 50,000 are for training


@register_recipe("goodfellow2014")
def goodfellow2014() -> Config:
    """Dense networks, maxout and dropout: Goodfellow et al. 2014 (arXiv:1406.2661) and its authors' MNIST settings.

    z of 100, uniform on (−√3, √3); generator 1200-1200 ReLU, whose output starts at the mean image; discriminator
    240-240 maxout of 5 pieces; SGD with batches of 100, both players moving at once, learning rate 0.1/1.000004^t,
    momentum from 0.5 to 0.7 over 250 epochs of 50,000 images. That code halves the discriminator's loss, which for SGD
    is half the learning rate. Where to stop it does not say; its figures take many hundreds of epochs.

    Measured: fd_lenet 6.06 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train MNIST/raw --recipe goodfellow2014
    """
    return Config(
        recipe="goodfellow2014",
        data=DataOptions(first=50_000),
        prior=PriorOptions(name="uniform", dimension=100),
        generator=MLPGeneratorOptions(hidden=[1200, 1200], activation="relu", spread=0.05, start_margin=1e-7),
        discriminator=MLPOptions(
            hidden=[240, 240], activation="maxout", pieces=5, dropout_input=0.2, dropout_hidden=0.5, spread=0.005
        ),
        objective=ObjectiveOptions(name="non_saturating"),
        generator_optimiser=_descent(1),
        discriminator_optimiser=_descent(0.5),
        training=TrainingOptions(batch=100, simultaneous=True, steps=500 * EPOCH),
    )


def _descent(share: float) -> OptimiserOptions:
    return OptimiserOptions(
        name="sgd",
        learning_rate=Schedule(kind="exponential", start=0.1 * share, end=1e-6 * share, factor=1 / 1.000004),
        momentum=Schedule(kind="linear", start=0.5, end=0.7, steps=250 * EPOCH),
    )
