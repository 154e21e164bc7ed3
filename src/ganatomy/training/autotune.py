"""Chooses precision and convolution by measuring the user's own networks on the user's own machine."""

import time
from dataclasses import dataclass, replace
from itertools import product
from statistics import median

import torch
from torch import Tensor

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.settings import change
from ganatomy.gan.method import Batch
from ganatomy.networks.ops.convolution import layers
from ganatomy.system.runtime import Runtime

GAIN = 1.05  # float32 as torch computes it stays, unless another way is this much faster
AGREEMENT = 0.9  # least cosine between the first gradients and float32's
GLANCE = 8  # images in the batch of the first, short look
HOPELESS = 2.0  # ways this much slower than the fastest at the first look get no second: they may take minutes
STEPS = 3  # timed, of each way


@dataclass(frozen=True)
class Trial:
    """One way to compute a step, measured."""

    precision: str
    convolution: str
    rate: float  # images/s, median
    gradient: Tensor  # the discriminator's first
    agreement: float = 1.0  # cosine of that gradient with float32's

    def __str__(self) -> str:
        words = f"{self.precision}, {self.convolution} convolutions: {self.rate:,.0f} images/s"
        return words if self.agreement >= AGREEMENT else f"{words}, but wrong (cosine {self.agreement:.2f})"


def choose(config: Config, image: build.ImageShape, runtime: Runtime) -> tuple[Config, list[Trial]]:
    """The configuration with `auto` replaced by the fastest way that agrees with float32, and what was measured.

    Every way takes the same few steps on the same noise. Several processes must choose alike: the first one measures.
    """
    ways = _ways(config, image, runtime)
    trials = (
        _measured(config, image, replace(runtime, world=1, rank=0), ways) if len(ways) > 1 and runtime.leads else []
    )
    index = torch.tensor(float(_best(trials)), device=runtime.device)
    runtime.synchronise([index])
    precision, convolution = ways[int(index)]
    return change(config, {"runtime.precision": precision, "runtime.convolution": convolution}), trials


def images_per_second(config: Config, image: build.ImageShape, runtime: Runtime) -> float:
    """The speed of a few steps on noise, as torch computes them."""
    return _measure(config, image, replace(runtime, world=1, rank=0), ("float32", "native"), STEPS).rate


def _ways(config: Config, image: build.ImageShape, runtime: Runtime) -> list[tuple[str, str]]:
    """(precision, convolution), float32 as torch computes it first."""
    asked = config.runtime
    precisions = ["float32", "bfloat16"] if asked.precision == "auto" else [asked.precision]
    convolutions = ["native", "patches"] if asked.convolution == "auto" else [asked.convolution]
    if runtime.device.type != "cpu" or not layers(build.generator(config, image)):
        convolutions = ["native"]
    return list(product(precisions, convolutions))


def _measured(config: Config, image: build.ImageShape, runtime: Runtime, ways: list[tuple[str, str]]) -> list[Trial]:
    small = change(config, {"training.batch": min(GLANCE, config.training.batch)})
    glances = [_measure(small, image, runtime, way, steps=1) for way in ways]
    fastest = max(glance.rate for glance in glances)
    trials: list[Trial] = []
    for way, glance in zip(ways, glances, strict=True):
        hopeless = trials and glance.rate * HOPELESS < fastest
        trial = glance if hopeless else _measure(config, image, runtime, way, STEPS)
        truth = (glances if hopeless else trials or [trial])[0].gradient
        trials.append(replace(trial, agreement=torch.cosine_similarity(trial.gradient, truth, dim=0).item()))
    return trials


def _best(trials: list[Trial]) -> int:
    """The index of the fastest that agrees, if it is faster than the first by GAIN; otherwise 0."""
    rates = [trial.rate if trial.agreement >= AGREEMENT else 0.0 for trial in trials]
    fastest = max(rates, default=0.0)
    return rates.index(fastest) if rates and fastest > GAIN * rates[0] else 0


def _measure(config: Config, image: build.ImageShape, runtime: Runtime, way: tuple[str, str], steps: int) -> Trial:
    precision, convolution = way
    config = change(config, {"runtime.convolution": convolution})
    method = build.method(config, image, replace(runtime, precision=precision))
    real = noise(config, image, runtime)

    method.step(0, lambda step, turn: real)
    judge = method.players[-1]  # of a game the discriminator, whose step comes first
    gradient = torch.cat([weight.grad.flatten() for weight in judge.parameters if weight.grad is not None])
    seconds = []
    for step in range(1, 1 + steps):
        began = time.perf_counter()
        method.step(step, lambda step, turn: real)
        runtime.wait()
        seconds.append(time.perf_counter() - began)
    return Trial(precision, convolution, method.images_per_step / median(seconds), gradient)


def noise(config: Config, image: build.ImageShape, runtime: Runtime) -> Batch:
    """A batch of noise in the shape of real images, with classes if there are any."""
    random, classes = torch.Generator().manual_seed(0), len(config.prior.classes)
    images = torch.rand(config.training.batch, *image, generator=random) * 2 - 1
    labels = torch.eye(classes)[torch.arange(len(images)) % classes].to(runtime.device) if classes else None
    return Batch(images.to(runtime.device, memory_format=torch.channels_last), labels)
