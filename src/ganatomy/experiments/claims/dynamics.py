"""How simultaneous gradient steps move around an equilibrium: the Dirac-GAN of Mescheder et al. 2018, section 2.

The generator is one number θ, a point; the discriminator one number ψ, D(x) = ψ·x; real data lie at 0. The equilibrium
is θ = ψ = 0.
"""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system.lazy import torch
from ganatomy.theory.densities import Dirac

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE, GAMMA = 0.1, 1.0
SLOPE = 0.5  # f′(0) of the minimax loss: σ(0)


def field(state: torch.Tensor, gamma: float) -> torch.Tensor:
    """The direction in which both move at once from (θ, ψ), [2] → [2].

    It is minus the gradient of each player's own loss, with γ/2·‖∇D‖² in the discriminator's.
    """
    theta, psi = state
    real = Dirac(torch.zeros(1, dtype=state.dtype)).sample(1, torch.Generator())[0]
    losses = OBJECTIVES["minimax"].losses(psi * real, (psi * theta)[None])
    penalty = gamma / 2 * psi.square()  # ∇ₓ(ψ·x) is ψ everywhere
    (of_theta,) = torch.autograd.grad(losses.generator, theta, create_graph=True)
    (of_psi,) = torch.autograd.grad(losses.discriminator + penalty, psi, create_graph=True)
    return -torch.stack([of_theta, of_psi])


def eigenvalues(gamma: float) -> list[complex]:
    """The eigenvalues of the field's Jacobian at the equilibrium, by automatic differentiation; sorted."""
    equilibrium = torch.zeros(2, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda state: field(state, gamma), equilibrium)
    return _sorted(torch.linalg.eigvals(jacobian).tolist())


def predicted(gamma: float) -> list[complex]:
    """−γ/2 ± √(γ²/4 − f′(0)²), sorted: Mescheder et al. 2018, lemmas 2.3 and 4.1."""
    root = cmath.sqrt(gamma**2 / 4 - SLOPE**2)
    return _sorted([-gamma / 2 - root, -gamma / 2 + root])


def _sorted(numbers: list[complex]) -> list[complex]:
    return sorted(numbers, key=lambda each: (each.real, each.imag))


def orbit(start: torch.Tensor, gamma: float, steps: int) -> torch.Tensor:
    """Simultaneous gradient steps from (θ, ψ), [2] → [steps + 1, 2]."""
    states = [start]
    for _ in range(steps):
        state = states[-1].detach().requires_grad_()
        states.append((state + RATE * field(state, gamma)).detach())
    return torch.stack(states)


@register_claim(
    "circling",
    place=12,
    sentence="Simultaneous gradient steps circle an equilibrium without ever reaching it; R1 makes them converge.",
    source="Mescheder et al. 2018 (arXiv:1801.04406), lemmas 2.3 and 4.1",
    criteria={
        "eigenvalues: largest distance from the predicted ones": Criterion(
            "0; predicted are ±i/2 and −γ/2 ± √(γ²/4 − ¼)", high=1e-7
        ),
        "growth per step / √(1 + h²/4), minus 1": Criterion("0", low=-1e-3, high=1e-3),
        "final distance / first distance": Criterion("more than 1", low=1.0),
        "the same with R1": Criterion("0", high=0.1),
    },
    lesson=Lesson(
        "Around the equilibrium",
        "One number plays against one number. Simultaneous gradient steps from near the equilibrium lead …",
        ["… into it", "… around it, ever farther out", "… straight away from it"],
        1,
        "The field turns around the equilibrium: its eigenvalues are imaginary, and steps of finite length spiral out. "
        "R1 gives them a negative real part, and the spiral turns inwards.",
    ),
)
def _circling(trial: ClaimTrial) -> Outcome:
    """From a random point near 0. There the game is practically linear: a step multiplies distances by √(1 + h²f′²)."""
    angle = torch.rand((), generator=torch.Generator().manual_seed(trial.seed)).double() * 2 * torch.pi
    start, steps = 0.1 * torch.stack([angle.cos(), angle.sin()]), trial.size(500, 100)
    orbits = {"simultaneous gradient steps": orbit(start, 0.0, steps), "the same with R1": orbit(start, GAMMA, steps)}
    plain, with_r1 = ((states[-1].norm() / states[0].norm()).item() for states in orbits.values())

    def draw(figure: Figure) -> None:
        row = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, (name, states) in zip(row, orbits.items(), strict=True):
            axes.plot(*states.T, "-", linewidth=0.8, color="#2b6cb0")
            axes.plot(*states[0], "o", color="#dd6b20", label="start")
            axes.plot(0, 0, "+", color="black", markersize=12, label="equilibrium")
            axes.set(title=name, xlabel="θ, the generator", aspect="equal")
            axes.legend(fontsize=8)

    figures = {
        "eigenvalues: largest distance from the predicted ones": max(
            abs(found - wanted)
            for gamma in (0.0, 0.3, GAMMA, 2.0)
            for found, wanted in zip(eigenvalues(gamma), predicted(gamma), strict=True)
        ),
        "growth per step / √(1 + h²/4), minus 1": plain ** (1 / steps) / (1 + RATE**2 * SLOPE**2) ** 0.5 - 1,
        "final distance / first distance": plain,
        "the same with R1": with_r1,
    }
    return Outcome(figures, draw)
