"""The distributions that the lab can learn, each with the part of the line or the plane that is shown.

A stranger's own is registered in the same way, in a module that `--parts` or a plain `import` loads:

    @register_target("mine", low=-2.0, high=2.0)
    def mine() -> Density:
        \"""On the line: two Gaussians of different weight.\"""
        return …
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ganatomy.errors import UserError
from ganatomy.system.lazy import torch
from ganatomy.system.registry import Registry, summary_of
from ganatomy.theory import densities
from ganatomy.theory.densities import Density, Mixture
from ganatomy.theory.grid import Grid

CELLS = {1: 300, 2: 72}  # along each axis, by dimension
FEW = 25  # modes that are worth counting
BRUSH = 0.07  # standard deviation of what is drawn by hand
EDGE = 1.5  # how far from the origin a drawing is shown


@dataclass(frozen=True)
class Target:
    """A density to learn, the grid that it is shown on, and its masses in the grid's cells, [N]."""

    density: Density
    grid: Grid
    masses: torch.Tensor

    @property
    def dimension(self) -> int:
        """1, the line, or 2, the plane."""
        return self.density.dimension

    @property
    def modes(self) -> Mixture | None:
        """The density, if it is made of a few modes in the plane, which can be counted."""
        density = self.density
        return density if isinstance(density, Mixture) and len(density.centres) <= FEW and self.dimension == 2 else None


TARGETS: Registry[Callable[[], Target]] = Registry("target")
Make = TypeVar("Make", bound=Callable[[], Density])


def register_target(name: str, *, low: float, high: float) -> Callable[[Make], Make]:
    """Make a density known to the lab by name: `ganatomy lab NAME` and `ganatomy.lab("NAME")`.

    The function returns the density, on the line or in the plane; the first line of its docstring describes the target
    in lists. low, high: the interval that is shown, along each axis; nearly all of the density should lie within.

    Raises UserError where the name is taken.
    """

    def register(density: Make) -> Make:
        shown = partial(_shown, name, density, low, high)
        TARGETS.add(name, shown, module=density.__module__, summary=summary_of(density))
        return density

    return register


def drawn(points: Sequence[tuple[float, float]]) -> Target:
    """A target drawn by hand: equally likely Gaussians at points in [−1, 1]²."""
    centres = torch.tensor(points, dtype=torch.float32)
    return _shown("drawing", lambda: Mixture(centres, BRUSH), -EDGE, EDGE)


def _shown(name: str, density: Callable[[], Density], low: float, high: float) -> Target:
    """Raises UserError where the density cannot be shown."""
    known = density()
    if known.dimension not in CELLS:
        raise UserError(f"The target {name!r} has {known.dimension} dimensions; the lab shows 1 or 2.")
    axes = known.dimension
    grid = Grid([low] * axes, [high] * axes, [CELLS[axes]] * axes)
    masses = grid.masses(known, finer=4)
    if not masses.isfinite().all():
        raise UserError(f"The target {name!r} has no density between {low:g} and {high:g}: choose other bounds.")
    return Target(known, grid, masses)


@register_target("line", low=-3.0, high=3.0)
def _line() -> Density:
    """On the line: a Gaussian."""
    return densities.gaussians(0.0, deviation=0.6)


@register_target("two", low=-3.0, high=3.0)
def _two() -> Density:
    """On the line: two Gaussians."""
    return densities.gaussians(-1.5, 1.5, deviation=0.3)


@register_target("far", low=-4.0, high=8.0)
def _far() -> Density:
    """On the line: a Gaussian, far from the points of an untrained generator."""
    return densities.gaussians(4.0, deviation=0.5)


@register_target("segments", low=-3.0, high=3.0)
def _segments() -> Density:
    """On the line: two intervals."""
    return densities.segments((-2.0, -1.0), (0.5, 2.0))


@register_target("ring", low=-1.5, high=1.5)
def _ring() -> Density:
    """In the plane: 8 Gaussians on a circle."""
    return densities.ring(deviation=0.1)


@register_target("grid", low=-1.5, high=1.5)
def _grid() -> Density:
    """In the plane: 25 Gaussians on a grid."""
    return densities.grid(spacing=0.5, deviation=0.04)


@register_target("spiral", low=-1.5, high=1.5)
def _spiral() -> Density:
    """In the plane: a spiral, blurred."""
    return densities.spiral()


@register_target("moons", low=-1.8, high=1.8)
def _moons() -> Density:
    """In the plane: two interleaved half circles, blurred."""
    return densities.moons(deviation=0.08)
