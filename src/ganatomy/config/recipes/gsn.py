"""The generative stochastic network."""

from ganatomy.config.options import Config, DataOptions, OptimiserOptions, TrainingOptions
from ganatomy.config.recipes.registry import register_recipe
from ganatomy.config.schedules import Schedule
from ganatomy.networks.families import GSNOptions

EPOCH = 500  # steps of 100 images


@register_recipe("gsn")
def gsn() -> Config:
    """A deep generative stochastic network, the 2014 paper's rival: Bengio et al. 2014 (arXiv:1306.1091), MNIST.

    Two tanh layers of 1,500 units with tied weights, trained to walk back to the image from a noisy chain; SGD with
    batches of 100 and the authors' rate of 0.25, 0.995 times that after each epoch (their momentum weighs the gradient
    by 1 − m, hence half of it here). They train on all 60,000 images for 1,000 epochs; here 10,000 are left for others
    to judge by, as in the 2014 GAN.

    Measured: fd_lenet 114 on MNIST after 10 minutes of two CPU cores (docs/REPRODUCTION.md).

        ganatomy train MNIST/raw --recipe gsn
    """
    rate = Schedule(kind="exponential", start=0.125, end=1e-6, factor=0.995 ** (1 / EPOCH))
    return Config(
        recipe="gsn",
        method="gsn",
        data=DataOptions(first=50_000),
        generator=GSNOptions(),
        generator_optimiser=OptimiserOptions(name="sgd", learning_rate=rate, momentum=0.5),
        training=TrainingOptions(batch=100, steps=1000 * EPOCH),
    )
