"""The faults that the exam injects, each with the findings that name it rightly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganatomy.diagnosis.rule import Rule
from ganatomy.diagnosis.rules import fallbacks, images, inputs, players
from ganatomy.experiments.diagnosis_exam import alterations
from ganatomy.experiments.diagnosis_exam.alterations import Alteration


@dataclass(frozen=True)
class InjectedFault:
    """A way to make a training fail.

    about     in words
    expected  rules whose findings name it rightly
    settings  options that are changed
    alter     what is done to the game besides
    networks  names of `plan.NETWORKS` that it is tried on
    curable   whether changed options can mend it
    """

    about: str
    expected: tuple[Rule, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    alter: Alteration = alterations.untouched
    networks: tuple[str, ...] = ("dcgan", "smooth")
    curable: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The findings that name it rightly."""
        return tuple(rule.finding for rule in self.expected)


RATE = "{}_optimiser.learning_rate"
UNLIKE = ("dcgan", "pooled")  # `smooth` is `dcgan` but for what these faults change
DISCRIMINATOR_RATE, GENERATOR_RATE = RATE.format("discriminator"), RATE.format("generator")


def both(option: str, value: Any) -> dict[str, Any]:
    """An option of both players' optimisers."""
    return {f"{player}_optimiser.{option}": value for player in ("generator", "discriminator")}


FAULTS: dict[str, InjectedFault] = {
    "saturating": InjectedFault(
        "saturating loss under a strong discriminator",
        (players.gradient_vanishes, players.generator_stalls),
        {
            "objective.name": "minimax",
            DISCRIMINATOR_RATE: 2e-3,
            GENERATOR_RATE: 1e-4,
            "training.discriminator_steps": 3,
        },
        curable=True,
    ),
    "rates": InjectedFault(
        "a discriminator that learns a thousand times faster",
        (players.generator_stalls,),
        {DISCRIMINATOR_RATE: 5e-3, GENERATOR_RATE: 5e-6},
        curable=True,
    ),
    "weak": InjectedFault(
        "a discriminator that hardly learns",
        (players.discriminator_learns_nothing,),
        {DISCRIMINATOR_RATE: 1e-7},
        curable=True,
    ),
    "swapped": InjectedFault(
        "labels of real and generated exchanged", (players.labels_swapped,), alter=alterations.swapped
    ),
    "cut off": InjectedFault(
        "a generator that no gradient reaches", (players.generator_stands_still,), alter=alterations.cut_off
    ),
    "four latents": InjectedFault(
        "four latent vectors, always the same", (images.mode_collapse,), alter=alterations.few_latents(4)
    ),
    "greedy": InjectedFault(
        "a generator that learns two hundred times faster",
        (images.mode_collapse, players.discriminator_learns_nothing),
        {DISCRIMINATOR_RATE: 5e-5, GENERATOR_RATE: 1e-2},
        curable=True,
    ),
    "few images": InjectedFault(
        "24 images, no augmentation", (players.discriminator_overfits,), {"data.first": 24}, curable=True
    ),
    "by heart": InjectedFault(
        "a generator that shows training images", (players.memorisation,), alter=alterations.by_heart
    ),
    "no penalty": InjectedFault(
        "Wasserstein without a constraint",
        (players.lipschitz_not_held,),
        {
            "objective.name": "wasserstein",
            "discriminator.norm": "none",
            "penalties.r1": 0.0,
            "training.discriminator_steps": 3,
            DISCRIMINATOR_RATE: 5e-3,
        },
        networks=UNLIKE,
        curable=True,
    ),
    "momentum": InjectedFault(
        "Adam's β₁ 0.95 and high rates, both players at once, nothing that damps",
        (images.mode_collapse, players.generator_stalls, images.oscillation),
        {
            **both("betas", (0.95, 0.999)),
            **both("learning_rate", 2e-3),
            "training.simultaneous": True,
            "training.share_fakes": False,
            "discriminator.norm": "none",
            "penalties.r1": 0.0,
        },
        networks=UNLIKE,
        curable=True,
    ),
    "swing": InjectedFault(
        "a nearly linear discriminator and momentum: the game of Dirac-GAN, which turns in circles",
        (images.oscillation, images.mode_collapse),  # one image satisfies a discriminator that sees only the mean
        {
            "discriminator.family": "mlp",
            "discriminator.hidden": [2],
            "discriminator.activation": "leaky_relu",
            "penalties.r1": 0.0,
            **both("betas", (0.9, 0.999)),
            GENERATOR_RATE: 2e-3,
            DISCRIMINATOR_RATE: 1e-2,
            "training.simultaneous": True,
            "training.share_fakes": False,
        },
        networks=UNLIKE,
    ),
    "range": InjectedFault("real images in [0, 1]", (inputs.wrong_range,), alter=alterations.ranged(0.0, 1.0)),
    "mixed": InjectedFault(
        "real and generated images in one batch",
        (players.batch_statistics_leak,),
        alter=alterations.mixed,
        networks=UNLIKE,
    ),
    "statistics": InjectedFault(
        "running statistics that never follow",
        (players.train_and_eval_differ,),
        alter=alterations.frozen_statistics,
        networks=UNLIKE,
    ),
    "poison": InjectedFault("a pixel that is not a number", (inputs.not_finite,), alter=alterations.poisoned(150)),
    "grid": InjectedFault("a grid that the discriminator cannot see", (images.checkerboard,), alter=alterations.grid),
    "no latent": InjectedFault(
        "a latent vector that never arrives",
        (players.latent_code_ignored,),
        {"prior.conditional": True},
        alterations.without_latent,
    ),
    "hardly moves": InjectedFault(
        "learning rates of 1e-7: neither player gets anywhere",
        (fallbacks.not_learning_yet,),
        both("learning_rate", 1e-7),
        curable=True,
    ),
    "large steps": InjectedFault(
        "learning rates of 0.02 and momentum 0.9",
        (images.steps_too_large, images.mode_collapse, players.output_saturates),
        {**both("betas", (0.9, 0.999)), **both("learning_rate", 2e-2)},
        curable=True,
    ),
    "slow average": InjectedFault(
        "an average whose memory is a hundred times as long as the training",
        (players.average_far_behind,),
        {"average.decay": 0.99999, "average.warm_up": False},
        curable=True,
    ),
    "wrong labels": InjectedFault(
        "labels that have nothing to do with the images",
        (images.classes_are_not_obeyed,),
        {"prior.conditional": True},
        alterations.wrong_labels,
    ),
    "one latent": InjectedFault(
        "one latent vector for all images of a batch", (players.batch_without_variety,), alter=alterations.one_latent
    ),
    "same images": InjectedFault(
        "a loader that gives the same four batches again and again",
        (inputs.real_images_repeat,),
        alter=alterations.repeated(4),
    ),
    "overdriven": InjectedFault(
        "a gain behind the generator", (players.output_saturates,), alter=alterations.amplified(12.0)
    ),
}
