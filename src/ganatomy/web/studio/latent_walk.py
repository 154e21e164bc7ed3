"""A walk through latent space: one image per request, as fast as the generator draws. Runs in a worker process."""

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
from ganatomy.generators import directions as directing
from ganatomy.generators import latents
from ganatomy.generators.directions import Directions
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import encoded, picture
from ganatomy.networks.protocols import Truncating
from ganatomy.web.studio.latent_walk_request import DIRECTIONS, MAX_MOVES, LatentWalkRequest
from ganatomy.web.studio.worker_client import Answer
from ganatomy.web.studio.worker_process import Handler
from ganatomy.web.validation import read

SIDE = 8  # the plane has SIDE × SIDE seeds, in the order of a snapshot's tiles
IMAGES = 512  # whose principal directions are computed


class WalkStep(LatentWalkRequest):
    """What a worker process is asked for: the request of a page, of the run in a folder.

    directions   the file of the run's directions, if it has one
    """

    run: str
    directions: str | None = None


class LatentExplorer:
    """Draws images of the generator that was requested last."""

    def __init__(self) -> None:
        self.loaded: tuple[str, int | None, bool] | None = None
        self.directions: tuple[Tensor, Tensor] | None = None
        self.named: tuple[tuple[str, int], Directions] | None = None  # of a file, as it was at a time

    def answer(self, request: dict[str, Any]) -> Answer:
        """A `WalkStep` → {dimension, classes, …}, {shares}, or a PNG. Raises UserError for an invalid one."""
        step = read(WalkStep, request)
        if (step.run, step.step, step.raw) != self.loaded:
            self.sampler = sampling.load_images(Path(step.run), step.step, step.raw)
            self.loaded, self.directions, self.named = (step.run, step.step, step.raw), None, None
            self._choose_threads()
        if step.action == "describe":
            return Answer(self._description() | {"directions": self._sliders(step.directions)})
        if step.action == "directions":
            return Answer({"shares": self._principal()[1]})
        return Answer({}, self._draw(step))

    def _choose_threads(self) -> None:
        """One thread or all, whichever is faster: a small generator waits for its threads, a large one does not."""
        code = self.sampler.prior.of_seeds([0])
        seconds = {}
        for threads in (os.cpu_count() or 1, 1):
            torch.set_num_threads(threads)
            seconds[threads] = min(timeit.repeat(lambda: self.sampler.images(code), number=1, repeat=3))
        torch.set_num_threads(min(seconds, key=lambda threads: seconds[threads]))

    def _description(self) -> dict[str, Any]:
        prior = self.sampler.prior
        return {
            "dimension": prior.dimension,
            "classes": list(self.sampler.classes) or [str(i) for i in range(len(prior.classes))],
            "styled": isinstance(self.sampler.network, Truncating),
            "side": SIDE,
            "directions_from": IMAGES,
        }

    def _draw(self, step: WalkStep) -> bytes:
        code = code_of(self.sampler, step)
        if step.shifts:
            directions = self._principal()[0][: len(step.shifts)]
            code[:, : directions.shape[1]] += torch.tensor(step.shifts) @ directions
        self.sampler.truncation = step.truncation
        if not step.moves:
            return encoded(picture(self.sampler.images(code)[0]), "PNG", compress_level=1)
        named = self._named(step.directions)
        values = latents.of_codes(self.sampler, code, named.space).values
        for name, units in step.moves.items():
            values = values + named.shift(name, units)
        image = latents.images(self.sampler, latents.Latents(named.space, values))[0]
        return encoded(picture(image), "PNG", compress_level=1)

    def _named(self, path: str | None) -> Directions:
        """The directions in the run's file, read again when it has changed. Raises UserError where there are none."""
        if path is None:
            raise UserError("This run has no directions any more: reload the page.")
        found = (path, Path(path).stat().st_mtime_ns)
        if self.named is None or self.named[0] != found:
            self.named = (found, directing.read(path, self.sampler))
        return self.named[1]

    def _sliders(self, path: str | None) -> dict[str, Any]:
        """The names of the run's directions, or why there are none."""
        if path is None:
            return {"names": []}
        try:
            found = self._named(path)
        except UserError as error:
            return {"names": [], "problem": str(error)}
        names, shares = list(found.names[:MAX_MOVES]), list(found.shares[:MAX_MOVES])
        return {
            "names": names,
            "shares": shares,
            "all": len(found.names),
            "step": found.step,
            "reach": directing.REACH,
        }

    def _principal(self) -> tuple[Tensor, list[float]]:
        """Directions, and the share of the images' variance along each; computed when they are first needed."""
        if self.directions is None:
            prior, sampler = self.sampler.prior, self.sampler
            sampler.truncation = None
            codes = prior.of_seeds(range(IMAGES))
            images = torch.from_numpy(sampler.images(codes, batch=64)).flatten(1).float()
            self.directions = latent.principal_directions(prior.split(codes)[0], images, DIRECTIONS)
        directions, shares = self.directions
        return directions, [round(share, 4) for share in shares.tolist()]


def handler() -> Handler:
    """What a worker process answers with."""
    return LatentExplorer().answer


def code_of(sampler: Sampler, step: WalkStep) -> Tensor:
    """The code [1, d + K] on the plane of seeds, or on the path if there is one. Raises UserError for a short path."""
    prior = sampler.prior
    if step.path is not None:
        if len(step.path) < 2:
            raise UserError("A path needs at least two seeds, for example 3, 9, 4.")
        return _on_path(prior, sampler.latents(step.path, step.label), step.share)
    x, y = (min(max(each, 0.0), SIDE - 1) for each in step.at)
    column, row = min(int(x), SIDE - 2), min(int(y), SIDE - 2)
    seeds = [SIDE * (row + i) + column + j for i in (0, 1) for j in (0, 1)]
    codes = sampler.latents(seeds, step.label)
    across = torch.tensor([x - column], dtype=torch.float32)
    upper, lower = prior.between(codes[0], codes[1], across)[0], prior.between(codes[2], codes[3], across)[0]
    return prior.between(upper, lower, torch.tensor([y - row], dtype=torch.float32))


def _on_path(prior: Prior, stops: Tensor, share: float) -> Tensor:
    """The code at a share of a closed path through codes [N, d + K], as in `latent.walk`."""
    position = (share % 1) * len(stops)
    leg = min(int(position), len(stops) - 1)
    rest = torch.tensor([position - leg], dtype=torch.float32)
    return prior.between(stops[leg], stops[(leg + 1) % len(stops)], rest)
