"""Chooses precision and convolutions by timing the networks of a training on the machine that will train them."""

import time
from dataclasses import dataclass, replace
from itertools import product
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.settings import change
from ganatomy.gan.method import Batch
from ganatomy.networks.ops.convolution import layers
from ganatomy.system.runtime import Runtime

SPEED_UP = 1.05  # float32 as torch computes it stays, unless another way is this much faster
AGREEMENT = 0.9  # least cosine of the first gradient with float32's
STEPS = 3  # timed, of each way
SCREENING_BATCH = 8  # images a step of a first, short timing
SCREENED_OUT = 2.0  # ways this much slower than the fastest in the first timing get no second: it might take minutes


class Way(NamedTuple):
    """How a step is computed: `runtime.precision` and `runtime.convolution`."""

    precision: str
    convolution: str


@dataclass(frozen=True)
class Timing:
    """One way to compute a step, timed.

    rate: images/s, the median. gradient: the first of the discriminator, or of the only player, flat, [P]. agreement:
    the cosine of that gradient with float32's.
    """

    way: Way
    rate: float
    gradient: Tensor
    agreement: float = 1.0

    def __str__(self) -> str:
        words = f"{self.way.precision}, {self.way.convolution} convolutions: {self.rate:,.0f} images/s"
        return words if self.agreement >= AGREEMENT else f"{words}, but wrong (cosine {self.agreement:.2f})"


def choose(config: Config, image: build.ImageShape, runtime: Runtime) -> tuple[Config, list[Timing]]:
    """The configuration with `auto` replaced by the fastest way that agrees with float32, and the timings.

    Every way takes the same few steps on the same noise. Several processes must choose alike: the first one measures.
    """
    ways = _ways(config, image, runtime)
    measures = len(ways) > 1 and runtime.leads
    timings = _time_all(config, image, replace(runtime, world=1, rank=0), ways) if measures else []
    index = torch.tensor(float(fastest(timings)), device=runtime.device)
    runtime.synchronise([index])
    way = ways[int(index)]
    return change(config, {"runtime.precision": way.precision, "runtime.convolution": way.convolution}), timings


def images_per_second(config: Config, image: build.ImageShape, runtime: Runtime) -> float:
    """The speed of a few steps on noise, in float32 as torch computes it."""
    return _time(config, image, replace(runtime, world=1, rank=0), Way("float32", "native"), STEPS).rate


def _ways(config: Config, image: build.ImageShape, runtime: Runtime) -> list[Way]:
    """The ways that the options leave open, float32 as torch computes it first."""
    given = config.runtime
    precisions = ["float32", "bfloat16"] if given.precision == "auto" else [given.precision]
    convolutions = ["native", "patches"] if given.convolution == "auto" else [given.convolution]
    if runtime.device.type != "cpu" or not layers(build.generator(config, image)):
        convolutions = ["native"]
    ways = [Way(*pair) for pair in product(precisions, convolutions)]
    # In bfloat16 both convolutions are torch's own: see `networks.ops.convolution`.
    return [way for way in ways if way != ("bfloat16", "patches") or given.convolution == "patches"]


def _time_all(config: Config, image: build.ImageShape, runtime: Runtime, ways: list[Way]) -> list[Timing]:
    group = getattr(config.discriminator, "group", 1)  # a batch is a multiple of it, or smaller
    few = -(-SCREENING_BATCH // group) * group
    small = change(config, {"training.batch": min(few, config.training.batch)})
    screened = [_time(small, image, runtime, way, steps=1) for way in ways]
    fastest = max(timing.rate for timing in screened)
    timings: list[Timing] = []
    for way, first in zip(ways, screened, strict=True):
        slow = timings and first.rate * SCREENED_OUT < fastest
        timing = first if slow else _time(config, image, runtime, way, STEPS)
        truth = (screened if slow else timings or [timing])[0].gradient
        timings.append(replace(timing, agreement=torch.cosine_similarity(timing.gradient, truth, dim=0).item()))
    return timings


def fastest(timings: list[Timing]) -> int:
    """The index of the fastest that agrees, if it is faster than the first by SPEED_UP; otherwise 0."""
    rates = [timing.rate if timing.agreement >= AGREEMENT else 0.0 for timing in timings]
    best = max(rates, default=0.0)
    return rates.index(best) if rates and best > SPEED_UP * rates[0] else 0


def _time(config: Config, image: build.ImageShape, runtime: Runtime, way: Way, steps: int) -> Timing:
    config = change(config, {"runtime.convolution": way.convolution})
    method = build.method(config, image, replace(runtime, precision=way.precision))
    real = noise(config, image, runtime)

    method.step(0, lambda step, turn: real)
    player = method.players[-1]  # of a game the discriminator, which is updated first
    gradient = torch.cat([weight.grad.flatten() for weight in player.parameters if weight.grad is not None])
    seconds = []
    for step in range(1, 1 + steps):
        began = time.perf_counter()
        method.step(step, lambda step, turn: real)
        runtime.wait()
        seconds.append(time.perf_counter() - began)
    return Timing(way, method.images_per_step / median(seconds), gradient)


def noise(config: Config, image: build.ImageShape, runtime: Runtime) -> Batch:
    """A batch of uniform noise in the shape of real images, [B, C, H, W] in [−1, 1), with classes if there are any."""
    random, classes = torch.Generator().manual_seed(0), len(config.prior.classes)
    images = torch.rand(config.training.batch, *image, generator=random) * 2 - 1
    labels = torch.eye(classes)[torch.arange(len(images)) % classes].to(runtime.device) if classes else None
    return Batch(images.to(runtime.device, memory_format=torch.channels_last), labels)
