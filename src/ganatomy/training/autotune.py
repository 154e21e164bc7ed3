"""Chooses precision and convolutions by timing the networks of a training on the machine that will train them."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from statistics import median

import torch

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.settings import change
from ganatomy.gan.method import Batch
from ganatomy.networks.ops.convolution import layers
from ganatomy.networks.pair_shape import PairShape
from ganatomy.system.runtime import Runtime
from ganatomy.training import measurements
from ganatomy.training.measurements import AGREEMENT, Timing, Way

SPEED_UP = 1.05  # float32 as torch computes it stays, unless another way is this much faster
STEPS = 3  # timed, of each way
SCREENING_BATCH = 8  # images a step of a first, short timing
LONG = 5.0  # seconds a step, from which the first timing is enough: a person waits
SCREENED_OUT = 2.0  # ways this much slower than the fastest in the first timing get no second: it might take minutes


def choose(config: Config, image: build.SampleShape, runtime: Runtime) -> tuple[Config, list[Timing]]:
    """The configuration with `auto` replaced by the fastest way that agrees with float32, and the timings.

    Every way takes the same few steps on the same noise, once on a machine: see `measurements.kept`. Several processes
    must choose alike: the first one measures.
    """
    ways = _ways(config, image, runtime)
    measures = len(ways) > 1 and runtime.leads
    alone = replace(runtime, world=1, rank=0)
    measure = partial(_time_all, config, image, alone, ways)
    timings = measurements.kept(config, image, alone, ways, measure) if measures else []
    index = torch.tensor(float(fastest(timings)), device=runtime.device)
    runtime.synchronise([index])
    way = ways[int(index)]
    return change(config, {"runtime.precision": way.precision, "runtime.convolution": way.convolution}), timings


def images_per_second(config: Config, image: build.SampleShape, runtime: Runtime) -> float:
    """The speed of a few steps on noise, in the way that `choose` takes; measured once on a machine."""
    settled, timings = choose(config, image, runtime)
    return expected(settled, image, runtime, timings)


def expected(settled: Config, image: build.SampleShape, runtime: Runtime, timings: Sequence[Timing]) -> float:
    """The speed to expect, images/s, of options without an `auto`, chosen by these timings."""
    way = Way(settled.runtime.precision, settled.runtime.convolution)
    rates = [timing.rate for timing in timings if timing.way == way]
    return rates[0] if rates else _speed(settled, image, runtime, way)


def _speed(config: Config, image: build.SampleShape, runtime: Runtime, way: Way) -> float:
    alone = replace(runtime, world=1, rank=0)

    def measure() -> list[Timing]:
        return _time_all(config, image, alone, [way])

    return measurements.kept(config, image, alone, [way], measure)[0].rate


def _ways(config: Config, image: build.SampleShape, runtime: Runtime) -> list[Way]:
    """The ways that the options leave open, float32 as torch computes it first."""
    given = config.runtime
    precisions = ["float32", "bfloat16"] if given.precision == "auto" else [given.precision]
    convolutions = ["native", "patches"] if given.convolution == "auto" else [given.convolution]
    if runtime.device.type != "cpu" or not layers(build.generator(config, image)):
        convolutions = ["native"]
    if config.private:  # torch takes gradients image by image through its own kernels only
        precisions, convolutions = ["float32"], ["native"]
    ways = [Way(*pair) for pair in product(precisions, convolutions)]
    # In bfloat16 both convolutions are torch's own: see `networks.ops.convolution`.
    return [way for way in ways if way != ("bfloat16", "patches") or given.convolution == "patches"]


def _time_all(config: Config, image: build.SampleShape, runtime: Runtime, ways: list[Way]) -> list[Timing]:
    screened = _time(few(config), image, runtime, ways, steps=1)
    fastest = max(timing.rate for timing, _ in screened)
    timed = {}
    if config.training.batch <= LONG * fastest:
        worth = [way for way, (timing, _) in zip(ways, screened, strict=True) if timing.rate * SCREENED_OUT >= fastest]
        worth = worth if ways[0] in worth else [ways[0], *worth]  # the others are compared with it
        timed = dict(zip(worth, _time(config, image, runtime, worth, STEPS), strict=True))
    timings: list[Timing] = []
    for way, first in zip(ways, screened, strict=True):
        timing, gradient = timed.get(way, first)
        _, truth = timed[ways[0]] if way in timed else screened[0]
        timings.append(replace(timing, agreement=torch.cosine_similarity(gradient, truth, dim=0).item()))
    return timings


def few(config: Config) -> Config:
    """The same training with batches so small that a step takes little time, of whole groups."""
    group = getattr(config.discriminator, "group", 1) * config.training.pack  # a batch is a multiple, or one group
    images = -(-SCREENING_BATCH // group) * group
    return change(config, {"training.batch": min(images, config.training.batch)})


def fastest(timings: list[Timing]) -> int:
    """The index of the fastest that agrees, if it is faster than the first by SPEED_UP; otherwise 0."""
    rates = [timing.rate if timing.agreement >= AGREEMENT else 0.0 for timing in timings]
    best = max(rates, default=0.0)
    return rates.index(best) if rates and best > SPEED_UP * rates[0] else 0


def _time(
    config: Config, image: build.SampleShape, runtime: Runtime, ways: Sequence[Way], steps: int
) -> list[tuple[Timing, torch.Tensor]]:
    """Each way's timing, and its first gradient of the discriminator, or of the only player, flat, [P].

    The ways take their steps in turn, so that what else the machine does slows all of them alike.
    """
    real = noise(config, image, runtime)
    methods, gradients = [], []
    for way in ways:
        changed = change(config, {"runtime.convolution": way.convolution})
        method = build.method(changed, image, replace(runtime, precision=way.precision))
        method.step(0, lambda step, turn: real)
        player = method.players[-1]  # of a game the discriminator, which is updated first
        gradients.append(torch.cat([weight.grad.flatten() for weight in player.parameters if weight.grad is not None]))
        methods.append(method)
    seconds: list[list[float]] = [[] for _ in ways]
    runtime.wait()  # for what came before the clock
    for step in range(1, 1 + steps):
        for method, taken in zip(methods, seconds, strict=True):
            began = time.perf_counter()
            method.step(step, lambda step, turn: real)
            runtime.wait()
            taken.append(time.perf_counter() - began)
    rates = [method.images_per_step / median(taken) for method, taken in zip(methods, seconds, strict=True)]
    return [(Timing(*each), gradient) for each, gradient in zip(zip(ways, rates, strict=True), gradients, strict=True)]


def noise(config: Config, image: build.SampleShape, runtime: Runtime) -> Batch:
    """A batch of uniform noise in the shape of real samples, [B, …] in [−1, 1), and what is beside them."""
    random, classes = torch.Generator().manual_seed(0), len(config.prior.classes)
    images = torch.rand(config.training.batch, *image, generator=random) * 2 - 1
    labels = torch.eye(classes)[torch.arange(len(images)) % classes].to(runtime.device) if classes else None
    layout = torch.channels_last if images.dim() == 4 else torch.contiguous_format
    if isinstance(image, PairShape):
        labels = (torch.rand(len(images), *image.given, generator=random) * 2 - 1).to(runtime.device)
    return Batch(images.to(runtime.device, memory_format=layout), labels)
