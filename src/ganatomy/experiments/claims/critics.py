"""What keeps critics smooth: clipped weights, the gradient penalty, spectral normalisation."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import (
    ClaimTrial,
    Criterion,
    Lesson,
    Outcome,
    number,
    panels,
    register_claim,
)
from ganatomy.experiments.claims.pictures import BLUE, GREY, ORANGE, RED, name_curve
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import squared_gradient_norms
from ganatomy.system.lazy import torch
from ganatomy.theory.densities import Mixture, ring

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ganatomy.theory.game import PointDiscriminator

DEPTH, WIDTH = 8, 64  # of a deep critic: gradients have a long way


def real_ring() -> Mixture:
    """The real points of Gulrajani et al. 2017, figure 1."""
    return ring(radius=2.0, deviation=0.02)


def points(random: torch.Generator, side: str, count: int = 256) -> torch.Tensor:
    """Points [count, 2] of the ring ("real"), or of the ring with noise of standard deviation 1 ("fake")."""
    x = real_ring().sample(count, random)
    return x if side == "real" else x + torch.randn(count, 2, generator=random)


def train_critic(trial: ClaimTrial, clip: float = 0.0, penalty: float = 0.0) -> PointDiscriminator:
    """A Wasserstein critic trained between the ring and the noisy ring: Gulrajani et al. 2017, figure 1.

    clip: the largest weight; penalty: the weight of the gradient penalty; 0 is none.
    """
    from ganatomy.gan.method import Batch
    from ganatomy.theory.game import PointDiscriminator, new_game

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trial.seed)
        critic = PointDiscriminator(2, WIDTH, depth=DEPTH)
    penalties = {"wgan_gp": penalty} if penalty else {}
    rates = (0.0, 1e-3)
    game = new_game(2, "wasserstein", penalties, learning_rates=rates, seed=trial.seed, clip=clip, discriminator=critic)
    for step in range(trial.size(1000, 500)):
        real, fake = (points(game.random.at(side, step), side) for side in ("real", "fake"))
        game.discriminator_step(Batch(real), Batch(fake), step)
    return critic


def gradient_norms(critic: PointDiscriminator, x: torch.Tensor) -> list[float]:
    """‖∂D/∂h‖ of every hidden layer's output h, from the first to the last: means over points [B, 2]."""
    hidden, h = [], x
    for layer in critic.layers:
        h = layer(h)
        if isinstance(layer, torch.nn.ReLU):
            hidden.append(h)
    gradients = torch.autograd.grad(h.sum(), hidden)
    return [gradient.norm(dim=1).mean().item() for gradient in gradients]


@register_claim(
    "clipping",
    place=14,
    sentence="Clipped weights drive a critic to crude functions, and its gradients vanish or explode on their way "
    "back; the gradient penalty keeps their norm near 1.",
    source="Gulrajani et al. 2017 (arXiv:1704.00028), section 3, figure 1",
    criteria={
        "orders of magnitude between the first and the last layer's gradient, clipped at 0.1": Criterion(
            "many: explodes or vanishes", low=1.0
        ),
        "the same, clipped at 0.01": Criterion("many", low=1.0),
        "the same, with the penalty": Criterion("none", high=1.0),
        "median ‖∇D‖ with the penalty": Criterion("1", low=0.8, high=1.2),
    },
    lesson=Lesson(
        "What does clipping do to gradients?",
        "A deep critic is kept smooth by clipping its weights. What happens to gradients on their way back?",
        ["They explode or vanish", "They keep their size", "They become exactly 1"],
        0,
        "Layer after layer multiplies by weights whose size was dictated. The penalty constrains the gradient itself, "
        "so its norm stays near 1.",
        "target=far&objective=wasserstein&clip=0.01&moves=d200",
        "After 200 steps of a critic with clipped weights, no arrow is long enough to be seen.",
    ),
)
def _clipping(trial: ClaimTrial) -> Outcome:
    critics = {
        "clipped at 0.1": train_critic(trial, clip=0.1),
        "clipped at 0.01": train_critic(trial, clip=0.01),
        "penalty": train_critic(trial, penalty=10.0),
    }
    random = torch.Generator().manual_seed(trial.seed)
    x = torch.cat([points(random, "real", 1000), points(random, "fake", 1000)])
    between = points(random, "real", 1000).lerp(points(random, "fake", 1000), torch.rand(1000, 1, generator=random))
    layers = {name: gradient_norms(critic, x) for name, critic in critics.items()}
    spans = {name: abs(log10(norms[0] / norms[-1])) for name, norms in layers.items()}
    slopes = squared_gradient_norms(critics["penalty"], between).sqrt().detach()

    def draw(figure: Figure) -> None:
        left, right = panels(figure, 1, 2, width_ratios=[2, 3])
        axes = left.subplots()
        for (name, norms), colour in zip(layers.items(), (RED, ORANGE, BLUE), strict=True):
            axes.semilogy(range(1, len(norms) + 1), norms, "o-", color=colour)
            axes.annotate(name, (1, norms[0]), (6, 8), textcoords="offset points", color=colour)
        axes.set(xlabel="hidden layer, from the input to the score", ylabel="norm of the gradient at the layer")
        axes.set_title("gradients on their way back")
        axes.margins(y=0.15)
        right.suptitle("value of the critic, from its least to its greatest", fontsize=11)
        for axes, (name, critic), colour in zip(
            right.subplots(1, 3), critics.items(), (RED, ORANGE, BLUE), strict=True
        ):
            _draw_surface(axes, critic)
            axes.set_title(name, color=colour)

    figures = {
        "orders of magnitude between the first and the last layer's gradient, clipped at 0.1": spans["clipped at 0.1"],
        "the same, clipped at 0.01": spans["clipped at 0.01"],
        "the same, with the penalty": spans["penalty"],
        "median ‖∇D‖ with the penalty": slopes.median().item(),
    }
    return Outcome(figures, draw)


