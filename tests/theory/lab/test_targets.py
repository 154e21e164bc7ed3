"""The targets: ours are shown whole; a stranger's is found by the command, its help, the docs and `ganatomy.lab`."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from tools.docs import renewed

import ganatomy
from ganatomy.errors import UserError
from ganatomy.theory.densities import Density, Mixture, gaussians
from ganatomy.theory.lab.targets import TARGETS, drawn, register_target

PAGE = Path(__file__).parents[3] / "docs" / "LAB.md"
SMALL = {"steps": 4, "pictures": 2, "width": 8, "batch": 32}


@pytest.fixture
def mine() -> Iterator[str]:
    """The stranger's target of the docs, registered for the time of a test."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("    from ganatomy.theory.densities"))
    end = next(i for i, line in enumerate(lines) if line.startswith("        return ") and i > begin)
    exec(dedent("\n".join(lines[begin : end + 1])), {"__name__": "somebodys_module"})
    yield "mine"
    TARGETS.remove("mine")


@pytest.mark.parametrize("name", list(TARGETS))
def test_hardly_anything_of_a_target_lies_outside_its_bounds(name: str) -> None:
    """The outermost cells, which hold everything outside, are almost empty."""
    target = TARGETS[name]()
    assert target.masses.sum().item() == pytest.approx(1)
    counts = target.grid.counts
    edge = torch.ones(counts, dtype=torch.bool)
    edge[tuple(slice(1, -1) for _ in counts)] = False
    points = target.grid.histogram(target.density.sample(20_000, torch.Generator().manual_seed(0)))
    assert points.view(*counts)[edge].sum() < 2e-3


def test_names_are_listed_without_torch() -> None:
    code = "import sys; from ganatomy.theory.lab.targets import TARGETS; print(*TARGETS, 'torch' in sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert listed == [*TARGETS, "False"]


def test_a_strangers_target_trains_is_drawn_and_reported(mine: str, tmp_path: Path) -> None:
    run = ganatomy.lab(mine, name="a", runs=tmp_path, **SMALL)
    assert run.info()["status"] == "finished"
    assert run.info()["lab"] == "mine"
    assert list(run.snapshots()) == [0, 4]
    assert (run.path / "lab.webp").is_file()
    assert "mine, objective non saturating" in (run.path / "report.html").read_text(encoding="utf-8")
    assert "| `mine` | On the line: two Gaussians far apart |" in renewed(PAGE.read_text(encoding="utf-8"))
    with pytest.raises(UserError, match="did you mean mine"):
        ganatomy.lab("mien", runs=tmp_path)


@pytest.mark.parametrize(
    ("density", "message"),
    [
        (Mixture(torch.zeros(1, 3), 1.0), "3 dimensions"),
        (gaussians(1e6, deviation=0.1), "no density between -1 and 1"),
    ],
)
def test_a_density_that_cannot_be_shown_gets_one_sentence(tmp_path: Path, density: Density, message: str) -> None:
    register_target("odd", low=-1.0, high=1.0)(lambda: density)
    try:
        with pytest.raises(UserError, match=message):
            ganatomy.lab("odd", runs=tmp_path)
    finally:
        TARGETS.remove("odd")
    assert not list(tmp_path.iterdir())


def test_a_target_drawn_by_hand_is_a_gaussian_at_each_point() -> None:
    target = drawn([(-0.5, 0.0), (0.5, 0.5)])
    assert target.dimension == 2
    assert target.masses.sum().item() == pytest.approx(1)
    peaks = target.grid.points()[target.masses.topk(2).indices]
    assert sorted((round(x, 1), round(y, 1)) for x, y in peaks.tolist()) == [(-0.5, 0.0), (0.5, 0.5)]
