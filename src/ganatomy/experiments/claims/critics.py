"""Distances with and without a slope, and what keeps critics smooth."""

from itertools import pairwise
from math import log, log10

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from ganatomy import build
from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial
from ganatomy.gan.method import Batch
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import squared_gradient_norms
from ganatomy.networks import resnet
from ganatomy.theory import divergences
from ganatomy.theory.densities import ring, segments
from ganatomy.theory.game import new_game
from ganatomy.theory.grid import Grid

LINE = Grid([-1], [5], [1200])


# --- disjoint supports ------------------------------------------------------------------------------------------------


def apart(shift: float) -> tuple[float, float]:
    """(JSD, W₁) of the uniform distribution on [0, 0.5] and the same moved by `shift`."""
    p, q = LINE.masses(segments((0.0, 0.5))), LINE.masses(segments((shift, shift + 0.5)))
    return divergences.jensen_shannon(p, q).item(), divergences.wasserstein(p, q, LINE.widths.item()).item()


def slope_through(objective: str, trial: Trial, **critic: float) -> float:
    """|∂L_G/∂θ|, the generator's own gradient, of points moved by θ = 3, through a critic trained against them."""
    penalties = [build.penalty(name, weight) for name, weight in critic.items()]
    table = new_game(1, OBJECTIVES[objective], penalties, learning_rates=(0.0, 2e-3), seed=trial.seed, width=64)
    real, moved = segments((0.0, 0.5)), segments((3.0, 3.5))
    for step in range(trial.size(2000, 600)):
        batches = [
            each.sample(table.batch, table.random.at(side, step)) for side, each in (("real", real), ("fake", moved))
        ]
        table.discriminator_step(Batch(batches[0]), Batch(batches[1]), step)
    shift = torch.zeros(1, requires_grad=True)
    fakes = moved.sample(4096, table.random.at("judged")) + shift
    loss = table.objective.losses(torch.zeros(len(fakes)), table.discriminator.network(fakes)).generator
    return torch.autograd.grad(loss, shift)[0].abs().item()


def _disjoint(trial: Trial) -> Evidence:
    shifts = np.linspace(0, 4, 81)
    rows = np.array([apart(shift) for shift in shifts.tolist()])
    beyond = shifts >= 0.5
    slopes = np.diff(rows[:, 1]) / np.diff(shifts)
    return Evidence(
        {
            "JSD apart: largest distance from log 2": float(np.abs(rows[beyond, 0] - log(2)).max()),
            "W₁: largest distance of its slope from 1": float(np.abs(slopes - 1).max()),
            "slope through a trained minimax D": slope_through("minimax", trial),
            "slope through a trained Wasserstein critic": slope_through("wasserstein", trial, wgan_gp=10.0),
        },
        {"shifts": shifts, "rows": rows},
    )


def _draw_disjoint(figure: Figure, evidence: Evidence) -> None:
    place, seen = figure.subplots(), evidence.seen
    place.plot(seen["shifts"], seen["rows"][:, 0], color="#2f855a", label="Jensen–Shannon divergence")
    place.plot(seen["shifts"], seen["rows"][:, 1], color="#2b6cb0", label="Wasserstein distance")
    place.axhline(log(2), color="#4a5568", linestyle=":", label="log 2")
    place.axvspan(0.5, 4, color="#4a5568", alpha=0.08, label="nothing in common")
    place.set(xlabel="how far apart two intervals of length ½ lie")
    place.legend()


# --- clipping against the penalty -------------------------------------------------------------------------------------

DEPTH = 8


