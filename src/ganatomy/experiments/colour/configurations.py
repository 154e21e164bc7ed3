"""What is compared: recipes with their changes, and what `auto` takes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganatomy.experiments.reproduction.cifar import RECIPES as SMALL
from ganatomy.experiments.reproduction.rows import both, rates

SIDE = 32  # pixels
OLD = "auto"  # whose speed is measured beside that of a configuration that comes later
TAKEN = "tapered-fifth"  # what `auto` takes today


@dataclass(frozen=True)
class Configuration:
    """A recipe with its changes, and what it is in words.

    as_fast_as: the configuration whose steps cost the same, whose speed and so whose budget is this one's; "": itself.
    """

    words: str
    recipe: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    as_fast_as: str = ""


def _rates(start: float, betas: tuple[float, float], fall: float = 50) -> dict[str, Any]:
    """A cosine over the whole budget, of both players."""
    schedule = {"kind": "cosine", "start": start, "end": start / fall}
    return rates(schedule) | {f"{role}_optimiser.betas": list(betas) for role in ("generator", "discriminator")}


_RESIDUAL = {
    **both(family="resnet", width=32),
    "discriminator.norm": "none",
    "objective.name": "hinge",
    **_rates(1e-3, (0.0, 0.9)),
}
_TAPERED = {**_RESIDUAL, **both(widest=4)}
_DEEP = {**_RESIDUAL, **both(width=24, widest=8), "discriminator.flat": 1}
_PROJECTED = {  # the generator is that of `auto`
    "prior.dimension": 64,
    "generator.width": 64,
    "discriminator.family": "projected",
    "discriminator.width": 64,
    "discriminator.pixels": 48,
    "objective.name": "hinge",
    "penalties.r1": 0.1,
    "penalties.every": 16,
    **_rates(6e-4, (0.0, 0.99)),
}
CONFIGURATIONS = {
    "pretrained": Configuration("pretrained features and pixels", "dcgan", _PROJECTED),
    "random": Configuration(
        "the same network with random weights", "dcgan", {**_PROJECTED, "discriminator.features": "random"}
    ),
    "pixels": Configuration("pixels alone", "dcgan", {**_PROJECTED, "discriminator.features": "none"}),
    "dcgan-hinge": Configuration(
        "DCGAN, hinge, spectral normalisation",
        "dcgan",
        {"discriminator.norm": "spectral", "objective.name": "hinge", **_rates(1e-3, (0.5, 0.999))},
    ),
    "sngan": Configuration("SNGAN", "sngan", {**SMALL["sngan"], **_rates(1e-3, (0.0, 0.9))}),
    "r3gan": Configuration("R3GAN", "r3gan", {**SMALL["r3gan"], **_rates(1e-3, (0.0, 0.99))}),
    "auto": Configuration("auto, as it was: DCGAN's networks, R1", "auto", both(family="dcgan", width=64)),
    "residual": Configuration("SNGAN's networks, R1, hinge", "auto", _RESIDUAL),
    "tapered": Configuration("SNGAN's networks, tapered, R1, hinge", "auto", _TAPERED),
    "deep": Configuration(
        "SNGAN's networks, tapered, down to 4×4, R1, hinge",
        "auto",
        _DEEP,
    ),
    "relativistic": Configuration(
        "SNGAN's networks, tapered, R1, relativistic",
        "auto",
        {**_TAPERED, "objective.name": "relativistic_pairing"},
    ),
    "deep-32": Configuration(
        "SNGAN's networks, tapered, down to 4×4, a third wider, R1, hinge",
        "auto",
        {**_DEEP, **both(width=32)},
    ),
    "deep-fifth": Configuration(
        "SNGAN's networks, tapered, down to 4×4, R1, hinge, rates to a fifth",
        "auto",
        {**_DEEP, **_rates(1e-3, (0.0, 0.9), fall=5)},
        as_fast_as="deep",
    ),
    "tapered-fifth": Configuration(
        "SNGAN's networks, tapered, R1, hinge, rates to a fifth",
        "auto",
        {**_TAPERED, **_rates(1e-3, (0.0, 0.9), fall=5)},
        as_fast_as="tapered",
    ),
}
COMMON = {  # a folder of images: no classes; mirror images of photographs are photographs
    "data.size": [SIDE, SIDE],
    "data.flip": True,
    "prior.conditional": False,
    "diagnosis.on": False,
}


def timed(name: str) -> str:
    """The configuration whose speed is measured for this one."""
    return CONFIGURATIONS[name].as_fast_as or name