def _draw_surface(axes: Axes, critic: PointDiscriminator, side: float = 3.5, cells: int = 60) -> None:
    """A critic's values as colours, between its own least and greatest, which are written below; dots: real modes."""
    axis = torch.linspace(-side, side, cells)
    with torch.no_grad():
        surface = critic(torch.cartesian_prod(axis, axis)).double().view(cells, cells).T
    low, high = surface.min().item(), surface.max().item()
    axes.imshow(surface.numpy(), origin="lower", extent=(-side, side, -side, side), cmap="viridis", vmin=low, vmax=high)
    x, y = real_ring().centres.T
    axes.scatter(x, y, s=14, color="white", edgecolors="black", linewidths=0.8)
    axes.set(xticks=[], yticks=[], xlabel=f"greatest − least:\n{number(high - low, 2)}")


def largest_singular_values(network: torch.nn.Module) -> list[float]:
    """The largest singular value of every layer's weight, as a matrix [outputs, everything else]."""
    network.eval()
    layers = [layer for layer in network.modules() if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d))]
    return [torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item() for layer in layers]


@register_claim(
    "spectral-normalisation",
    place=15,
    sentence="Spectral normalisation bounds every layer's largest singular value by 1.",
    source="Miyato et al. 2018 (arXiv:1802.05957), eq. 8",
    criteria={
        "largest singular value of any layer": Criterion("1", low=0.9, high=1.02),
        "the same without normalisation": Criterion("more", low=1.1),
    },
    lesson=Lesson(
        "What does spectral normalisation bound?",
        "What does spectral normalisation keep at 1 or below?",
        ["Every weight", "Every layer's largest singular value", "The discriminator's loss"],
        1,
        "A layer stretches no vector by more than its largest singular value. Dividing by it bounds the whole network.",
    ),
)
def _spectral_normalisation(trial: ClaimTrial) -> Outcome:
    """Residual discriminators with and without, trained on images with a bright side."""
    from ganatomy.networks import resnet

    found = {}
    for norm in ("spectral", "none"):
        with torch.random.fork_rng(devices=[]):
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

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for norm, values in found.items():
            colour, name = (ORANGE, "without") if norm == "none" else (BLUE, "with spectral\nnormalisation")
            axes.plot(range(1, len(values) + 1), values, "o", color=colour)
            name_curve(axes, len(values), values[-1], name, colour, "top")
        axes.axhline(1, color=GREY, linestyle=":", zorder=0)
        axes.set(xlabel="layer of a discriminator", ylabel="largest singular value")
        axes.set(xlim=(0.5, len(values) + 2), ylim=(0, None), xticks=range(1, len(values) + 1))

    figures = {
        "largest singular value of any layer": max(found["spectral"]),
        "the same without normalisation": max(found["none"]),
    }
    return Outcome(figures, draw)
