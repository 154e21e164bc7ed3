"""Which trainings the exam consists of: faulty and healthy ones, each with a network, a data set and a seed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.config import inactive
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data.preparation import prepare
from ganatomy.errors import UserError, unknown
from ganatomy.experiments.diagnosis_exam.alterations import Alteration, untouched
from ganatomy.experiments.diagnosis_exam.faults import DISCRIMINATOR_RATE, FAULTS, GENERATOR_RATE
from ganatomy.experiments.diagnosis_exam.letters import letters
from ganatomy.experiments.diagnosis_exam.shapes import shapes
from ganatomy.system.files import replacing

STEPS = 800
SEEDS = (1, 2, 3)  # seed 0 was for tuning the rules, on the digits, the shapes and CIFAR-10
HEALTHY_SEEDS = 2  # the first of them, for healthy trainings that no faulty one is compared with
REMEDIES = 2

COMMON: dict[str, Any] = {
    "data.size": 16,
    "prior.dimension": 32,
    "training.batch": 32,
    "training.steps": STEPS,
    "training.share_fakes": True,
    "training.retries": 1,
    "average.decay": 0.99,
    "runtime.device": "cpu",
    "runtime.precision": "float32",
    "runtime.convolution": "native",
    "runtime.threads": 1,
    "log.every": 20,
    "log.snapshot": 100_000,
    "log.checkpoint": 200,
    "log.keep": 0,
    "diagnosis.every": 20,
}
RATES: dict[str, Any] = {GENERATOR_RATE: 2e-3, DISCRIMINATOR_RATE: 1e-3}
SMALL = {"generator.width": 12, "discriminator.width": 12}

NETWORKS: dict[str, dict[str, Any]] = {
    "dcgan": {**SMALL, **RATES},
    "smooth": {**SMALL, **RATES, "discriminator.norm": "none", "penalties.r1": 0.1, "penalties.every": 4},
    "pooled": {**SMALL, **RATES, "generator.resampling": "pooling", "discriminator.resampling": "pooling"},
}
DATA = {"digits": 4000, "shapes": 5000, "letters": 5000}  # images to learn from; the others are held out
OWN = 4000  # the same of a data set of your own
HELD_OUT = 1000
EXAMINED = ("letters", "digits")
MADE = {"shapes": shapes, "letters": letters}

TINY_RESNET = {
    "generator.width": 16,
    "discriminator.width": 16,
    "training.discriminator_steps": 2,
    "training.steps": 500,
}
HEALTHY: dict[str, tuple[str, dict[str, Any]]] = {  # a recipe, and the options that make it small
    "dcgan": ("dcgan", NETWORKS["dcgan"]),
    "smooth": ("dcgan", NETWORKS["smooth"]),
    "pooled": ("dcgan", NETWORKS["pooled"]),
    "hinge": ("dcgan", {**NETWORKS["smooth"], "objective.name": "hinge"}),
    "conditional": ("dcgan", {**NETWORKS["dcgan"], "prior.conditional": True}),
    "lsgan": ("lsgan", NETWORKS["dcgan"]),
    "few, augmented": (
        "dcgan",
        {**NETWORKS["smooth"], "data.first": 500, "augmentation.policies": ["translation", "cutout", "colour"]},
    ),
    "wgan": ("wgan", {**SMALL, GENERATOR_RATE: 5e-4, DISCRIMINATOR_RATE: 5e-4, "training.discriminator_steps": 3}),
    "wgan-gp": ("wgan-gp", {**TINY_RESNET, **RATES}),
    "sngan": ("sngan", {**TINY_RESNET, **RATES}),
    "r3gan": (
        "r3gan",
        {
            **{f"{role}.widths": [32] for role in ("generator", "discriminator")},
            **{f"{role}.blocks": [1] for role in ("generator", "discriminator")},
            **{f"{role}.cardinality": [4] for role in ("generator", "discriminator")},
            "training.steps": 300,
            GENERATOR_RATE: 1e-3,
            DISCRIMINATOR_RATE: 1e-3,
        },
    ),
    "stylegan2": (
        "stylegan2",
        {
            **{f"{role}.channels_base": 256 for role in ("generator", "discriminator")},
            **{f"{role}.channels_most": 24 for role in ("generator", "discriminator")},
            **{f"{role}.mapping_layers": 2 for role in ("generator", "discriminator")},
            "generator.style": 32,
            "penalties.r1": 1.0,
            "training.steps": 400,
        },
    ),
    "digits": ("digits", {**SMALL, "data.channels": None}),
    "auto": ("auto", {**SMALL, **RATES}),
    "goodfellow2014": (
        "goodfellow2014",
        {
            "generator.hidden": [256, 256],
            "discriminator.hidden": [100, 100],
            "training.share_fakes": False,
            "training.steps": 3 * STEPS,
            "log.every": 60,
            "diagnosis.every": 60,
        },
    ),
    "vae": ("vae", SMALL),
    "diffusion": (
        "diffusion",
        {
            "generator.width": 8,
            "generator.multipliers": [1, 2],
            "diffusion.sampling_steps": 5,
            "diagnosis.every": 80,
            "diagnosis.samples": 64,
        },
    ),
    "gsn": ("gsn", {"generator.hidden": [200, 200], "generator.sampling_steps": 10, "diagnosis.every": 80}),
}


@dataclass(frozen=True)
class ExamTraining:
    """One training of the exam.

    fault: a name of FAULTS, or "" for a healthy one; kind: a name of NETWORKS or, of a healthy one, of HEALTHY.
    """

    fault: str
    kind: str
    data: str
    seed: int
    remedies: int = 0

    @property
    def name(self) -> str:
        """The name of its run folder."""
        parts = [
            self.fault or "healthy",
            self.kind,
            self.data,
            str(self.seed),
            *(["cured"] if self.remedies else []),
        ]
        return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower())

    @property
    def twin(self) -> "ExamTraining":
        """The healthy training with the same network, data set and seed."""
        return ExamTraining("", self.kind, self.data, self.seed)

    @property
    def recipe(self) -> str:
        """The recipe that its options start from."""
        return "dcgan" if self.fault else HEALTHY[self.kind][0]

    @property
    def alteration(self) -> Alteration:
        """What is done to the game."""
        return FAULTS[self.fault].alter if self.fault else untouched

    def images(self, folder: Path) -> str:
        """The path of its images, made in `folder` where they are not yet."""
        return source(self.data, folder)

    def settings(self) -> dict[str, Any]:
        """Its options, by name."""
        own: Mapping[str, Any] = NETWORKS[self.kind] if self.fault else HEALTHY[self.kind][1]
        changes: Mapping[str, Any] = FAULTS[self.fault].settings if self.fault else {}
        settings = {**COMMON, "data.first": DATA.get(self.data, OWN), **own, **changes}
        settings |= {"training.seed": self.seed, "diagnosis.remedies": self.remedies}
        return acting(self.recipe, settings, changes)


def acting(recipe_name: str, settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without those that cannot act; changes: those of them that make the fault."""
    families = {name: value for name, value in settings.items() if name.endswith(".family")}
    for name in families:  # another family has other options
        role = name.removesuffix("family")
        settings = {each: value for each, value in settings.items() if not each.startswith(role) or each in changes}
    settings = {**families, **settings}
    together = change(recipe(recipe_name), settings)  # what all trainings have in common acts in most of them
    return {name: value for name, value in settings.items() if inactive.why_not(together, name) is None}


