"""The work of drawing an image: one pass of a generator against the many of a diffusion model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.method import Method

IMAGE = (1, 28, 28)  # channels, height, width
DENOISING = (50, 1000)  # steps


@dataclass(frozen=True)
class Work:
    """What drawing images takes: passes of the network; multiply-adds and seconds per image."""

    passes: int
    multiply_adds: float
    seconds: float


def draw_images(method: Method, count: int) -> Work:
    """Draw `count` images at once, counting every call of the averaged network, and the arithmetic of the first."""
    from torch.utils.flop_counter import FlopCounterMode

    network, calls = _network(method), []
    hook = network.register_forward_hook(lambda module, inputs, output: calls.append(inputs))
    codes = method.prior.of_seeds(range(count))
    began = time.perf_counter()
    method.sample(codes)
    seconds = time.perf_counter() - began
    hook.remove()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(*calls[0])
    return Work(len(calls), len(calls) * counter.get_total_flops() / 2 / count, seconds / count)


def _network(method: Method) -> torch.nn.Module:
    """The network that is called: a diffusion model calls its denoiser again and again."""
    average: torch.nn.Module = method.average.module
    return getattr(average, "unet", average)


@register_claim(
    "one-pass",
    place=21,
    sentence="A GAN draws an image in one pass, where a diffusion model of the same size takes tens to a thousand.",
    source="Ho et al. 2020 (arXiv:2006.11239), section 4; Xiao et al. 2022 (arXiv:2112.07804)",
    criteria={
        "passes of a GAN": Criterion("1", low=1.0, high=1.0),
        **{
            f"passes of a diffusion model, {steps:,} steps": Criterion(f"{steps:,}", low=steps, high=steps)
            for steps in DENOISING
        },
        **{
            f"multiply-adds per image, {steps:,} steps / one pass": Criterion(f"about {steps:,} or more", low=steps / 2)
            for steps in DENOISING
        },
        "denoiser's parameters / generator's": Criterion("about 1", low=0.5, high=2.0),
        **{f"seconds per image, {steps:,} steps / one pass": Criterion("the same order") for steps in DENOISING},
    },
    lesson=Lesson(
        "The work of an image",
        "A GAN and a diffusion model of the same size each draw an image. The diffusion model takes …",
        ["… as much work", "… twice as much", "… tens to thousands of times as much"],
        2,
        "A generator is one pass of its network; a diffusion model passes through its own for every step of denoising.",
    ),
)
def _one_pass(trial: ClaimTrial) -> Outcome:
    """Untrained networks, which take as much work as trained ones: a DCGAN's, and a denoiser of the same size."""
    from ganatomy import build
    from ganatomy.config.recipes import recipe
    from ganatomy.config.settings import change
    from ganatomy.system.runtime import Runtime

    gan = build.method(change(recipe("dcgan"), {"generator.width": 24, "discriminator.width": 24}), IMAGE, Runtime())
    count = trial.size(4, 1)
    draw_images(gan, count)  # warms up
    work, sizes = {"GAN": draw_images(gan, count)}, {"GAN": _parameters(gan)}
    for steps in DENOISING:
        small = {"prior.dimension": 28 * 28, "generator.width": 16, "diffusion.sampling_steps": steps}
        rival = build.method(change(recipe("diffusion"), small), IMAGE, Runtime())
        work[f"{steps:,} steps"], sizes["denoiser"] = draw_images(rival, count), _parameters(rival)

    def draw(figure: Figure) -> None:
        names = ["GAN, 1 pass", *(f"diffusion, {steps:,} passes" for steps in DENOISING)]
        left, right = figure.subplots(1, 2, sharey=True)
        bars = left.barh(names, [each.multiply_adds for each in work.values()], color="#2b6cb0")
        left.bar_label(bars, [f"{each.multiply_adds:.2g}" for each in work.values()], padding=4)
        left.set(xlabel="multiply-adds per image", xscale="log")
        bars = right.barh(names, [each.seconds for each in work.values()], color="#dd6b20")
        right.bar_label(bars, [f"{each.seconds:.2g} s" for each in work.values()], padding=4)
        right.set(xlabel="seconds per image", xscale="log")
        for axes in (left, right):
            axes.set(xlim=(None, 20 * axes.get_xlim()[1]))  # room for the labels

    one = work["GAN"]
    figures = {
        "passes of a GAN": float(one.passes),
        "denoiser's parameters / generator's": sizes["denoiser"] / sizes["GAN"],
    }
    for steps in DENOISING:
        many = work[f"{steps:,} steps"]
        figures |= {
            f"passes of a diffusion model, {steps:,} steps": float(many.passes),
            f"multiply-adds per image, {steps:,} steps / one pass": many.multiply_adds / one.multiply_adds,
            f"seconds per image, {steps:,} steps / one pass": many.seconds / one.seconds,
        }
    return Outcome(figures, draw)


def _parameters(method: Method) -> int:
    return sum(parameter.numel() for parameter in method.generator.network.parameters())
