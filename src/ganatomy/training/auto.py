"""The rules of `--recipe auto`, which chooses options for the images, the machine and the time, and says why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data import Images
from ganatomy.data.amounts import ENOUGH, LARGEST_ON_CPU, augmentation
from ganatomy.errors import UserError
from ganatomy.system.runtime import Runtime
from ganatomy.system.terminal import Terminal
from ganatomy.system.wording import duration
from ganatomy.training import autotune
from ganatomy.training.prepare import Check, Prepared, accept, prepare_training, status

LEAST_OF_A_CLASS = 50  # images, for a conditional training
WIDTHS = (16, 24, 32, 48, 64)
SEEN = {32: 400_000, 64: 1_000_000, 256: 3_000_000}  # images to be seen, by the longer side
FALL = {"dcgan": 50, "resnet": 5}  # of the learning rates, from the start to the end, by the generator's family
MINUTES = 30  # of training where no budget is given
FLIP = {"data.flip": True}
MIRRORED = 0.55  # accuracy of telling mirrored images from others, below which mirroring is safe
MIRROR_IMAGES = 2000  # at most, for measuring that
MIRROR_SIDE = 16  # pixels, to which they are averaged
RESIDUAL: dict[str, Any] = {
    "generator.family": "resnet",
    "discriminator.family": "resnet",
    "generator.widest": 4,
    "discriminator.widest": 4,
    "discriminator.norm": "none",
    "objective.name": "hinge",
}
ADAM_OF_RESIDUAL = {
    f"{role}_optimiser.{name}": value
    for role in ("generator", "discriminator")
    for name, value in (("learning_rate", 1e-3), ("betas", [0.0, 0.9]))
}


@dataclass
class Choice:
    """A configuration, and a sentence about each choice.

    given: options by dotted name that a person set, which stay as they are.
    """

    config: Config
    given: Mapping[str, Any]
    reasons: list[str] = field(default_factory=list)

    def set(self, why: str, changes: Mapping[str, Any]) -> None:
        """Change options, by dotted name, that are not given."""
        free = {name: value for name, value in changes.items() if name not in self.given}
        if free:
            self.config = change(self.config, free)
            self.reasons.append(why)


def choose(
    planned: Config, given: Mapping[str, Any], runtime: Runtime, console: Console, check: Check = accept
) -> Choice:
    """The configuration for these images on this machine.

    given: options by dotted name that stay as they are; check: as for `prepare_training`. Raises UserError under
    torchrun.
    """
    if runtime.world > 1:
        raise UserError(
            "--recipe auto works in one process only: let --dry-run print its choice, and train with that as --config."
        )
    choice = Choice(planned, given)
    prepared = _looked_at(planned, runtime, console, check)
    images = prepared.images
    side, on_cpu = max(images.pixels.shape[1:3]), runtime.device.type == "cpu"

    if on_cpu and side > LARGEST_ON_CPU:
        height, width = images.pixels.shape[1:3]
        more = height * width / LARGEST_ON_CPU**2
        small = f"{LARGEST_ON_CPU}×{LARGEST_ON_CPU}"
        why = f"Images of {small} pixels: {height}×{width} is {more:.0f} times as many, too many for a CPU."
        choice.set(why, {"data.size": [LARGEST_ON_CPU, LARGEST_ON_CPU]})
        prepared = _looked_at(choice.config, runtime, console, accept)
        images, side = prepared.images, max(prepared.images.pixels.shape[1:3])
    if on_cpu:
        for_a_cpu(choice, images.pixels.shape[3])
    elif not choice.config.init.path:
        _for_a_gpu(choice, side)
    _by_class(choice, images)
    _for_few_images(choice, images)
    _mirror(choice, images)
    height, width, channels = images.pixels.shape[1:]
    _width_and_budget(choice, (channels, height, width), runtime, side)
    for reason in choice.reasons:
        console.print(f"  {reason}", highlight=False)
    return choice


def _looked_at(planned: Config, runtime: Runtime, console: Console, check: Check) -> Prepared:
    """The images, decoded; what is to be said of them is said once the choice is made."""
    with status(console, f"Looking at {planned.data.path} …"):
        # Without the features of an evaluation, which are extracted once the choice is made.
        return prepare_training(change(planned, {"evaluation.every": 0}), runtime, Terminal(quiet=True), check=check)


def _for_a_gpu(choice: Choice, side: int) -> None:
    base = recipe("stylegan2" if side > 64 else "r3gan").model_dump(mode="json")
    parts = ("prior", "generator", "discriminator", "objective", "penalties", "average")
    optimisers = ("generator_optimiser", "discriminator_optimiser")
    options = {f"{part}.{name}": value for part in (*parts, *optimisers) for name, value in base[part].items()}
    why = f"Networks and losses of the recipe {base['recipe']}, made for a GPU and images of {side} pixels a side."
    choice.set(why, {**options, "training.batch": 64, "training.share_fakes": False})


def for_a_cpu(choice: Choice, channels: int) -> None:
    """Networks for images of so many channels, and the game that suits them: docs/COLOUR.md has what was compared."""
    given, started = set(choice.given), choice.config.init.path
    if channels > 1 and not started and not {"generator.family", "discriminator.family"} & given:
        why = "Residual networks and the hinge loss: of colour images they learn more than DCGAN's in the same time."
        choice.set(why, RESIDUAL)
    if choice.config.generator.family == choice.config.discriminator.family == "resnet":
        choice.set("Adam without momentum, for residual networks.", ADAM_OF_RESIDUAL)


def _for_few_images(choice: Choice, images: Images) -> None:
    if images.total >= ENOUGH:
        choice.reasons.append(f"No augmentation: {images.total:,} images are enough without.")
        return
    policies = augmentation(images.pixels.shape[-1])
    why = f"Augmentation ({', '.join(policies)}): the discriminator would memorise as few as {images.total:,} images."
    choice.set(why, {"augmentation.policies": policies})


def _by_class(choice: Choice, images: Images) -> None:
    if images.labels is None or (count := len(images.present)) < 2:
        return
    least = int(np.unique(images.labels, return_counts=True)[1].min())
    if least < LEAST_OF_A_CLASS:
        choice.reasons.append(f"Unconditional: the smallest of {count} classes has only {least} images.")
        return
    why = (
        f"Conditional on {count} classes of at least {least:,} images: it learns faster, and --class "
        "chooses a class when you sample."
    )
    choice.set(why, {"prior.conditional": True})


def _mirror(choice: Choice, images: Images) -> None:
    told = mirror_accuracy(images.pixels)
    if told.high < MIRRORED:
        choice.set(f"Random mirroring: a classifier hardly tells mirrored images from the others ({told}).", FLIP)
    elif told.low > 0.5:
        choice.reasons.append(f"No mirroring: a classifier tells mirrored images from the others ({told}).")
    else:
        choice.reasons.append(
            f"No mirroring: whether mirrored images can be told from the others is not decided ({told}); if they are "
            "as right as the others, give --flip."
        )


@dataclass(frozen=True)
class MirrorAccuracy:
    """How often mirrored images are told from the others, 0 to 1, with its 95% interval (Wilson), on so many images."""

    value: float
    low: float
    high: float
    images: int

    def __str__(self) -> str:
        return f"right for {self.value:.0%} of {self.images:,} images, 95% interval {self.low:.0%} to {self.high:.0%}"


def mirror_accuracy(pixels: NDArray[np.uint8]) -> MirrorAccuracy:
    """How often a linear classifier tells whether an image was mirrored, on images that it was not fitted to.

    pixels: uint8 [N, H, W, C]. Of two halves of the images each is the other's test.
    """
    some = np.sort(np.random.default_rng(0).permutation(len(pixels))[:MIRROR_IMAGES])
    grey = pixels[some].mean(3)
    halves = grey[::2], grey[1::2]
    # An image and its mirror image are one draw: they are right or wrong together.
    right = np.concatenate([_right(*halves), _right(*halves[::-1])])
    interval = binomtest(round(right.sum()), len(right)).proportion_ci(method="wilson")
    return MirrorAccuracy(float(right.mean()), float(interval.low), float(interval.high), len(right))


def _right(fitted: NDArray[Any], tested: NDArray[Any]) -> NDArray[Any]:
    """How often a classifier fitted to grey images [N, H, W] is right on each of others and its mirror image, [M]."""
    examples, mirrored = _both_ways(fitted)
    components = PCA(min(32, len(fitted)), random_state=0).fit(examples)
    classifier = LogisticRegression(max_iter=1000).fit(components.transform(examples), mirrored)
    examples, mirrored = _both_ways(tested)
    right: NDArray[Any] = classifier.predict(components.transform(examples)) == mirrored
    return right.reshape(2, -1).mean(0)


def _both_ways(images: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Grey images [N, H, W] as they are and mirrored, averaged to [2N, D], and whether each is mirrored, [2N]."""
    both = np.concatenate([images, images[:, :, ::-1]])
    # Mirrored first, then made small: the parts need not be equally wide.
    for axis in (1, 2):
        parts = np.array_split(both, min(both.shape[axis], MIRROR_SIDE), axis)
        both = np.stack([part.mean(axis) for part in parts], axis)
    return both.reshape(len(both), -1) / 255, np.repeat([0, 1], len(images))


