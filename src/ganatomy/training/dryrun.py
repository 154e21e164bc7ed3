"""What would be trained and how long it would take: `ganatomy train --dry-run`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganatomy import build
from ganatomy.config import options as config
from ganatomy.config import settings
from ganatomy.config.recipes import recipe
from ganatomy.gan.method import Batch, Method
from ganatomy.system import runtime as runtimes
from ganatomy.system.wording import duration
from ganatomy.training import auto as automatic
from ganatomy.training import autotune, forecast
from ganatomy.training.prepare import Check, Prepared, accept, prepare_training, resolve

EVERY = "evaluation.every"
KINDS = {
    "images": ("an image", "images"),
    "tables": ("a row", "rows"),
    "pairs": ("a pair", "pairs"),
    "sounds": ("a sound", "sounds"),
}


def show(
    planned: config.Config, console: Console, given: Mapping[str, Any] | None = None, check: Check = accept
) -> None:
    """Print the resolved configuration, parameters, arithmetic, measured speed and the time it will take.

    given: options that the recipe `auto` leaves as they are; None for other recipes. check: as for `prepare_training`.
    """
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        if given is not None:
            planned = automatic.choose(planned, given, runtime, console, check).config
        # Without the features of an evaluation, which may take minutes.
        unmeasured = prepare_training(settings.change(planned, {EVERY: 0}), runtime, console, check=check)
        prepared = resolve(unmeasured, console)
        options = settings.change(prepared.config, {EVERY: planned.evaluation.every})
        method = build.method(options, prepared.modality.shape, prepared.runtime)
        some = autotune.few(options)
        counted = build.method(some, prepared.modality.shape, prepared.runtime)
        real = autotune.noise(some, prepared.modality.shape, prepared.runtime)
        flops = arithmetic(counted, real) / counted.images_per_step
        rate = prepared.speed / method.images_per_step
        compared = _beside_auto(prepared)

    console.print(settings.to_yaml(options), highlight=False, markup=False)
    for player in method.players:
        console.print(f"{player.name}: {sum(p.numel() for p in player.parameters):,} parameters", highlight=False)
    images = method.images_per_step
    one, many = KINDS[options.modality]
    console.print(f"Arithmetic: {flops / 1e9:.2f} GFLOP {one}, forward and backward", highlight=False)
    speed = f"{rate:.2f} steps/s, {rate * images:,.0f} {many}/s, {rate * images * flops / 1e9:,.0f} GFLOP/s"
    console.print(f"Measured: {speed}", highlight=False)
    if compared:
        console.print(compared, highlight=False)
    console.print(f"It will take {_time_needed(options.training, images, rate)}.", highlight=False)
    if options.modality == "images":
        forecast.show(prepared, console)


def _beside_auto(prepared: Prepared) -> str | None:
    """On a CPU, how fast `auto`, which is made for it, is beside another recipe."""
    options, runtime, shape = prepared.config, prepared.runtime, prepared.modality.shape
    if options.modality != "images" or options.recipe == "auto" or runtime.device.type != "cpu":
        return None
    choice = automatic.Choice(recipe("auto"), {})
    automatic.for_a_cpu(choice, shape[0])
    widths = {f"{player}.width": automatic.WIDTHS[-1] for player in ("generator", "discriminator")}
    widest = settings.change(choice.config, {**widths, "runtime.threads": options.runtime.threads})
    rate = autotune.images_per_second(widest, shape, runtime)
    share = rate / prepared.speed
    times = f"{share:.2g} times as many" if share < 10 else f"{share:,.0f} times as many"
    return (
        f"The recipe auto is made for CPUs: its widest networks see {rate:,.0f} images/s here, {times}. What each "
        "recipe reaches in the same time: docs/REPRODUCTION.md."
    )


class _Counter(TorchDispatchMode):
    """Counts floating-point operations: torch's FlopCounterMode fails where a weight is a module's input."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.total += formula(*args, **(kwargs or {}), out_val=found)
        return found


def arithmetic(method: Method, real: Batch, step: int = 0) -> int:
    """Floating-point operations of a step, forward and backward; the first has all lazy penalties."""
    with _Counter() as counter:
        method.step(step, lambda step, turn: real)
    return counter.total


def _time_needed(training: config.TrainingOptions, images_per_step: int, rate: float) -> str:
    seconds = [
        training.steps / rate if training.steps else None,
        training.images / images_per_step / rate if training.images else None,
        training.minutes * 60 if training.minutes else None,
    ]
    return duration(min(each for each in seconds if each is not None))
