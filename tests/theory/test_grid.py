"""Grids: masses of densities against samples, and where points belong."""

import pytest
import torch
from scipy import stats
from torch import Generator

from ganatomy.theory.densities import Mixture, grid, moons, ring, spiral
from ganatomy.theory.grid import Grid


@pytest.mark.parametrize(
    "density",
    [ring(deviation=0.05), grid(2), moons(kernels=40), spiral(kernels=80)],
    ids=["ring", "grid", "moons", "spiral"],
)
def test_masses_and_samples_agree_in_the_plane(density: Mixture):
    cells = Grid([-2, -2.5], [2, 2.5], [24, 30])
    p, count = cells.masses(density, finer=8), 50_000
    found = cells.histogram(density.sample(count, Generator().manual_seed(0)))
    frequent = p * count >= 5
    chi = ((found - p).square() / p)[frequent].sum() * count
    assert stats.chi2.sf(chi.item(), int(frequent.sum())) > 1e-4
    assert (p.sum().item(), found.sum().item()) == (pytest.approx(1), pytest.approx(1))


def test_what_lies_outside_belongs_to_the_outermost_cells():
    cells = Grid([0, 0], [2, 3], [2, 3])
    points = torch.tensor([[-5.0, 0.5], [0.5, 99.0], [1.5, 1.5], [1e9, -1e9]])
    assert cells.histogram(points).view(2, 3).tolist() == [[0.25, 0, 0.25], [0.25, 0.25, 0]]
    assert cells.points().tolist() == [[0.5, 0.5], [0.5, 1.5], [0.5, 2.5], [1.5, 0.5], [1.5, 1.5], [1.5, 2.5]]