def _width_and_budget(choice: Choice, image: tuple[int, int, int], runtime: Runtime, side: int) -> None:
    """The widest networks that see enough images within the budget, and a budget where none is given."""
    training = choice.config.training
    budgeted = {"training.steps", "training.images", "training.minutes"} & set(choice.given)
    minutes = training.minutes if "training.minutes" in budgeted and training.minutes else MINUTES
    enough = next(count for largest, count in SEEN.items() if side <= largest)
    own = {choice.config.generator.family, choice.config.discriminator.family} <= set(FALL)
    decides = own and not choice.config.init.path
    free = [name for name in ("generator.width", "discriminator.width") if decides and name not in choice.given]
    width, rate = 0, 0.0
    for wider in WIDTHS if free else (width,):
        speed = autotune.images_per_second(change(choice.config, dict.fromkeys(free, wider)), image, runtime)
        if rate and enough > 60 * minutes * speed:
            break
        width, rate = wider, speed
    choice.config = change(choice.config, dict.fromkeys(free, width))
    if free:
        what = f"Networks of width {width}" if len(free) > 1 else f"{free[0]}={width}"
        choice.reasons.append(f"{what}: measured at {rate:,.0f} images/s on this machine.")
    if not budgeted:
        seconds = min(60 * minutes, enough / rate)
        why = f"A budget of {duration(seconds)}, enough for about {seconds * rate:,.0f} images; --minutes changes it."
        choice.set(why, {"training.images": None, "training.minutes": round(seconds / 60, 1)})
    if own:
        _falling_rates(choice)


def _falling_rates(choice: Choice) -> None:
    """Cosine schedules for both learning rates, over the whole budget."""
    fall = FALL[choice.config.generator.family]
    rates = {
        f"{role}_optimiser.learning_rate": {"kind": "cosine", "start": rate, "end": rate / fall}
        for role in ("generator", "discriminator")
        if isinstance(rate := getattr(choice.config, f"{role}_optimiser").learning_rate, float)
    }
    choice.set(f"Learning rates fall to 1/{fall} as the budget is spent, however fast the machine is.", rates)
