"""A tiny training whose game is altered, as the exams of the diagnosis do it."""

from collections.abc import Iterable

import numpy as np
import torch

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.data.batches import RealBatches
from ganatomy.experiments.diagnosis_exam.alterations import Alteration
from ganatomy.gan.adversarial import Adversarial
from ganatomy.system.runtime import Randomness, Runtime
from tiny import waves


def after_steps(options: Config, alter: Alteration, steps: Iterable[int], by_class: bool) -> torch.Tensor:
    """Four images and all weights of the discriminator, one after the other, after these steps of the altered game."""
    method = build.method(options, (3, 16, 16), Runtime())
    assert isinstance(method, Adversarial)
    labels = np.arange(30) % 2 if by_class else None
    real = RealBatches(waves(30, 16, 16), 8, 1, Randomness(0), Runtime(), labels=labels, classes=2)
    batches = alter(method, real)
    for step in steps:
        method.step(step, batches)
    codes = build.prior(options.prior).of_seeds(range(4))
    return torch.cat([method.sample(codes).flatten(), *map(torch.flatten, method.discriminator.parameters)]).detach()
