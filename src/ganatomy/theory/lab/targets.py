"""The distributions of the lab, each with the part of the line or plane that one looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganatomy.theory.cells import Cells
from ganatomy.theory.densities import Density, Mixture, gaussians, grid, moons, ring, segments, spiral
from ganatomy.theory.lab.options import Target


@dataclass(frozen=True)
class Ground:
    """A target, the cells that one looks at it through, and its masses in them, [N]."""

    density: Density
    cells: Cells
    masses: Tensor

    @property
    def dimension(self) -> int:
        """1, the line, or 2, the plane."""
        return self.density.dimension

    @property
    def modes(self) -> Mixture | None:
        """The target, if it is made of modes that can be counted."""
        density = self.density
        return density if isinstance(density, Mixture) and len(density.centres) <= 25 and self.dimension == 2 else None


SIDE = 72  # cells along each axis of the plane
BRUSH = 0.07  # deviation of what is drawn by hand
PAPER = 1.5  # from the middle of the paper to its edge
TARGETS: dict[Target, tuple[Density, float, float]] = {
    "line": (gaussians(0.0, deviation=0.6), -3.0, 3.0),
    "two": (gaussians(-1.5, 1.5, deviation=0.3), -3.0, 3.0),
    "segments": (segments((-2.0, -1.0), (0.5, 2.0)), -3.0, 3.0),
    "ring": (ring(deviation=0.06), -1.5, 1.5),
    "grid": (grid(spacing=0.5, deviation=0.04), -1.5, 1.5),
    "spiral": (spiral(), -1.5, 1.5),
    "moons": (moons(deviation=0.08), -1.8, 1.8),
}


def ground(target: Target) -> Ground:
    """The target by name."""
    return _seen(*TARGETS[target])


def drawn(points: Sequence[tuple[float, float]]) -> Ground:
    """A target drawn by hand: a Gaussian at each point of the paper, [−1, 1]², equally likely."""
    return _seen(Mixture(torch.tensor(points, dtype=torch.float32), BRUSH), -PAPER, PAPER)


def _seen(density: Density, low: float, high: float) -> Ground:
    cells = Cells([low], [high], [300]) if density.dimension == 1 else Cells([low, low], [high, high], [SIDE, SIDE])
    return Ground(density, cells, cells.masses(density, finer=4))
