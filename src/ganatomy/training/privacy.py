"""How private a training is: ε by Opacus' accountant, and the secret from which the noise follows."""

import os
import secrets
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import number
from ganatomy.system import extras
from ganatomy.system.files import explained, write_text

SECRET = "privacy.key"  # in the run's folder, and in nothing that is exported


@dataclass(frozen=True)
class Guarantee:
    """(ε, δ)-differential privacy of a training's generator, after so many updates of its discriminator."""

    epsilon: float
    delta: float
    updates: int

    def __str__(self) -> str:
        return f"ε = {number(self.epsilon)} at δ = {number(self.delta)}"

    def json(self) -> dict[str, Any]:
        """As run.json keeps it."""
        return {"epsilon": self.epsilon, "delta": self.delta, "updates": self.updates}


def guarantee(config: Config, images: int, steps: int, attempts: int = 1) -> Guarantee:
    """What a training of so many steps on so many images guarantees.

    The Gaussian mechanism on a batch that holds each image with probability batch / images, by Rényi differential
    privacy (Mironov et al. 2019, arXiv:1908.10530). Neighbouring sets differ by one image. attempts: after a roll-back,
    all steps count again, which is more than there were.

    Raises UserError where Opacus is missing, or the batch is larger than the set.
    """
    needed()
    from opacus.accountants import RDPAccountant

    if config.training.batch > images:
        raise UserError(f"privacy.noise needs training.batch of at most the {images:,} training images.")
    delta = config.privacy.delta or 0.1 / images
    updates = steps * config.training.discriminator_steps * attempts
    accountant = RDPAccountant()
    accountant.history = [(config.privacy.noise, config.training.batch / images, updates)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a bound that other orders would tighten by a hair
        return Guarantee(float(accountant.get_epsilon(delta)), delta, updates)


def forecast(config: Config, images: int) -> Iterator[str]:
    """What a private training will guarantee, in a sentence; nothing where it is not private. Errors as `guarantee`."""
    if not config.private:
        return
    training = config.training
    limits = [training.steps, training.images and training.images // (training.batch * training.discriminator_steps)]
    steps = min((limit for limit in limits if limit), default=0)
    found = guarantee(config, images, max(1, steps))
    if steps:
        yield f"Differential privacy of each training image: {found} after {steps:,} steps."
    else:
        yield "Differential privacy of each training image: how much depends on the steps, and is told at the end."


def needed() -> None:
    """Raises UserError where Opacus is missing."""
    extras.needed("opacus", "privacy", "privacy.noise")


def secret(run: Run, create: bool) -> int:
    """The seed of the run's noise and batches, 128 bits of the system's randomness, made when the run starts.

    Raises UserError where it is missing from a run that is resumed: without it, its steps cannot be repeated.
    """
    path = run.at(SECRET)
    if create:
        with explained(run.path):
            write_text(path, secrets.token_hex(16) + "\n")
            os.chmod(path, 0o600)
    try:
        return int(path.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        raise UserError(f"{path} is missing or damaged: a private training cannot go on without it.") from None


def record(run: Run, attempt: int) -> None:
    """Keep the guarantee of a run that ends, where it has one, in run.json and among its events."""
    config, info = run.config(), run.info()
    if not config.private or not info["step"]:
        return
    found = guarantee(config, info["data"]["images"], info["step"], attempt + 1)
    run.update(privacy=found.json())
    run.event("privacy", **found.json())
