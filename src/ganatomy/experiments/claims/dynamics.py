"""How gradient steps move around an equilibrium: the Dirac-GAN of Mescheder et al. 2018, section 2.

The generator is one number θ, a point; the discriminator one number ψ, D(x) = ψ·x; real data lie at 0. The equilibrium
is θ = ψ = 0.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, number, register_claim
from ganatomy.experiments.claims.pictures import BLUE, GREEN, GREY, RED, name_curve
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.system.lazy import torch
from ganatomy.theory.densities import Dirac

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Move: TypeAlias = "Callable[[torch.Tensor, float], torch.Tensor]"  # (θ, ψ), [2], and γ → the next (θ, ψ)
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


def simultaneous(state: torch.Tensor, gamma: float) -> torch.Tensor:
    """One gradient step of both players from the same (θ, ψ), [2] → [2]."""
    return state + RATE * field(state, gamma)


def alternating(state: torch.Tensor, gamma: float) -> torch.Tensor:
    """One gradient step of the discriminator, then one of the generator against the new one, [2] → [2]."""
    theta, psi = state[0], state[1] + RATE * field(state, gamma)[1]
    return torch.stack([theta + RATE * field(torch.stack([theta, psi]), gamma)[0], psi])


def orbit(start: torch.Tensor, gamma: float, steps: int, move: Move = simultaneous) -> torch.Tensor:
    """Steps from (θ, ψ), [2] → [steps + 1, 2]."""
    states = [start]
    for _ in range(steps):
        states.append(move(states[-1].detach().requires_grad_(), gamma).detach())
    return torch.stack(states)


def beginning(seed: int) -> torch.Tensor:
    """A random point (θ, ψ), [2], at distance 0.1. There the game is practically linear."""
    angle = torch.rand((), generator=torch.Generator().manual_seed(seed)).double() * 2 * torch.pi
    return 0.1 * torch.stack([angle.cos(), angle.sin()])


def _draw_orbits(figure: Figure, orbits: Mapping[str, torch.Tensor], colours: Mapping[str, str]) -> None:
    """Each orbit in the plane of both players, and all their distances from the equilibrium."""
    *planes, last = figure.subplots(1, len(orbits) + 1)
    side = 1.15 * max(states.abs().max().item() for states in orbits.values())
    for axes, (name, states) in zip(planes, orbits.items(), strict=True):
        _draw_orbit(axes, states, colours[name])
        axes.set(title=name, xlim=(-side, side), ylim=(-side, side), aspect="equal", xlabel="θ, the generator")
    planes[0].set_ylabel("ψ, the discriminator")
    for name, states in orbits.items():
        distances = states.norm(dim=1) / states[0].norm()
        end = distances[-1].item()
        last.plot(distances, color=colours[name])
        name_curve(
            last, len(states) - 1, end, f"× {number(end, 2)}", colours[name], "bottom" if end < 0.1 else "center"
        )
    last.set(title="distance from the equilibrium,\nfirst = 1", xlabel="steps", ylim=(0, None))
    last.set_xlim(0, 1.5 * (len(states) - 1))


def _draw_orbit(axes: Axes, states: torch.Tensor, colour: str) -> None:
    """A path with arrows in its direction, its start, its end and the equilibrium."""

    def point(state: torch.Tensor) -> tuple[float, float]:
        return state[0].item(), state[1].item()

    axes.axhline(0, color=GREY, linewidth=0.5)
    axes.axvline(0, color=GREY, linewidth=0.5)
    axes.plot(*states.T, linewidth=0.8, color=colour)
    for i in range(15, len(states) - 4, 25):
        if states[i].norm() > states[0].norm() / 5:  # shorter ones would cover the end
            head = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", point(states[i + 3]), point(states[i]), arrowprops=head)
    arrived = bool(states[-1].norm() < states[0].norm() / 5)
    legible: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
    names = [(torch.zeros(2), "+", "equilibrium", (6, -15)), (states[0], "o", "start", (-8, 7))]
    for state, marker, word, offset in (*names, (states[-1], "s", "end", (6, 7) if arrived else (6, -15))):
        axes.plot(*state, marker, color="black", markersize=12 if marker == "+" else 5)
        axes.annotate(word, point(state), offset, textcoords="offset points", fontsize=9, bbox=legible)


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
        "Where do simultaneous steps lead?",
        "One number plays against one number. Simultaneous gradient steps from near the equilibrium lead …",
        ["… into it", "… around it, ever farther out", "… straight away from it"],
        1,
        "The field turns around the equilibrium: its eigenvalues are imaginary, and steps of finite length spiral out. "
        "R1 gives them a negative real part, and the spiral turns inwards.",
    ),
)
def _circling(trial: ClaimTrial) -> Outcome:
    """Near 0 a simultaneous step multiplies distances by √(1 + h²f′²)."""
    start, steps = beginning(trial.seed), trial.size(500, 100)
    orbits = {"simultaneous steps": orbit(start, 0.0, steps), "simultaneous steps, R1": orbit(start, GAMMA, steps)}
    plain, with_r1 = ((states[-1].norm() / states[0].norm()).item() for states in orbits.values())

    def draw(figure: Figure) -> None:
        _draw_orbits(figure, orbits, {"simultaneous steps": RED, "simultaneous steps, R1": BLUE})

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


@register_claim(
    "alternating",
    place=12.5,
    sentence="Alternating steps do not cure the circling: where simultaneous steps spiral out, alternating ones stay "
    "on their orbit for ever and come no closer to the equilibrium.",
    source="Mescheder et al. 2018 (arXiv:1801.04406), section 2: alternating gradient descent on the Dirac-GAN",
    criteria={
        "alternating: largest distance of an eigenvalue's modulus from 1": Criterion("0", high=1e-7),
        "simultaneous: final distance / first distance": Criterion("more than 1", low=1.1),
        "alternating: smallest distance / first distance": Criterion("about 1", low=0.9),
        "alternating: largest distance / first distance": Criterion("about 1", high=1.1),
    },
    lesson=Lesson(
        "Does it help to take turns?",
        "Simultaneous steps spiral away from the equilibrium. What if the players take turns?",
        ["They reach the equilibrium", "They circle it at the same distance", "They spiral out as before"],
        1,
        "One step of each player, one after the other, turns and shears the plane but does not change areas: its "
        "eigenvalues lie on the unit circle, so distances neither grow nor shrink. To converge, the game needs a "
        "penalty such as R1.",
    ),
)
def _alternating(trial: ClaimTrial) -> Outcome:
    """The same game from the same point, in both ways, without a penalty."""
    start, steps = beginning(trial.seed), trial.size(500, 200)
    orbits = {
        "simultaneous steps": orbit(start, 0.0, steps),
        "alternating steps": orbit(start, 0.0, steps, alternating),
    }
    together, in_turn = (states.norm(dim=1) / states[0].norm() for states in orbits.values())
    equilibrium = torch.zeros(2, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda state: alternating(state, 0.0), equilibrium)

    def draw(figure: Figure) -> None:
        _draw_orbits(figure, orbits, {"simultaneous steps": RED, "alternating steps": GREEN})

    figures = {
        "alternating: largest distance of an eigenvalue's modulus from 1": (
            (torch.linalg.eigvals(jacobian).abs() - 1).abs().max().item()
        ),
        "simultaneous: final distance / first distance": together[-1].item(),
        "alternating: smallest distance / first distance": in_turn.min().item(),
        "alternating: largest distance / first distance": in_turn.max().item(),
    }
    return Outcome(figures, draw)
