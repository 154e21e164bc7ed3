"""What reaches the generator: through which loss, from which discriminator, and from nowhere else."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Generator, Tensor, nn

from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory import pushforward
from ganatomy.theory.densities import gaussians
from ganatomy.theory.divergences import wasserstein
from ganatomy.theory.game import batches_of, new_game, play
from ganatomy.theory.grid import Grid

LINE = Grid([-4], [8], [480])
REAL = gaussians(4.0, deviation=0.5)  # far from where an untrained generator begins, around 0
P = LINE.masses(REAL)
LOSSES = {"minimax": "#c53030", "non_saturating": "#2b6cb0"}


def distance(table: Adversarial) -> float:
    """W₁ between real and generated points."""
    q = pushforward.change_of_variables(table.generator.network, LINE)
    return wasserstein(P, q, LINE.widths.item()).item()


def followed(table: Adversarial, rounds: int, every: int = 10) -> list[float]:
    """The distance before the game and after every so many rounds."""
    found = [distance(table)]
    for step in range(0, rounds, every):
        play(REAL, table, step + every, begin=step)
        found.append(distance(table))
    return found


def progress(found: list[float]) -> float:
    """The share of the way that was made."""
    return 1 - found[-1] / found[0]


def new(objective: str, trial: Trial, rates: tuple[float, float], k: int = 1) -> Adversarial:
    """A game of small networks far from its target."""
    return new_game(1, OBJECTIVES[objective], learning_rates=rates, seed=trial.seed, discriminator_steps=k, width=64)


# --- the slope of the losses ------------------------------------------------------------------------------------------


def slopes(objective: str, scores: Tensor) -> Tensor:
    """∂L_G/∂s of each score, by autograd through the library's own loss."""
    scores = scores.clone().requires_grad_()
    loss = OBJECTIVES[objective].losses(torch.zeros_like(scores), scores).generator
    return torch.autograd.grad(loss, scores)[0] * len(scores)


def _saturation(trial: Trial) -> Evidence:
    """At chosen scores; and in a game, at the fakes of a discriminator that has learnt to tell them."""
    scores = torch.linspace(-12, 6, 181, dtype=torch.float64)
    found = {name: slopes(name, scores) for name in LOSSES}
    table = new("minimax", trial, (0.0, 2e-3))
    batches = batches_of(REAL, table)
    steps = trial.size(600, 200)
    curve = []
    for step in range(steps):
        z = table.prior.sample(table.batch, table.random.at("latent", step))
        fake = Batch(table.generator.network(z).detach())
        table.discriminator_step(batches(step, 0), fake, step)
        if step % 20 == 19:
            judged = table.discriminator.network(fake.images).detach()
            reaching = {name: slopes(name, judged).abs().mean().item() for name in LOSSES}
            curve.append((step + 1, judged.sigmoid().mean().item(), reaching))
    certain = curve[-1]
    return Evidence(
        {
            "minimax: largest |slope + σ(s)|": (found["minimax"] + scores.sigmoid()).abs().max().item(),
            "minimax: |slope| on fakes of a trained D": certain[2]["minimax"],
            "non-saturating: |slope| on the same fakes": certain[2]["non_saturating"],
        },
        {"scores": scores, "slopes": found, "curve": curve},
    )


def _draw_saturation(figure: Figure, evidence: Evidence) -> None:
    left, right = figure.subplots(1, 2)
    seen = evidence.seen
    for name, colour in LOSSES.items():
        left.plot(seen["scores"].sigmoid(), seen["slopes"][name].abs(), color=colour, label=name.replace("_", "-"))
        right.semilogy([point[0] for point in seen["curve"]], [point[2][name] for point in seen["curve"]], color=colour)
    right.semilogy(
        [point[0] for point in seen["curve"]],
        [point[1] for point in seen["curve"]],
        ":",
        color="black",
        label="D(G(z))",
    )
    left.set(xlabel="D(G(z))", ylabel="|slope| of the generator's loss in the score")
    right.set(xlabel="discriminator steps against a fixed generator", ylabel="mean |slope| on its fakes")
    left.legend()
    right.legend()


