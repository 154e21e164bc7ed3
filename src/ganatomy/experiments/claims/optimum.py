"""The best discriminator, what the game is worth to it, and where the game ends: Goodfellow et al. 2014, section 4."""

from collections.abc import Iterator
from math import log

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Generator, Tensor, nn
from torch.nn.functional import logsigmoid

from ganatomy import build
from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory import divergences, pushforward
from ganatomy.theory.densities import gaussians
from ganatomy.theory.game import batches_of, cosine_decay, new_game, play
from ganatomy.theory.grid import Grid
from ganatomy.theory.optimum import optimal_scores, value

LINE, WIDE = Grid([-6], [6], [600]), Grid([-12], [12], [1200])
REAL = gaussians(-1.0, 1.0, deviation=0.6)
P = LINE.masses(REAL)
X = LINE.points().squeeze(1)


# --- likelihood -------------------------------------------------------------------------------------------------------


def _likelihood(trial: Trial) -> Evidence:
    """A normal q of variance 1.5² at every mean: its negative log-likelihood and its KL, from the same p."""
    means, deviation = torch.linspace(-3, 3, 61), 1.5
    points = REAL.sample(trial.size(400_000, 50_000), Generator().manual_seed(trial.seed)).double()
    p = WIDE.masses(REAL)
    entropy = -torch.xlogy(p, p / WIDE.widths).sum().item()
    likelihoods = [-gaussians(mean, deviation=deviation).log_density(points).mean().item() for mean in means.tolist()]
    kls = [divergences.kl(p, WIDE.masses(gaussians(mean, deviation=deviation))).item() for mean in means.tolist()]
    gap = np.array(likelihoods) - np.array(kls) - entropy
    return Evidence(
        {
            "distance of the curves": float(np.abs(gap).max()),
            "distance of the minima": abs(means[np.argmin(likelihoods)] - means[np.argmin(kls)]).item(),
        },
        {"means": means, "likelihood": likelihoods, "kl": kls, "entropy": entropy},
    )


def _draw_likelihood(figure: Figure, evidence: Evidence) -> None:
    seen, place = evidence.seen, figure.subplots()
    place.plot(
        seen["means"], np.array(seen["kl"]) + seen["entropy"], label="KL(p ‖ q) + entropy of p", linewidth=4, alpha=0.4
    )
    place.plot(
        seen["means"], seen["likelihood"], ".", label="mean negative log-likelihood of points of p", color="black"
    )
    place.set(xlabel="mean of the model q", ylabel="nats")
    place.legend()


# --- the best discriminator -------------------------------------------------------------------------------------------


class Moved(nn.Module):
    """A generator that is known: z ↦ shift + scale·z, normal with that mean and deviation."""

    def __init__(self, shift: float, scale: float) -> None:
        super().__init__()
        self.shift, self.scale = shift, scale

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.shift + self.scale * z

    def masses(self) -> Tensor:
        """q in the cells of the line."""
        return LINE.masses(gaussians(self.shift, deviation=self.scale))


def facing(generator: nn.Module, steps: int, seed: int) -> Iterator[Adversarial]:
    """A game in which only the discriminator moves: before its first step, and after each of so many."""
    rule = cosine_decay(2e-3, steps)
    table = new_game(1, OBJECTIVES["minimax"], batch=512, learning_rates=(0.0, rule), seed=seed)
    batches = batches_of(REAL, table)
    yield table
    for step in range(steps):
        z = table.prior.sample(table.batch, table.random.at("latent", step))
        table.discriminator_step(batches(step, 0), Batch(generator(z)), step)
        yield table


def faced(generator: nn.Module, steps: int, seed: int) -> Adversarial:
    """The same after the last step."""
    *_, table = facing(generator, steps, seed)
    return table


def judged(table: Adversarial) -> Tensor:
    """Raw scores in the middles of the cells, [N], float64."""
    with torch.no_grad():
        return table.discriminator.network(X[:, None].float()).double()


def off_the_best(scores: Tensor, q: Tensor) -> float:
    """Mean |D − D*| over points of p and q alike."""
    best = optimal_scores(P.log(), q.log()).sigmoid()
    return ((scores.sigmoid() - best).abs() * (P + q) / 2).nansum().item()