class Deep(nn.Sequential):
    """A deep critic of points in the plane: gradients have a long way."""

    def __init__(self, width: int = 64) -> None:
        sizes = [2, *[width] * DEPTH]
        hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
        super().__init__(*hidden, nn.Linear(width, 1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return super().forward(x).squeeze(1)


def critic(trial: Trial, clip: float = 0.0, penalty: float = 0.0) -> Deep:
    """A Wasserstein critic trained between a ring and the ring with noise: Gulrajani et al. 2017, figure 1."""
    penalties = [build.penalty("wgan_gp", penalty)] if penalty else []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trial.seed)
        network = Deep()
    objective = OBJECTIVES["wasserstein"]
    rates = (0.0, 1e-3)
    table = new_game(2, objective, penalties, learning_rates=rates, seed=trial.seed, clip=clip, discriminator=network)
    for step in range(trial.size(1000, 500)):
        real, fake = (points(table.random.at(side, step), side) for side in ("real", "fake"))
        table.discriminator_step(Batch(real), Batch(fake), step)
    return network


RING = ring(radius=2.0, deviation=0.02)


def points(random: torch.Generator, side: str, count: int = 256) -> Tensor:
    """Of the ring, or of the ring with noise of deviation 1."""
    x = RING.sample(count, random)
    return x if side == "real" else x + torch.randn(count, 2, generator=random)


def norms_of_layers(network: Deep, x: Tensor) -> list[float]:
    """‖∂D/∂h‖ of every hidden layer's output h, from the first to the last, mean over points."""
    hidden, h = [], x
    for layer in network:
        h = layer(h)
        if isinstance(layer, nn.ReLU):
            hidden.append(h)
    gradients = torch.autograd.grad(h.sum(), hidden)
    return [gradient.norm(dim=1).mean().item() for gradient in gradients]


def _clipping(trial: Trial) -> Evidence:
    ways = {"clipped at 0.1": {"clip": 0.1}, "clipped at 0.01": {"clip": 0.01}, "penalty": {"penalty": 10.0}}
    critics = {name: critic(trial, **options) for name, options in ways.items()}
    random = torch.Generator().manual_seed(trial.seed)
    x = torch.cat([points(random, "real", 1000), points(random, "fake", 1000)])
    between = points(random, "real", 1000).lerp(points(random, "fake", 1000), torch.rand(1000, 1, generator=random))
    layers = {name: norms_of_layers(network, x) for name, network in critics.items()}
    spans = {name: abs(log10(norms[0] / norms[-1])) for name, norms in layers.items()}
    slopes = {name: squared_gradient_norms(network, between).sqrt().detach() for name, network in critics.items()}
    axis = torch.linspace(-3.5, 3.5, 60)
    plane = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        surfaces = {name: network(plane).view(60, 60).T for name, network in critics.items()}
    return Evidence(
        {
            "orders of magnitude between the first and the last layer's gradient, clipped at 0.1": spans[
                "clipped at 0.1"
            ],
            "the same, clipped at 0.01": spans["clipped at 0.01"],
            "the same, penalty": spans["penalty"],
            "median ‖∇D‖ with the penalty": slopes["penalty"].median().item(),
        },
        {"layers": layers, "surfaces": surfaces},
    )


def _draw_clipping(figure: Figure, evidence: Evidence) -> None:
    seen = evidence.seen
    places = figure.subplots(1, 1 + len(seen["surfaces"]))
    for name, norms in seen["layers"].items():
        places[0].semilogy(range(1, len(norms) + 1), norms, "o-", label=name)
    places[0].set(xlabel="layer", ylabel="‖∂D/∂h‖", title="gradients on their way back")
    places[0].legend(fontsize=8)
    for place, (name, surface) in zip(places[1:], seen["surfaces"].items(), strict=True):
        place.contour(surface, 14, extent=(-3.5, 3.5, -3.5, 3.5), cmap="viridis")
        place.scatter(*RING.centres.T, s=12, color="black")
        span = surface.max() - surface.min()
        place.set(title=f"critic, {name}\nfrom lowest to highest: {span:.2g}", xticks=[], yticks=[], aspect="equal")


# --- spectral normalisation -------------------------------------------------------------------------------------------


def largest_singular_values(network: nn.Module) -> list[float]:
    """Of every weight, as the matrix of its outputs by everything else."""
    network.eval()
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    return [torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item() for layer in layers]


def _spectral(trial: Trial) -> Evidence:
    """Residual discriminators trained to tell bright from dark halves, with and without."""
    found = {}
    for norm in ("spectral", "none"):
        torch.manual_seed(trial.seed)
        network = resnet.Discriminator((1, 16, 16), width=16, norm=norm)
        optimiser = torch.optim.Adam(network.parameters(), 1e-3, (0.5, 0.9))
        random = torch.Generator().manual_seed(trial.seed)
        for _ in range(trial.size(200, 40)):
            fake = torch.rand(32, 1, 16, 16, generator=random) * 2 - 1
            real = (fake + torch.linspace(-1, 1, 16)).clamp(-1, 1)
            losses = OBJECTIVES["hinge"].losses(network(real), network(fake))
            optimiser.zero_grad()
            losses.discriminator.backward()
            optimiser.step()
        found[norm] = largest_singular_values(network)
    return Evidence(
        {
            "largest singular value of any layer": max(found["spectral"]),
            "the same without normalisation": max(found["none"]),
        },
        found,
    )


def _draw_spectral(figure: Figure, evidence: Evidence) -> None:
    place = figure.subplots()
    for name, values in evidence.seen.items():
        place.plot(range(1, len(values) + 1), values, "o", label={"none": "without", "spectral": "spectral"}[name])
    place.axhline(1, color="#4a5568", linestyle=":")
    place.set(xlabel="layer", ylabel="largest singular value", ylim=(0, None))
    place.legend()


CLAIMS: list[Claim] = [
    Claim(
        "disjoint-supports",
        "Where real and generated have nothing in common, their Jensen–Shannon divergence is log 2 and has no slope; "
        "the Wasserstein distance has.",
        "Arjovsky et al. 2017 (arXiv:1701.07875), example 1",
        _disjoint,
        {
            "JSD apart: largest distance from log 2": Criterion("0", high=1e-6),
            "W₁: largest distance of its slope from 1": Criterion("0", high=1e-6),
            "slope through a trained minimax D": Criterion("0", high=0.02),
            "slope through a trained Wasserstein critic": Criterion("1", low=0.8, high=1.2),
        },
        _draw_disjoint,
    ),
    Claim(
        "clipping",
        "Clipped weights drive a critic to crude functions, and its gradients vanish or explode on their way back; the "
        "gradient penalty keeps their norm near 1.",
        "Gulrajani et al. 2017 (arXiv:1704.00028), section 3, figure 1",
        _clipping,
        {
            "orders of magnitude between the first and the last layer's gradient, clipped at 0.1": Criterion(
                "many: explodes or vanishes", low=1.0
            ),
            "the same, clipped at 0.01": Criterion("many", low=1.0),
            "the same, penalty": Criterion("none", high=1.0),
            "median ‖∇D‖ with the penalty": Criterion("1", low=0.8, high=1.2),
        },
        _draw_clipping,
    ),
    Claim(
        "spectral-normalisation",
        "Spectral normalisation bounds every layer's largest singular value by 1.",
        "Miyato et al. 2018 (arXiv:1802.05957), eq. 8",
        _spectral,
        {
            "largest singular value of any layer": Criterion("1", low=0.9, high=1.02),
            "the same without normalisation": Criterion("more", low=1.1),
        },
        _draw_spectral,
    ),
]
