"""Directions in latent space: where images change most, and what tells some of them from others.

Principal directions are GANSpace's (Härkönen et al. 2020, arXiv:2004.02546): of styles w, or of the first layer's
outputs and brought back to z. A unit of one moves by one standard deviation along it. The others lead from the mean of
some images' points to the mean of others'.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from torch import Tensor, nn

from ganatomy.errors import UserError, unknown
from ganatomy.gan import latent
from ganatomy.generators import latents
from ganatomy.generators.latents import Latents, Space
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import Pixels
from ganatomy.system.files import explained, write_bytes

BATCH = 64
SAMPLES = 1000  # points whose principal directions are computed
BETWEEN = "with"  # what a direction between seeds is called
PREFIX = "directions."  # of the tensor's name in a file
REACH = 3.0  # units to both sides, on a sheet
COLUMNS = 7


@dataclass(frozen=True)
class Directions:
    """Directions [R, D] of a space, with names; shares: of the variance along each, for principal ones.

    step: of the generator that they were found with, where that is known.
    """

    space: Space
    values: Tensor
    names: tuple[str, ...]
    shares: tuple[float | None, ...]
    step: int | None = None

    def __add__(self, other: "Directions") -> "Directions":
        values = torch.cat([self.values, other.values])
        return Directions(self.space, values, self.names + other.names, self.shares + other.shares, self.step)

    def shift(self, name: str, units: float) -> Tensor:
        """What moves a point by so many units along a direction, [D]. Raises UserError where none has that name."""
        if name not in self.names:
            raise unknown("direction", name, self.names)
        return units * self.values[self.names.index(name)]

    def lines(self) -> list[str]:
        """Each name, with its share of the variance."""
        width = max(map(len, self.names))
        shares = ["" if share is None else f"  {share:5.1%} of the variance" for share in self.shares]
        return [f"{name:{width}}{share}".rstrip() for name, share in zip(self.names, shares, strict=True)]


class Move(NamedTuple):
    """So many units along a direction, which a file has by this name."""

    path: str
    name: str
    units: float


def principal(sampler: Sampler, count: int, space: Space) -> Directions:
    """The first `count` principal directions, named 1, 2, … Raises UserError where there are not so many."""
    points = latents.of_seeds(sampler, range(SAMPLES), space=space)
    moved = points.values if space == "w" else points.values[:, : sampler.prior.dimension]
    if not 0 < count <= moved.shape[1]:
        raise UserError(f"--count {count}: this generator has 1 to {moved.shape[1]} directions.")
    seen = moved if space == "w" else _first_outputs(sampler, points)
    found, shares = latent.principal_directions(moved, seen, count)
    padding = points.values.shape[1] - found.shape[1]  # classes, along which nothing moves
    values = torch.nn.functional.pad(found, (0, padding))
    names = tuple(str(i + 1) for i in range(count))
    return Directions(space, values, names, tuple(shares.tolist()), sampler.metadata.step)


@torch.no_grad()
def _first_outputs(sampler: Sampler, points: Latents) -> Tensor:
    """What the first layer with a matrix or kernel makes of points, [N, P]."""
    outputs: list[Tensor] = []
    fresh: list[bool] = []

    def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if fresh:  # no layer was called before in this pass
            outputs.append(output.flatten(1).float().cpu())
            fresh.clear()

    layers = [m for m in sampler.network.modules() if any(p.dim() > 1 for p in m.parameters(recurse=False))]
    hooks = [layer.register_forward_hook(keep) for layer in layers]
    try:
        for rows in points.values.split(BATCH):
            fresh.append(True)
            latents.draw(sampler, Latents("z", rows))
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat(outputs)


def by_class(sampler: Sampler, space: Space) -> Directions:
    """A direction to each class, named by it (class 3 where 3 is a principal one): from the mean of all to its own.

    In w it leads between mean styles; in z, which has no classes, it changes the weights of classes behind z. Raises
    UserError for a generator without classes.
    """
    if not sampler.classes:
        raise UserError("This generator is unconditional: it has no directions by class.")
    means = torch.stack([_mean(sampler, range(SAMPLES // 4), name, space) for name in sampler.classes])
    shares = torch.tensor(list(sampler.prior.classes), dtype=means.dtype)
    values = means - (shares / shares.sum()) @ means
    if space == "z":
        values[:, : sampler.prior.dimension] = 0
    names = tuple(f"class {name}" if name.isdecimal() or name == BETWEEN else name for name in sampler.classes)
    return Directions(space, values, names, (None,) * len(values), sampler.metadata.step)


def between(sampler: Sampler, name: str, some: Sequence[int], others: Sequence[int], space: Space) -> Directions:
    """The direction from the mean point of some seeds to that of others."""
    values = _mean(sampler, others, None, space) - _mean(sampler, some, None, space)
    return Directions(space, values[None], (name,), (None,), sampler.metadata.step)


def _mean(sampler: Sampler, seeds: Sequence[int], label: str | None, space: Space) -> Tensor:
    return latents.of_seeds(sampler, seeds, label, space).values.mean(0)


def sheet(sampler: Sampler, found: Directions, seed: int) -> Pixels:
    """The image of a seed moved along each direction, [R · COLUMNS, H, W, C]: a row each, from −REACH to REACH."""
    start = latents.of_seeds(sampler, [seed], space=found.space).values
    amounts = torch.linspace(-REACH, REACH, COLUMNS)
    points = torch.cat([start + amounts[:, None] * direction for direction in found.values])
    return latents.images(sampler, Latents(found.space, points))


def write(path: Path, found: Directions) -> None:
    """Write directions as safetensors. Raises UserError where that cannot be done."""
    facts = {"format": "1", "names": json.dumps(found.names, ensure_ascii=False), "shares": json.dumps(found.shares)}
    facts |= {} if found.step is None else {"step": str(found.step)}
    content = safetensors.torch.save({f"{PREFIX}{found.space}": found.values.contiguous()}, facts)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)


def read(path: str | Path, sampler: Sampler) -> Directions:
    """The directions in a file. Raises UserError where it has none, or those of another generator."""
    found, facts = latents.tensors(path)
    named = [name for name in found if name in (f"{PREFIX}z", f"{PREFIX}w")]
    if len(found) != 1 or not named:
        raise UserError(f"{path} holds no directions: `ganatomy directions` writes such files.")
    space: Space = "w" if named[0].endswith("w") else "z"
    values = latents.checked(found[named[0]], space, path, sampler)
    try:
        names = tuple(str(name) for name in json.loads(facts["names"]))
    except (KeyError, ValueError, TypeError):
        names = ()
    if len(names) != len(values):
        raise UserError(f"{path} is damaged: it names {len(names)} of {len(values)} directions.")
    try:
        shares = tuple(None if share is None else float(share) for share in json.loads(facts["shares"]))
        step = int(facts["step"]) if "step" in facts else None  # files of older versions do not tell
    except (KeyError, ValueError, TypeError):
        shares, step = (), None
    known = len(shares) == len(names) and all(share is None or isfinite(share) for share in shares)
    return Directions(space, values, names, shares if known else (None,) * len(names), step)


def move(sampler: Sampler, points: Latents, moves: Iterable[Move]) -> Latents:
    """Points moved along directions. Errors as `read`.

    Raises UserError where there is no such direction, and where one is of another space than the points.
    """
    values = points.values
    for path, name, units in moves:
        found = read(path, sampler)
        if found.space != points.space:
            raise UserError(f"{path} holds directions in {found.space}, and the points are in {points.space}.")
        values = values + found.shift(name, units)
    return Latents(points.space, values)


def parse(text: str) -> Move:
    """FILE:NAME=UNITS as a move. Raises UserError for another form."""
    place, _, units = text.rpartition("=")
    path, _, name = place.rpartition(":")
    with suppress(ValueError):
        if path and name and isfinite(float(units)):
            return Move(path, name, float(units))
    raise UserError(f"--move {text}: write FILE:NAME=UNITS, for example directions.safetensors:1=2.5.")
