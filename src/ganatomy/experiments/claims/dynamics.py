"""How simultaneous gradient steps move around an equilibrium: the Dirac-GAN of Mescheder et al. 2018, section 2.

The generator is one number θ, a point; the discriminator one number ψ, D(x) = ψ·x; real data lie at 0. The equilibrium
is θ = ψ = 0.
"""

import cmath

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory.densities import Dirac

REAL = Dirac(torch.zeros(1, dtype=torch.float64))
RATE, GAMMA = 0.1, 1.0
SLOPE = 0.5  # f′(0) of the minimax loss: σ(0)


def field(state: Tensor, gamma: float) -> Tensor:
    """Where both go at once from (θ, ψ): minus the gradient of each player's own loss, with γ/2·‖∇D‖² in D's."""
    theta, psi = state
    losses = OBJECTIVES["minimax"].losses(psi * REAL.sample(1, torch.Generator())[0], (psi * theta)[None])
    penalty = gamma / 2 * psi.square()  # ∇ₓ(ψ·x) is ψ everywhere
    (down_theta,) = torch.autograd.grad(losses.generator, theta, create_graph=True)
    (down_psi,) = torch.autograd.grad(losses.discriminator + penalty, psi, create_graph=True)
    return -torch.stack([down_theta, down_psi])


def eigenvalues(gamma: float) -> list[complex]:
    """Of the field's Jacobian at the equilibrium, measured by automatic differentiation; sorted."""
    jacobian = torch.autograd.functional.jacobian(
        lambda state: field(state, gamma), torch.zeros(2, dtype=torch.float64)
    )
    return sorted(torch.linalg.eigvals(jacobian).tolist(), key=lambda each: (each.real, each.imag))


def predicted(gamma: float) -> list[complex]:
    """−γ/2 ± √(γ²/4 − f′(0)²): Mescheder et al. 2018, lemmas 2.3 and 4.1."""
    root = cmath.sqrt(gamma**2 / 4 - SLOPE**2)
    return sorted([-gamma / 2 - root, -gamma / 2 + root], key=lambda each: (each.real, each.imag))


def orbit(start: Tensor, gamma: float, steps: int) -> Tensor:
    """Simultaneous steps from (θ, ψ): [steps + 1, 2]."""
    states = [start]
    for _ in range(steps):
        state = states[-1].detach().requires_grad_()
        states.append((state + RATE * field(state, gamma)).detach())
    return torch.stack(states)


def _circling(trial: Trial) -> Evidence:
    """From a random point near 0, where the game is as good as linear: a step lengthens it √(1 + h²f′²) times."""
    angle = torch.rand((), generator=torch.Generator().manual_seed(trial.seed)).double() * 2 * torch.pi
    start, steps = 0.1 * torch.stack([angle.cos(), angle.sin()]), trial.size(500, 100)
    free, held = orbit(start, 0.0, steps), orbit(start, GAMMA, steps)
    off = max(
        abs(found - wanted)
        for gamma in (0.0, 0.3, GAMMA, 2.0)
        for found, wanted in zip(eigenvalues(gamma), predicted(gamma), strict=True)
    )
    growth = (free[-1].norm() / free[0].norm()).item() ** (1 / steps)
    return Evidence(
        {
            "eigenvalues: largest distance from the predicted": off,
            "growth a step, over √(1 + h²/4), minus 1": growth / (1 + RATE**2 * SLOPE**2) ** 0.5 - 1,
            "distance at the end over the beginning": (free[-1].norm() / free[0].norm()).item(),
            "the same with R1": (held[-1].norm() / held[0].norm()).item(),
        },
        {"free": free, "held": held},
    )


def _draw_circling(figure: Figure, evidence: Evidence) -> None:
    for place, (name, states) in zip(
        figure.subplots(1, 2, sharex=True, sharey=True),
        {"simultaneous gradient steps": evidence.seen["free"], "the same with R1": evidence.seen["held"]}.items(),
        strict=True,
    ):
        place.plot(*states.T, "-", linewidth=0.8, color="#2b6cb0")
        place.plot(*states[0], "o", color="#dd6b20", label="start")
        place.plot(0, 0, "+", color="black", markersize=12, label="equilibrium")
        place.set(title=name, xlabel="θ, the generator", aspect="equal")
        place.legend(fontsize=8)


CLAIMS: list[Claim] = [
    Claim(
        "circling",
        "Simultaneous gradient steps circle an equilibrium without ever reaching it; R1 makes them converge.",
        "Mescheder et al. 2018 (arXiv:1801.04406), lemmas 2.3 and 4.1",
        _circling,
        {
            "eigenvalues: largest distance from the predicted": Criterion("±i/2; −γ/2 ± √(γ²/4 − ¼)", high=1e-7),
            "growth a step, over √(1 + h²/4), minus 1": Criterion("0", low=-1e-3, high=1e-3),
            "distance at the end over the beginning": Criterion("more than 1", low=1.0),
            "the same with R1": Criterion("0", high=0.1),
        },
        _draw_circling,
    ),
]
