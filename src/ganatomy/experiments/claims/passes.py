"""The work of drawing an image: one pass of a generator against the many of a diffusion model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.pictures import BLUE, ORANGE
from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.method import Method

IMAGE = (1, 28, 28)  # channels, height, width
DENOISING = (50, 1000)  # steps


@dataclass(frozen=True)
class Work:
    """What drawing an image takes: passes of the network, and the multiply-adds of one pass."""

    passes: int
    multiply_adds: float


def draw_images(method: Method, count: int) -> Work:
    """Draw `count` images at once, counting every call of the averaged network, and the arithmetic of the first."""
    from torch.utils.flop_counter import FlopCounterMode

    network, calls = _network(method), []
    hook = network.register_forward_hook(lambda module, inputs, output: calls.append(inputs))
    method.sample(method.prior.of_seeds(range(count)))
    hook.remove()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(*calls[0])
    return Work(len(calls), counter.get_total_flops() / 2 / count)


def _network(method: Method) -> torch.nn.Module:
    """The network that is called: a diffusion model calls its denoiser again and again."""
    average: torch.nn.Module = method.average.module
    return getattr(average, "unet", average)


@register_claim(
    "one-pass",
    place=21,
    sentence="A GAN draws an image in one pass of its network, a diffusion model in tens to a thousand passes of its "
    "own. At about as many parameters, a pass of the denoiser costs many times as much as one of the generator.",
    source="Ho et al. 2020 (arXiv:2006.11239), section 4; Xiao et al. 2022 (arXiv:2112.07804)",
    criteria={
        "passes of a GAN": Criterion("1", low=1.0, high=1.0),
        **{
            f"passes of a diffusion model, {steps:,} steps": Criterion(f"{steps:,}", low=steps, high=steps)
            for steps in DENOISING
        },
        "denoiser's parameters / generator's": Criterion("about 1", low=0.5, high=2.0),
        "multiply-adds of one pass, denoiser / generator": Criterion("more than 1", low=2.0),
        **{f"multiply-adds per image, {steps:,} steps / GAN": Criterion("the product of both") for steps in DENOISING},
    },
    lesson=Lesson(
        "What does an image cost?",
        "A GAN and a diffusion model of the same size each draw an image. The diffusion model takes …",
        ["… as much work", "… twice as much", "… hundreds to thousands of times as much"],
        2,
        "A generator is one pass of its network; a diffusion model passes through its own for every step of denoising. "
        "Besides, each of its passes is dearer: all its layers work near the image's own size, the generator's first "
        "ones on maps of a few pixels.",
    ),
)
def _one_pass(trial: ClaimTrial) -> Outcome:
    """Untrained networks, which take as much work as trained ones: a DCGAN's, and a denoiser of the same size."""
    from ganatomy import build
    from ganatomy.config.recipes import recipe
    from ganatomy.config.settings import change
    from ganatomy.system.runtime import Runtime

    gan = build.method(change(recipe("dcgan"), {"generator.width": 24, "discriminator.width": 24}), IMAGE, Runtime())
    count = trial.size(2, 1)
    one, sizes = draw_images(gan, count), {"GAN": _parameters(gan)}
    many = {}
    for steps in DENOISING:
        small = {"prior.dimension": 28 * 28, "generator.width": 16, "diffusion.sampling_steps": steps}
        rival = build.method(change(recipe("diffusion"), small), IMAGE, Runtime())
        many[steps], sizes["denoiser"] = draw_images(rival, count), _parameters(rival)

    def draw(figure: Figure) -> None:
        names = ["GAN", *(f"diffusion,\n{steps:,} steps" for steps in DENOISING)]
        works, colours = [one, *many.values()], [BLUE, ORANGE, ORANGE]
        columns: dict[str, list[float]] = {
            "passes of the network": [each.passes for each in works],
            "millions of multiply-adds\nof one pass": [each.multiply_adds / 1e6 for each in works],
            "millions of multiply-adds\nper image": [each.passes * each.multiply_adds / 1e6 for each in works],
        }
        for axes, sign, (title, values) in zip(figure.subplots(1, 3, sharey=True), " ×=", columns.items(), strict=True):
            bars = axes.barh(names, values, color=colours)
            axes.bar_label(bars, [f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in values], padding=4)
            axes.set(title=f"{sign}  {title}".strip(), xscale="log", xlim=(min(values) / 2, 30 * max(values)))
            axes.tick_params(axis="x", labelbottom=False, length=0, which="both")
        axes.invert_yaxis()

    per_pass = next(iter(many.values())).multiply_adds / one.multiply_adds
    figures = {
        "passes of a GAN": float(one.passes),
        **{f"passes of a diffusion model, {steps:,} steps": float(each.passes) for steps, each in many.items()},
        "denoiser's parameters / generator's": sizes["denoiser"] / sizes["GAN"],
        "multiply-adds of one pass, denoiser / generator": per_pass,
        **{
            f"multiply-adds per image, {steps:,} steps / GAN": each.passes * per_pass / one.passes
            for steps, each in many.items()
        },
    }
    return Outcome(figures, draw)


def _parameters(method: Method) -> int:
    return sum(parameter.numel() for parameter in method.generator.network.parameters())
