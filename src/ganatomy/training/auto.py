"""The rules of `--recipe auto`, which chooses options for the images, the machine and the time, and says why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data import Images
from ganatomy.errors import UserError
from ganatomy.system.runtime import Runtime
from ganatomy.system.wording import duration
from ganatomy.training import autotune
from ganatomy.training.prepare import prepare_training

FEW = 5000  # images, below which the discriminator would memorise them
LEAST_OF_A_CLASS = 50  # images, for a conditional training
LARGEST_ON_CPU = 64  # pixels
WIDTHS = (64, 48, 32, 24, 16)
ENOUGH = {32: 400_000, 64: 1_000_000, 256: 3_000_000}  # images to be seen, by the longer side
FALL = 50  # of the learning rates, from the start to the end
MINUTES = 30  # of training where no budget is given
MIRRORED = 0.55  # accuracy of telling mirrored images from others, below which mirroring is safe
MIRROR_IMAGES = 2000  # at most, for measuring that
MIRROR_SIDE = 16  # pixels, to which they are averaged


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


def choose(planned: Config, given: Mapping[str, Any], runtime: Runtime, console: Console) -> Choice:
    """The configuration for these images on this machine.

    given: options by dotted name that stay as they are. Raises UserError under torchrun.
    """
    if runtime.world > 1:
        raise UserError(
            "--recipe auto works in one process only: let --dry-run print its choice, and train with that as --config."
        )
    choice = Choice(planned, given)
    # Without the features of an evaluation, which are extracted once the choice is made.
    prepared = prepare_training(change(planned, {"evaluation.every": 0}), runtime, console)
    images = prepared.images
    side, on_cpu = max(images.pixels.shape[1:3]), runtime.device.type == "cpu"

    if on_cpu and side > LARGEST_ON_CPU:
        why = f"Images of {LARGEST_ON_CPU}×{LARGEST_ON_CPU} pixels: {side} pixels a side would take days on a CPU."
        choice.set(why, {"data.size": [LARGEST_ON_CPU, LARGEST_ON_CPU]})
        prepared = prepare_training(change(choice.config, {"evaluation.every": 0}), runtime, console)
        images, side = prepared.images, max(prepared.images.pixels.shape[1:3])
    if not on_cpu:
        _for_a_gpu(choice, side)
    _by_class(choice, images)
    _for_few_images(choice, images)
    _mirror(choice, images)
    _width_and_budget(choice, prepared.image_shape, runtime, side)
    for reason in choice.reasons:
        console.print(f"  {reason}", highlight=False)
    return choice


def _for_a_gpu(choice: Choice, side: int) -> None:
    base = recipe("stylegan2" if side > 64 else "r3gan").model_dump(mode="json")
    parts = ("prior", "generator", "discriminator", "objective", "penalties", "average")
    optimisers = ("generator_optimiser", "discriminator_optimiser")
    options = {f"{part}.{name}": value for part in (*parts, *optimisers) for name, value in base[part].items()}
    why = f"Networks and losses of the recipe {base['recipe']}, made for a GPU and images of {side} pixels a side."
    choice.set(why, {**options, "training.batch": 64, "training.share_fakes": False})


def _for_few_images(choice: Choice, images: Images) -> None:
    if len(images) >= FEW:
        choice.reasons.append(f"No augmentation: {len(images):,} images are enough without.")
        return
    policies = ["translation", "cutout"] if images.pixels.shape[-1] == 1 else ["colour", "translation", "cutout"]
    why = f"Augmentation ({', '.join(policies)}): the discriminator would memorise as few as {len(images):,} images."
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
    accuracy = mirror_accuracy(images.pixels)
    if accuracy < MIRRORED:
        why = f"Random mirroring: a classifier hardly tells mirrored images from the others ({accuracy:.0%} right)."
        choice.set(why, {"data.flip": True})
    else:
        choice.reasons.append(
            f"No mirroring: a classifier tells mirrored images from the others ({accuracy:.0%} right)."
        )


def mirror_accuracy(pixels: NDArray[np.uint8]) -> float:
    """How often a linear classifier tells whether an image was mirrored, 0 to 1, on images that it was not fitted to.

    pixels: uint8 [N, H, W, C].
    """
    some = np.sort(np.random.default_rng(0).permutation(len(pixels))[:MIRROR_IMAGES])
    grey = pixels[some].mean(3)
    half = len(grey) // 2
    examples, mirrored = _both_ways(grey[:half])
    components = PCA(min(32, half), random_state=0).fit(examples)
    classifier = LogisticRegression(max_iter=1000).fit(components.transform(examples), mirrored)
    examples, mirrored = _both_ways(grey[half:])
    return float(classifier.score(components.transform(examples), mirrored))


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
    enough = next(count for largest, count in ENOUGH.items() if side <= largest)
    dcgan = choice.config.generator.family == choice.config.discriminator.family == "dcgan"
    widths: Iterable[int | None] = WIDTHS if dcgan else (None,)
    for width in widths:
        options = {} if width is None else {"generator.width": width, "discriminator.width": width}
        candidate = change(choice.config, {name: value for name, value in options.items() if name not in choice.given})
        rate = autotune.images_per_second(candidate, image, runtime)
        if enough / rate <= 60 * minutes:
            break
    choice.config = candidate
    if width is not None:
        choice.reasons.append(f"Networks of width {width}: measured at {rate:,.0f} images/s on this machine.")
    if not budgeted:
        seconds = min(60 * minutes, enough / rate)
        why = f"A budget of {duration(seconds)}, enough for about {seconds * rate:,.0f} images; --minutes changes it."
        choice.set(why, {"training.images": None, "training.minutes": round(seconds / 60, 1)})
    if dcgan:
        _falling_rates(choice)


def _falling_rates(choice: Choice) -> None:
    """Cosine schedules for both learning rates, over the whole budget."""
    rates = {
        f"{role}_optimiser.learning_rate": {"kind": "cosine", "start": rate, "end": rate / FALL}
        for role in ("generator", "discriminator")
        if isinstance(rate := getattr(choice.config, f"{role}_optimiser").learning_rate, float)
    }
    choice.set(f"Learning rates fall to 1/{FALL} as the budget is spent, however fast the machine is.", rates)
