"""Chooses precision and convolution by measuring the user's own networks on the user's own machine."""

import time
from dataclasses import dataclass, replace
from itertools import product
from statistics import median

import torch
from torch import Tensor

from ganatomy import build
from ganatomy.config import Config, change
from ganatomy.networks.convolution import layers
from ganatomy.runtime import Runtime

GAIN = 1.05  # float32 as torch computes it stays, unless another way is this much faster
AGREEMENT = 0.9  # least cosine between the first gradients and float32's
STEPS = 3  # timed, of each candidate


@dataclass(frozen=True)
class Trial:
    """One way to compute a step, measured."""

    precision: str
    convolution: str
    seconds: float  # a step, median
    agreement: float  # cosine of the discriminator's first gradient with float32's

    def __str__(self) -> str:
        words = f"{self.precision}, {self.convolution} convolutions: {1 / self.seconds:.2f} steps/s"
        return words if self.agreement >= AGREEMENT else f"{words}, but wrong (cosine {self.agreement:.2f})"


def choose(config: Config, image: build.ImageShape, runtime: Runtime) -> tuple[Config, list[Trial]]:
    """The configuration with `auto` replaced by the fastest way that agrees with float32, and what was measured.

    Every way takes the same few steps on the same noise. Several processes must choose alike: the first one measures.
    """
    precisions = ["float32", "bfloat16"] if config.runtime.precision == "auto" else [config.runtime.precision]
    convolutions = ["native", "patches"] if config.runtime.convolution == "auto" else [config.runtime.convolution]
    if runtime.device.type != "cpu" or not layers(build.generator(config, image)):
        convolutions = ["native"]
    ways = list(product(precisions, convolutions))
    trials = []
    if len(ways) > 1:
        alone = replace(runtime, world=1, rank=0)
        reference: Tensor | None = None
        for precision, convolution in ways:
            trial, gradient = _measure(config, image, alone, precision, convolution, reference)
            reference = gradient if reference is None else reference
            trials.append(trial)
    best = _best(trials)
    way = (best.precision, best.convolution) if best else ways[0]
    index = torch.tensor(float(ways.index(way)), device=runtime.device)
    runtime.synchronise([index])
    precision, convolution = ways[int(index)]
    return change(config, {"runtime.precision": precision, "runtime.convolution": convolution}), trials


def _best(trials: list[Trial]) -> Trial | None:
    sound = [trial for trial in trials if trial.agreement >= AGREEMENT]
    if not sound:
        return None
    fastest = min(sound, key=lambda trial: trial.seconds)
    return fastest if fastest.seconds * GAIN < sound[0].seconds else sound[0]


def _measure(
    config: Config,
    image: build.ImageShape,
    runtime: Runtime,
    precision: str,
    convolution: str,
    reference: Tensor | None,
) -> tuple[Trial, Tensor]:
    config = change(config, {"runtime.convolution": convolution, "runtime.precision": precision})
    method = build.method(config, image, replace(runtime, precision=precision))
    noise = torch.rand(config.training.batch, *image, generator=torch.Generator().manual_seed(0))
    real = (noise * 2 - 1).to(runtime.device, memory_format=torch.channels_last)

    method.step(0, lambda step, turn: real)
    gradient = torch.cat(
        [weight.grad.flatten() for weight in method.discriminator.parameters if weight.grad is not None]
    )
    agreement = 1.0 if reference is None else torch.cosine_similarity(gradient, reference, dim=0).item()
    seconds = []
    for step in range(1, 1 + STEPS):
        began = time.perf_counter()
        method.step(step, lambda step, turn: real)
        runtime.wait()
        seconds.append(time.perf_counter() - began)
    return Trial(precision, convolution, median(seconds), agreement), gradient