# --- early training, too strong, too weak -----------------------------------------------------------------------------


EARLY = 150  # rounds, in which the non-saturating loss arrives


def _early(trial: Trial) -> Evidence:
    """The same networks, data and discriminator steps; only the generator's loss differs."""
    rounds = trial.size(2 * EARLY, EARLY)
    curves = {name: followed(new(name, trial, (2e-4, 2e-3), k=3), rounds) for name in LOSSES}
    made = {name: progress(found[: EARLY // 10 + 1]) for name, found in curves.items()}
    return Evidence(
        {
            f"way made in {EARLY} rounds, non-saturating": made["non_saturating"],
            "way made, minimax over non-saturating": made["minimax"] / made["non_saturating"],
        },
        {"curves": curves},
    )


def _draw_early(figure: Figure, evidence: Evidence) -> None:
    place = figure.subplots()
    for name, found in evidence.seen["curves"].items():
        place.plot(10 * np.arange(len(found)), found, color=LOSSES[name], label=name.replace("_", "-"))
    place.set(xlabel="generator steps", ylabel="distance of real and generated (W₁)", ylim=(0, None))
    place.legend()


BALANCES = {"too weak": (0.0, 1), "in balance": (1e-3, 1), "too strong": (5e-3, 20)}  # rate and steps of D


def _balance(fault: str, trial: Trial) -> Evidence:
    """The same generator against a discriminator in balance with it, and against one that is not."""
    rounds = trial.size(400, 200)
    curves = {
        name: followed(new("minimax", trial, (5e-4, rate), k), rounds)
        for name, (rate, k) in BALANCES.items()
        if name in ("in balance", fault)
    }
    balanced, faulty = progress(curves["in balance"]), progress(curves[fault])
    return Evidence(
        {"way made in balance": balanced, "way made against the other, over that": faulty / balanced},
        {"curves": curves},
    )


def _draw_balance(figure: Figure, evidence: Evidence) -> None:
    place = figure.subplots()
    for name, found in evidence.seen["curves"].items():
        colour = "#2b6cb0" if name == "in balance" else "#c53030"
        place.plot(10 * np.arange(len(found)), found, color=colour, label=f"discriminator {name}")
    place.set(xlabel="generator steps", ylabel="distance of real and generated (W₁)", ylim=(0, None))
    place.legend()


# --- through the discriminator alone ----------------------------------------------------------------------------------


def _alone(trial: Trial) -> Evidence:
    """The generator's step with other real points, with D's gradient cut, and with D's judgement reversed."""
    table = play(REAL, new("non_saturating", trial, (1e-3, 1e-3)), 20)
    generator, network = table.generator.network, table.discriminator.network
    z = table.prior.sample(table.batch, Generator().manual_seed(trial.seed))
    one, other = (gaussians(centre).sample(table.batch, Generator().manual_seed(9)) for centre in (4.0, -4.0))

    def step(judge: Callable[[Tensor], Tensor], real: Tensor) -> list[Tensor]:
        """∂L_G of every parameter of the generator."""
        loss = table.objective.losses(judge(real), judge(generator(z))).generator
        return list(torch.autograd.grad(loss, list(generator.parameters()), allow_unused=True, materialize_grads=True))

    steps = {
        "as it is": step(network, one),
        "other real points": step(network, other),
        "D's gradient cut": step(lambda x: network(x.detach()), one),
        "D's judgement reversed": step(lambda x: -network(x), one),
    }
    flat = {name: torch.cat([each.flatten() for each in found]) for name, found in steps.items()}
    usual = flat["as it is"]
    return Evidence(
        {
            "gradient's change with other real points": (flat["other real points"] - usual).abs().max().item(),
            "gradient with D's gradient cut": flat["D's gradient cut"].abs().max().item(),
            "gradient's change with the judgement reversed, relative": (
                (flat["D's judgement reversed"] - usual).norm() / usual.norm()
            ).item(),
        },
        {"fakes": generator(z).detach(), "moves": {name: moved(generator, z, found) for name, found in steps.items()}},
    )


@torch.no_grad()
def moved(generator: nn.Module, z: Tensor, gradients: list[Tensor], rate: float = 0.01) -> Tensor:
    """How far each point goes when the generator makes one step down those gradients: [B]. Changes nothing."""
    parameters = dict(generator.named_parameters())
    stepped = {name: each - rate * down for (name, each), down in zip(parameters.items(), gradients, strict=True)}
    there: Tensor = torch.func.functional_call(generator, stepped, (z,))
    return (there - generator(z)).squeeze(1)


def _draw_alone(figure: Figure, evidence: Evidence) -> None:
    fakes, moves = evidence.seen["fakes"].squeeze(1)[:40], evidence.seen["moves"]
    for place, (name, found) in zip(figure.subplots(1, len(moves), sharex=True), moves.items(), strict=True):
        heights = torch.linspace(0, 1, len(fakes))
        ends = fakes + 20 * found[: len(fakes)]  # a single step is short
        for height, start, end in zip(heights.tolist(), fakes.tolist(), ends.tolist(), strict=True):
            place.annotate("", (end, height), (start, height), arrowprops={"arrowstyle": "->", "color": "#2b6cb0"})
        place.scatter(fakes, heights, s=8, color="#dd6b20", zorder=3)
        place.axvline(-4 if name == "other real points" else 4, color="#4a5568", linewidth=6, alpha=0.3)
        place.set(title=name, xlim=(-5, 5), xlabel="x", yticks=[])
    figure.suptitle("Where one step sends generated points (orange); the grey line: where real points are")


CLAIMS: list[Claim] = [
    Claim(
        "saturation",
        "The generator's gradient through log(1 − D(G(z))) vanishes as D(G(z)) → 0; through −log D(G(z)) it does not.",
        "Goodfellow et al. 2014, section 3",
        _saturation,
        {
            "minimax: largest |slope + σ(s)|": Criterion("the slope is −σ(s)", high=1e-9),
            "minimax: |slope| on fakes of a trained D": Criterion("0", high=0.02),
            "non-saturating: |slope| on the same fakes": Criterion("1", low=0.98),
        },
        _draw_saturation,
    ),
    Claim(
        "early-training",
        "Without the non-saturating loss, training crawls as long as the discriminator has an easy game.",
        "Goodfellow et al. 2014, section 3",
        _early,
        {
            f"way made in {EARLY} rounds, non-saturating": Criterion("it learns", low=0.3),
            "way made, minimax over non-saturating": Criterion("far below 1", high=0.5),
        },
        _draw_early,
    ),
    Claim(
        "too-strong",
        "A discriminator that is made too strong stalls the generator of the minimax game.",
        "Arjovsky & Bottou 2017 (arXiv:1701.04862), theorem 2.4",
        partial(_balance, "too strong"),
        {
            "way made in balance": Criterion("it learns", low=0.3),
            "way made against the other, over that": Criterion("far below 1", high=0.5),
        },
        _draw_balance,
    ),
    Claim(
        "too-weak",
        "From a discriminator that is too weak the generator has nothing to learn.",
        "Goodfellow et al. 2014, section 3",
        partial(_balance, "too weak"),
        {
            "way made in balance": Criterion("it learns", low=0.3),
            "way made against the other, over that": Criterion("far below 1", high=0.5),
        },
        _draw_balance,
    ),
    Claim(
        "discriminators-gradient-alone",
        "The generator never sees a real sample: it learns from the discriminator's gradient alone.",
        "Goodfellow et al. 2014, section 6",
        _alone,
        {
            "gradient's change with other real points": Criterion("exactly 0", high=0.0),
            "gradient with D's gradient cut": Criterion("exactly 0", high=0.0),
            "gradient's change with the judgement reversed, relative": Criterion("not 0", low=0.5),
        },
        _draw_alone,
    ),
]