def plan(
    only: Sequence[str] = (), seeds: Sequence[int] = SEEDS, data: Sequence[str] = EXAMINED, cures: bool = True
) -> Iterator[ExamTraining]:
    """The exam's trainings: every fault with its healthy twins, the other healthy ones, and the cures.

    only: names of faults; with them, no healthy trainings except their twins. Raises UserError for an unknown fault.
    """
    for name in only:
        if name not in FAULTS:
            raise unknown("fault", name, FAULTS)
    chosen = {name: FAULTS[name] for name in only} or FAULTS
    faulty = [
        ExamTraining(name, network, each, seed)
        for name, fault in chosen.items()
        for network in fault.networks
        for each in data
        for seed in seeds
    ]
    healthy = (
        []
        if only
        else [ExamTraining("", kind, each, seed) for kind in HEALTHY for each in data for seed in seeds[:HEALTHY_SEEDS]]
    )
    cured = [replace(training, remedies=REMEDIES) for training in faulty if chosen[training.fault].curable and cures]
    yield from dict.fromkeys([*(training.twin for training in faulty), *healthy, *faulty, *cured])


def source(name: str, folder: Path, path: str = "") -> str:
    """The path of a data set's images, made once into `folder`; path: where those of a set of your own come from.

    Raises UserError for an unknown data set, and for too few images or images without classes.
    """
    made = folder / f"{name}.npz"
    if not made.is_file():
        if name not in DATA and not path:
            raise UserError(f"The exam has no data set {name!r}: {', '.join(DATA)}, or NAME=PATH for your own.")
        count = DATA.get(name, OWN) + HELD_OUT
        pixels, labels = MADE[name](count) if name in MADE else _some(path or name, count)
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(made) as file:
            np.savez(file, images=pixels, labels=labels)
    return str(made)


def _some(path: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and their classes in a random order: they may come sorted by class, and the last are held out."""
    images = prepare(path, size=COMMON["data.size"])
    if images.labels is None or len(images) < count:
        raise UserError(f"{path} has {len(images):,} images; the exam needs {count:,}, each with a class.")
    chosen = np.random.default_rng(0).permutation(len(images))[:count]
    return np.asarray(images.pixels)[chosen], np.asarray(images.labels)[chosen]
