"""The first GAN."""

from ganatomy.config import Config, MLPOptions, Objective, Optimiser, Prior, Schedule, Training


def goodfellow2014() -> Config:
    """Dense networks, maxout and dropout: Goodfellow et al. 2014 (arXiv:1406.2661) and its authors' MNIST settings.

    z of 100, uniform on (−√3, √3); generator 1200-1200 ReLU, discriminator 240-240 maxout of 5 pieces; SGD with batches
    of 100, learning rate 0.1/1.000004^t, momentum from 0.5 to 0.7 over 250 epochs of 50,000 images.

        ganatomy train MNIST/raw --recipe goodfellow2014
    """
    optimiser = Optimiser(
        name="sgd",
        learning_rate=Schedule(kind="exponential", start=0.1, end=1e-6, factor=1 / 1.000004),
        momentum=Schedule(kind="linear", start=0.5, end=0.7, steps=125_000),
    )
    return Config(
        recipe="goodfellow2014",
        prior=Prior(name="uniform", dimension=100),
        generator=MLPOptions(hidden=[1200, 1200], activation="relu", spread=0.05),
        discriminator=MLPOptions(
            hidden=[240, 240], activation="maxout", pieces=5, dropout_input=0.2, dropout_hidden=0.5, spread=0.005
        ),
        objective=Objective(name="non_saturating"),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        training=Training(batch=100, steps=50_000),
    )
