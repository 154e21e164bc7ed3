"""The claims themselves: their criteria against the recorded figures, and their experiments, in miniature and whole."""

import json
from math import inf
from pathlib import Path

import pytest
import torch

from ganatomy.experiments.claims import dynamics
from ganatomy.experiments.claims.api import decide, draw, holds
from ganatomy.experiments.claims.claim import ClaimTrial, catalogue

CLAIMS = catalogue()
RECORDED = json.loads((Path(__file__).parents[3] / "docs" / "claims.json").read_text(encoding="utf-8"))
EXACT = ("likelihood", "minimum", "saturation", "circling", "alternating", "discriminators-gradient-alone")  # cheap
LONG = ("recovered-modes", "continuous-latent-space", "parzen-misleads", "frechet-notices", "one-pass")  # at any size


class Miniature(ClaimTrial):
    """A trial that is too small to decide anything: every part of the experiment runs, in little time."""

    def size(self, whole: int, quick: int) -> int:
        return min(quick, max(10, quick // 20))


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_has_a_sentence_a_source_and_bounds_that_exclude_something(name: str) -> None:
    claim = CLAIMS[name]
    assert claim.sentence.endswith(".")
    assert "20" in claim.source
    judged = [criterion for criterion in claim.criteria.values() if criterion.judged]
    assert judged
    for criterion in judged:
        if criterion.high < inf:
            assert criterion.holds(criterion.high)
            assert not criterion.holds(criterion.high + 1e-9 + 1e-6 * abs(criterion.high))
        if criterion.low > -inf:
            assert criterion.holds(criterion.low)
            assert not criterion.holds(criterion.low - 1e-9 - 1e-6 * abs(criterion.low))


@pytest.mark.parametrize("name", RECORDED)
def test_the_recorded_figures_are_judged_by_todays_criteria(name: str) -> None:
    claim, verdict = CLAIMS[name], RECORDED[name]
    assert list(verdict["figures"]) == list(claim.criteria)
    for figure, criterion in claim.criteria.items():
        recorded = verdict["figures"][figure]
        assert (recorded["predicted"], recorded["must be"]) == (criterion.predicted, criterion.bounds)
        assert recorded["holds"] == holds(criterion, recorded["values"])
    assert verdict["holds"] == all(figure["holds"] for figure in verdict["figures"].values())


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_claim_holds(name: str, tmp_path: Path) -> None:
    verdict = decide(CLAIMS[name], [ClaimTrial(quick=True)], tmp_path)
    assert verdict["holds"], {figure: found["value"] for figure, found in verdict["figures"].items()}


@pytest.mark.parametrize("name", [name for name in CLAIMS if name not in (*EXACT, *LONG)])
def test_an_experiment_in_miniature_measures_every_figure_and_draws(name: str, tmp_path: Path) -> None:
    claim = CLAIMS[name]
    outcome = claim.experiment(Miniature(quick=True))
    assert outcome.figures.keys() == claim.criteria.keys()
    draw(outcome, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 5000


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CLAIMS if name not in EXACT])
def test_a_trained_claim_holds(name: str, tmp_path: Path) -> None:
    verdict = decide(CLAIMS[name], [ClaimTrial(quick=True)], tmp_path)
    assert verdict["holds"], {figure: found["value"] for figure, found in verdict["figures"].items()}
    assert (tmp_path / f"{name}.png").is_file()


@pytest.mark.slow
def test_the_bound_of_roles_holds_on_seeds_on_which_it_was_not_set(tmp_path: Path) -> None:
    verdict = decide(CLAIMS["roles"], [ClaimTrial(seed, quick=True) for seed in (10, 11, 12)], tmp_path)
    assert verdict["holds"], {figure: found["values"] for figure, found in verdict["figures"].items()}


def test_a_trial_leaves_the_global_random_state_as_it_was() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    for name in ("shared-statistics", "spectral-normalisation", "clipping"):
        CLAIMS[name].experiment(Miniature(quick=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_alternating_steps_stay_on_an_ellipse() -> None:
    """Near 0, with a = h/2: ψ ← ψ − aθ, then θ ← θ + aψ, which leaves θ² + ψ² − aθψ as it was."""
    start = 1e-4 * torch.tensor([0.6, -0.8], dtype=torch.float64)
    theta, psi = (dynamics.orbit(start, 0.0, 200, dynamics.alternating) / 1e-4).T
    a = dynamics.RATE / 2
    assert (psi[1], theta[1]) == pytest.approx((-0.8 - a * 0.6, 0.6 + a * (-0.8 - a * 0.6)), abs=1e-6)
    kept = theta.square() + psi.square() - a * theta * psi
    assert torch.allclose(kept, kept[0].expand_as(kept), atol=1e-5)
    assert (theta.max(), theta.min()) == pytest.approx((1.0, -1.0), abs=0.05)  # it goes round


def test_the_eigenvalues_are_those_of_the_steps_themselves() -> None:
    """A simultaneous step from near the equilibrium multiplies by I + hJ."""
    for gamma in (0.0, 0.7):
        small = 1e-6 * torch.eye(2, dtype=torch.float64)
        columns = [dynamics.orbit(start, gamma, 1)[1] / 1e-6 for start in small]
        step = torch.linalg.eigvals(torch.stack(columns, 1))
        wanted = torch.tensor([1 + dynamics.RATE * each for each in dynamics.predicted(gamma)])
        found = sorted(step.tolist(), key=lambda each: (each.real, each.imag))
        assert found == pytest.approx(wanted.tolist(), abs=1e-6)