def _best(trial: Trial) -> Evidence:
    generator = Moved(1.5, 1.0)
    q, steps = generator.masses(), trial.size(1000, 300)
    at = [0, steps // 30, steps // 10, steps]
    scores = [judged(table) for step, table in enumerate(facing(generator, steps, trial.seed)) if step in at]
    far = [off_the_best(each, q) for each in scores]
    return Evidence(
        {"mean |D − D*| before": far[0], "mean |D − D*| after": far[-1]},
        {"q": q, "steps": at, "scores": scores, "off": far},
    )


def _draw_best(figure: Figure, evidence: Evidence) -> None:
    seen = evidence.seen
    places = figure.subplots(1, len(seen["steps"]), sharey=True)
    best = optimal_scores(P.log(), seen["q"].log()).sigmoid()
    for place, step, scores, off in zip(places, seen["steps"], seen["scores"], seen["off"], strict=True):
        top = max(P.max(), seen["q"].max())
        place.fill_between(X, P / top / 2, color="#4a5568", alpha=0.3, linewidth=0, label="p, real")
        place.fill_between(X, seen["q"] / top / 2, color="#dd6b20", alpha=0.3, linewidth=0, label="q, generated")
        place.plot(X, best, color="#2f855a", linewidth=4, alpha=0.5, label="p/(p + q)")
        place.plot(X, scores.sigmoid(), color="#2b6cb0", label="D")
        place.set(title=f"after {step:,} steps\nmean |D − D*| {off:.3f}", xlim=(-4, 4), ylim=(0, 1))
    places[0].legend(fontsize=8)


# --- its value --------------------------------------------------------------------------------------------------------

SHIFTS = (0.0, 0.5, 1.0, 2.0, 4.0)


def played_value(table: Adversarial, generator: nn.Module, seed: int) -> float:
    """V(D, G) by fresh points."""
    random = Generator().manual_seed(10_000 + seed)
    with torch.no_grad():
        real = table.discriminator.network(REAL.sample(100_000, random))
        fake = table.discriminator.network(generator(pushforward.stratified(100_000, 1, random).float()))
    return (logsigmoid(real).mean() + logsigmoid(-fake).mean()).item()


def _value(trial: Trial) -> Evidence:
    rows = []
    for shift in SHIFTS[:: trial.size(1, 2)]:
        generator = Moved(shift, 1.0)
        table = faced(generator, trial.size(1000, 300), trial.seed)
        divergence = divergences.jensen_shannon(P, generator.masses()).item()
        rows.append((divergence, played_value(table, generator, trial.seed)))
    off = max(abs(found - (-log(4) + 2 * divergence)) for divergence, found in rows)
    return Evidence({"largest |V − (−log 4 + 2·JSD)|, nats": off}, {"rows": rows})


def _draw_value(figure: Figure, evidence: Evidence) -> None:
    place, line = figure.subplots(), np.linspace(0, log(2), 2)
    place.plot(line, -log(4) + 2 * line, color="#2f855a", linewidth=4, alpha=0.5, label="−log 4 + 2·JSD(p, q)")
    place.plot(*zip(*evidence.seen["rows"], strict=True), "o", color="#2b6cb0", label="V(D, G), D trained")
    place.set(xlabel="Jensen–Shannon divergence of p and q, nats", ylabel="value of the game, nats")
    place.legend()


# --- the minimum ------------------------------------------------------------------------------------------------------


def _minimum(trial: Trial) -> Evidence:
    """What the game is worth to the best discriminator, for many q: p itself and p ever further from itself."""
    random = Generator().manual_seed(trial.seed)
    shifts = torch.linspace(-3, 3, 121)
    worth = []
    for shift in shifts.tolist():
        q = LINE.masses(gaussians(shift - 1, shift + 1, deviation=0.6))
        worth.append(value(P, q, optimal_scores(P.log(), q.log())).item())
    others = []
    for _ in range(trial.size(200, 50)):
        q = P * torch.randn(len(P), generator=random, dtype=torch.float64).mul(0.3).exp()
        q = q / q.sum()
        others.append(value(P, q, optimal_scores(P.log(), q.log())).item())
    return Evidence(
        {
            "V at q = p, nats above −log 4": worth[60] + log(4),
            "least V at other q, nats above −log 4": min(min(worth[:60] + worth[61:]), *others) + log(4),
        },
        {"shifts": shifts, "worth": worth},
    )


def _draw_minimum(figure: Figure, evidence: Evidence) -> None:
    place = figure.subplots()
    place.plot(evidence.seen["shifts"], evidence.seen["worth"], color="#2f855a", label="V with the best discriminator")
    place.axhline(-log(4), color="#4a5568", linestyle=":", label="−log 4")
    place.axhline(0, color="#4a5568", linestyle="--", linewidth=0.7, label="0: nothing in common")
    place.set(xlabel="how far q is moved away from p", ylabel="nats")
    place.legend()


# --- equilibrium ------------------------------------------------------------------------------------------------------


def _equilibrium(trial: Trial) -> Evidence:
    """The whole game, to its end: D learns faster than G, so that it is ½ because nothing can be told; rates fall."""
    steps = trial.size(2000, 600)
    rates = (cosine_decay(2e-4, steps), cosine_decay(2e-3, steps))
    penalties = [build.penalty("r1", 0.02)]
    table = new_game(1, OBJECTIVES["non_saturating"], penalties, width=64, learning_rates=rates, seed=trial.seed)
    play(REAL, table, steps)
    scores, q = judged(table), pushforward.change_of_variables(table.generator.network, LINE)
    off = ((scores.sigmoid() - 0.5).abs() * P).sum().item()
    return Evidence(
        {"mean |D − ½| over real points": off, "JSD of p and q, nats": divergences.jensen_shannon(P, q).item()},
        {"scores": scores, "q": q},
    )


def _draw_equilibrium(figure: Figure, evidence: Evidence) -> None:
    left, right = figure.subplots(1, 2)
    left.plot(X, P / LINE.widths, ":", color="#4a5568", label="p, real")
    left.fill_between(
        X, evidence.seen["q"] / LINE.widths, color="#dd6b20", alpha=0.4, linewidth=0, label="q, generated"
    )
    right.plot(X, evidence.seen["scores"].sigmoid(), color="#2b6cb0", label="D(x)")
    right.axhline(0.5, color="#4a5568", linestyle=":", label="½")
    right.set(ylim=(0, 1))
    for place in (left, right):
        place.set(xlim=(-4, 4))
        place.legend()


# --- k ----------------------------------------------------------------------------------------------------------------

KS = (1, 5, 20)


def _more_steps(trial: Trial) -> Evidence:
    """Mean distance of D from D* over the whole game, k discriminator steps for each of the generator's."""
    rounds, curves = trial.size(300, 60), {}
    objective, rates = OBJECTIVES["non_saturating"], (1e-3, 2e-4)  # a D that must hurry to keep up
    for k in KS:
        table = new_game(1, objective, seed=trial.seed, discriminator_steps=k, learning_rates=rates)
        found = []
        for step in range(0, rounds, 10):
            play(REAL, table, step + 10, begin=step)
            found.append(off_the_best(judged(table), pushforward.change_of_variables(table.generator.network, LINE)))
        curves[k] = found
    means = {k: float(np.mean(found)) for k, found in curves.items()}
    return Evidence(
        {
            f"mean |D − D*|, k = {KS[1]} over k = {KS[0]}": means[KS[1]] / means[KS[0]],
            f"mean |D − D*|, k = {KS[2]} over k = {KS[1]}": means[KS[2]] / means[KS[1]],
        },
        {"curves": curves},
    )


def _draw_more_steps(figure: Figure, evidence: Evidence) -> None:
    place = figure.subplots()
    for k, found in evidence.seen["curves"].items():
        place.plot(10 * np.arange(1, len(found) + 1), found, label=f"k = {k}")
    place.set(xlabel="generator steps", ylabel="mean |D − D*|", ylim=(0, None))
    place.legend()


GOODFELLOW = "Goodfellow et al. 2014"
CLAIMS: list[Claim] = [
    Claim(
        "likelihood",
        "Maximising likelihood is minimising the Kullback–Leibler divergence from the data to the model.",
        f"{GOODFELLOW}, section 1; Goodfellow 2016, section 1",
        _likelihood,
        {
            "distance of the curves": Criterion("0 but for sampling", high=0.03),
            "distance of the minima": Criterion("0", high=0.1 + 1e-6),  # one step of the grid of means
        },
        _draw_likelihood,
    ),
    Claim(
        "best-discriminator",
        "For a fixed generator, a discriminator that is trained approaches p/(p + q).",
        f"{GOODFELLOW}, proposition 1",
        _best,
        {
            "mean |D − D*| before": Criterion("far", low=0.1),
            "mean |D − D*| after": Criterion("0", high=0.03),
        },
        _draw_best,
    ),
    Claim(
        "value",
        "With the best discriminator the game is worth −log 4 + 2·JSD(p, q).",
        f"{GOODFELLOW}, theorem 1, eq. 6",
        _value,
        {"largest |V − (−log 4 + 2·JSD)|, nats": Criterion("0", high=0.03)},
        _draw_value,
    ),
    Claim(
        "minimum",
        "The least that the game can be worth to the best discriminator is −log 4, where q = p and nowhere else.",
        f"{GOODFELLOW}, theorem 1",
        _minimum,
        {
            "V at q = p, nats above −log 4": Criterion("0", low=-1e-9, high=1e-9),
            "least V at other q, nats above −log 4": Criterion("more than 0", low=1e-5),
        },
        _draw_minimum,
    ),
    Claim(
        "equilibrium",
        "At equilibrium the discriminator says ½ everywhere.",
        f"{GOODFELLOW}, figure 1 (d)",
        _equilibrium,
        {
            "mean |D − ½| over real points": Criterion("0", high=0.03),
            "JSD of p and q, nats": Criterion("0", high=0.02),
        },
        _draw_equilibrium,
    ),
    Claim(
        "more-steps",
        "The more discriminator steps for each of the generator's, the nearer D stays to its optimum.",
        f"{GOODFELLOW}, section 4, Algorithm 1",
        _more_steps,
        {
            f"mean |D − D*|, k = {KS[1]} over k = {KS[0]}": Criterion("below 1", high=0.9),
            f"mean |D − D*|, k = {KS[2]} over k = {KS[1]}": Criterion("below 1", high=0.9),
        },
        _draw_more_steps,
    ),
]
