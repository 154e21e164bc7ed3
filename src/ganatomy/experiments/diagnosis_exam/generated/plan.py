"""What a seed of the generated exam stands for: a data set, a network, a budget, and faults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.experiments.diagnosis_exam.alterations import Alteration
from ganatomy.experiments.diagnosis_exam.drawn_sets import drawn_set, drawn_style
from ganatomy.experiments.diagnosis_exam.generated.components import COMPONENTS, Component, Drawn
from ganatomy.experiments.diagnosis_exam.plan import HEALTHY, OWN, RATES, SMALL, acting, source
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batches
from ganatomy.system.files import replacing

FAULTY = 2  # trainings of a seed, beside the healthy one
COMBINED = 0.25  # how often two faults come together
BASELINES = ("vae", "diffusion", "gsn")  # no games: only healthy
SLOW = ("wgan-gp", "sngan", "r3gan", "stylegan2", "diffusion", "gsn")  # at 32 pixels they get nowhere in a minute
BASELINE = 0.1  # how often a seed stands for one of them
OF_OWN = 0.2  # and for a data set of the user's, where there is one
MINUTES = (0.6, 1.1)  # of training
DEFAULT = (
    "log.every",
    "diagnosis.every",
    "diagnosis.samples",
    "training.steps",
)  # of users
COMMON: Mapping[str, Any] = {
    "average.decay": 0.99,
    "runtime.device": "cpu",
    "runtime.threads": 1,
    "log.snapshot": 1_000_000,
    "log.checkpoint": 1_000_000,
    "log.keep": 0,
    "training.retries": 1,
}


@dataclass(frozen=True)
class GeneratedTraining:
    """One training of the exam: the healthy one of a seed (place 0), or one of its faulty ones (1, 2).

    own: data sets of the user's, name and path.
    """

    seed: int
    place: int = 0
    own: Sequence[tuple[str, str]] = field(default=(), hash=False)

    @property
    def name(self) -> str:
        """The name of its run folder."""
        return f"{self.seed}-{self.place}"

    @property
    def twin(self) -> "GeneratedTraining":
        """The healthy training of the same seed."""
        return GeneratedTraining(self.seed, 0, self.own)

    @cached_property
    def kind(self) -> str:
        """Its network: a name of HEALTHY."""
        random = self._random(0)
        games = [name for name in HEALTHY if name not in BASELINES]
        return str(random.choice(BASELINES if random.random() < BASELINE else games))

    @property
    def recipe(self) -> str:
        """The recipe that its options start from."""
        return HEALTHY[self.kind][0]

    @cached_property
    def data(self) -> tuple[str, str]:
        """The name and path of a data set of the user's; ("", "") for one that is drawn by code."""
        random = self._random(1)
        return self.own[int(random.integers(len(self.own)))] if self.own and random.random() < OF_OWN else ("", "")

    @property
    def data_name(self) -> str:
        """The name of its data set, or what is drawn in it."""
        return self.data[0] or drawn_style(self.seed).about

    @cached_property
    def size(self) -> int:
        """Pixels a side at which it is trained: a power of two, as networks need it, and small for slow ones."""
        side = 32 if self.data[0] else drawn_style(self.seed).size
        return min(1 << int(np.log2(side)), 16 if self.kind in SLOW else 64)

    @cached_property
    def healthy(self) -> Mapping[str, Any]:
        """The options of the healthy training, by name."""
        random = self._random(2)
        small = 8 if self.size > 32 else int(random.choice([8, 12, 16]))
        drawn = {
            "prior.dimension": int(random.choice([16, 32, 64])),
            "training.batch": 16 if self.size > 32 else int(random.choice([16, 32, 64])),
            "training.minutes": round(float(random.uniform(*MINUTES)), 2),
            "training.seed": self.seed,
            "data.size": self.size,
            "data.first": OWN if self.data[0] else drawn_style(self.seed).first,
        }
        kind = {name: value for name, value in HEALTHY[self.kind][1].items() if name not in DEFAULT}
        widths = {name: small for name, value in SMALL.items() if kind.get(name) == value}
        rates = {name: kind[name] * 10 ** float(random.uniform(-0.3, 0.3)) for name in RATES if name in kind}
        return acting(self.recipe, {**COMMON, **kind, **widths, **rates, **drawn}, {})

    @cached_property
    def faults(self) -> Sequence[tuple[str, Component, Drawn]]:
        """What was drawn for it: one fault, or two, each with its kind; none for a healthy training."""
        if not self.place or self.kind in BASELINES:
            return ()
        random, found = self._random(10 + self.place), list[tuple[str, Component, Drawn]]()
        config, wanted = change(recipe(self.recipe), self.healthy), 2 if random.random() < COMBINED else 1
        while len(found) < wanted:
            suitable = [name for name in COMPONENTS if COMPONENTS[name].suits(config)]
            name = str(random.choice([each for each in suitable if each not in [other for other, *_ in found]]))
            drawn = COMPONENTS[name].draw(random, config)
            found.append((name, COMPONENTS[name], drawn))
            config = change(config, drawn.settings)
        return found

    def settings(self) -> dict[str, Any]:
        """Its options, by name."""
        changes = [drawn.settings for _, _, drawn in self.faults]
        changed = {name: each[name] for each in changes for name in each}
        return acting(self.recipe, {**self.healthy, **changed}, changed)

    @property
    def about(self) -> str:
        """Its faults in words."""
        return "; ".join(drawn.about for _, _, drawn in self.faults)

    @property
    def names(self) -> tuple[str, ...]:
        """The findings that name one of its faults rightly."""
        return tuple(dict.fromkeys(name for _, kind, _ in self.faults for name in kind.names))

    @property
    def alteration(self) -> Alteration:
        """What is done to the game."""

        def alter(method: Adversarial, batches: Batches) -> Batches:
            for _, _, drawn in self.faults:
                batches = drawn.alter(method, batches)
            return batches

        return alter

    def images(self, folder: Path) -> str:
        """The path of its images, made in `folder` where they are not yet: the last HELD_OUT are not trained on."""
        if self.data[0]:
            return source(*self.data[:1], folder, self.data[1])
        made = folder / f"{self.seed}.npz"
        if not made.is_file():
            drawn = drawn_set(self.seed)
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(made) as file:
                np.savez(file, images=drawn.pixels, labels=drawn.labels)
        return str(made)

    def _random(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, purpose))


def plan(seeds: Sequence[int], own: Sequence[tuple[str, str]] = ()) -> Iterator[GeneratedTraining]:
    """The trainings of these seeds: a healthy one each, then the faulty ones."""
    for seed in seeds:
        healthy = GeneratedTraining(seed, 0, own)
        yield healthy
        if healthy.kind not in BASELINES:
            yield from (GeneratedTraining(seed, place, own) for place in range(1, FAULTY + 1))
