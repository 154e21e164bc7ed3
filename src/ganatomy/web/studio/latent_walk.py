"""Latent space under a person's finger: one image at a time, as fast as the generator draws."""

import os
import timeit
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan import latent
from ganatomy.gan.priors import Prior
from ganatomy.generators import api as sampling
from ganatomy.generators.api import Sampler, Truncating
from ganatomy.modalities.images import encoded, picture

SIDE = 8  # the plane has SIDE × SIDE seeds, in the order of a snapshot's tiles
LOOKED_AT = 512  # images whose principal directions are sought
DIRECTIONS = 6


class LatentExplorer:
    """Draws codes of the generator that was asked for last."""

    def __init__(self) -> None:
        self.which: tuple[Any, ...] = ()
        self.directions: tuple[Tensor, Tensor] | None = None

    def answer(self, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Orders are {"run": PATH, "step": …} and "do": describe, directions or draw."""
        which = (order["run"], order.get("step"), bool(order.get("raw")))
        if which != self.which:
            self.sampler = sampling.load(Path(which[0]), which[1], which[2])
            self.which, self.directions = which, None
            self._choose_threads()
        if order["do"] == "describe":
            return self._describe(), b""
        if order["do"] == "directions":
            return {"shares": self._principal()[1]}, b""
        return {}, self._draw(order)

    def _choose_threads(self) -> None:
        """One thread or all, whichever draws sooner: a small generator waits for its threads, a large one does not."""
        code = self.sampler.prior.of_seeds([0])
        seconds = {}
        for threads in (os.cpu_count() or 1, 1):
            torch.set_num_threads(threads)
            seconds[threads] = min(timeit.repeat(lambda: self.sampler.images(code), number=1, repeat=3))
        torch.set_num_threads(min(seconds, key=lambda threads: seconds[threads]))

    def _describe(self) -> dict[str, Any]:
        prior = self.sampler.prior
        return {
            "dimension": prior.dimension,
            "classes": list(self.sampler.classes) or [str(i) for i in range(len(prior.classes))],
            "styled": isinstance(self.sampler.network, Truncating),
        }

    def _draw(self, order: dict[str, Any]) -> bytes:
        code = place(self.sampler, order)
        if amounts := [float(amount) for amount in order.get("shifts", [])][:DIRECTIONS]:
            directions = self._principal()[0][: len(amounts)]
            code[:, : directions.shape[1]] += torch.tensor(amounts) @ directions
        self.sampler.truncation = _positive(order.get("truncation"))
        return encoded(picture(self.sampler.images(code)[0]), "PNG", compress_level=1)

    def _principal(self) -> tuple[Tensor, list[float]]:
        """Directions, and the share of the images' variance along each; sought when first asked for."""
        if self.directions is None:
            prior, sampler = self.sampler.prior, self.sampler
            sampler.truncation = None
            codes = prior.of_seeds(range(LOOKED_AT))
            images = torch.from_numpy(sampler.images(codes, batch=64)).flatten(1).float()
            self.directions = latent.principal_directions(prior.split(codes)[0], images, DIRECTIONS)
        directions, shares = self.directions
        return directions, [round(share, 4) for share in shares.tolist()]


def place(sampler: Sampler, order: dict[str, Any]) -> Tensor:
    """The code [1, d + K] of {"at": [x, y]} on the plane of seeds, or of {"path": seeds, "share": 0 to 1} along."""
    prior, label = sampler.prior, order.get("label")
    if "path" in order:
        seeds = [int(seed) for seed in order["path"]][:64]
        if len(seeds) < 2:
            raise UserError("A walk leads from one seed to another: give at least two, as in 3, 9, 4.")
        return _along(prior, sampler.latents(seeds, label), float(order.get("share", 0)))
    x, y = (min(max(float(each), 0.0), SIDE - 1) for each in order["at"])
    column, row = min(int(x), SIDE - 2), min(int(y), SIDE - 2)
    seeds = [SIDE * (row + i) + column + j for i in (0, 1) for j in (0, 1)]
    codes = sampler.latents(seeds, label)
    across = torch.tensor([x - column], dtype=torch.float32)
    upper, lower = prior.between(codes[0], codes[1], across)[0], prior.between(codes[2], codes[3], across)[0]
    return prior.between(upper, lower, torch.tensor([y - row], dtype=torch.float32))


def _along(prior: Prior, stops: Tensor, share: float) -> Tensor:
    """A closed path, as `latent.walk` goes it."""
    position = (share % 1) * len(stops)
    leg = min(int(position), len(stops) - 1)
    rest = torch.tensor([position - leg], dtype=torch.float32)
    return prior.between(stops[leg], stops[(leg + 1) % len(stops)], rest)


def _positive(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value > 0 else None
