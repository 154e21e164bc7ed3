"""The optimal discriminator of a fixed generator, and the game's value with it: Goodfellow et al. 2014, section 4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.pictures import GREEN, GREY, name_curve
from ganatomy.system.lazy import F, torch
from ganatomy.theory import divergences, pushforward
from ganatomy.theory.densities import Mixture, gaussians
from ganatomy.theory.grid import Grid
from ganatomy.theory.optimum import distance, optimal_scores, value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.adversarial import Adversarial

LINE = Grid([-6], [6], [600])


def real_data() -> Mixture:
    """p: two Gaussians on the line."""
    return gaussians(-1.0, 1.0, deviation=0.6)


@dataclass(frozen=True)
class ShiftedGenerator:
    """A fixed generator z ↦ shift + scale·z, whose q is known: normal with that mean and standard deviation."""

    shift: float
    scale: float = 1.0

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        """Points [B, 1] of latent vectors [B, 1]."""
        return self.shift + self.scale * z

    def masses(self) -> torch.Tensor:
        """q in the cells of the line, [N]."""
        return LINE.masses(gaussians(self.shift, deviation=self.scale))


def train_discriminator(generator: ShiftedGenerator, steps: int, seed: int) -> Iterator[Adversarial]:
    """A game in which only the discriminator learns: before its first step, and after each of them."""
    from ganatomy.gan.method import Batch
    from ganatomy.theory.game import batches_of, cosine_decay, new_game

    game = new_game(1, "minimax", batch=512, learning_rates=(0.0, cosine_decay(2e-3, steps)), seed=seed)
    batches = batches_of(real_data(), game)
    yield game
    for step in range(steps):
        z = game.prior.sample(game.batch, game.random.at("latent", step))
        game.discriminator_step(batches(step, 0), Batch(generator(z)), step)
        yield game


def scores_on_line(game: Adversarial) -> torch.Tensor:
    """The discriminator's raw scores at the centres of the cells, [N], float64."""
    with torch.no_grad():
        return game.discriminator.network(LINE.points().float()).double()


def divergences_while_playing(game: Adversarial, rounds: int, every: int) -> list[float]:
    """The Jensen–Shannon divergence of real and generated points, in nats, after every so many rounds of a game."""
    from ganatomy.theory.game import play

    p, found = LINE.masses(real_data()), []
    for begin in range(0, rounds, every):
        play(real_data(), game, begin + every, begin)
        q = pushforward.change_of_variables(game.generator.network, LINE, 1024)
        found.append(divergences.jensen_shannon(p, q).item())
    return found


def late(curve: list[float]) -> float:
    """The mean of a curve's last quarter."""
    return float(np.mean(curve[-max(len(curve) // 4, 1) :]))


@register_claim(
    "best-discriminator",
    place=2,
    sentence="A discriminator that is trained against a fixed generator approaches p/(p + q).",
    source="Goodfellow et al. 2014, proposition 1",
    criteria={
        "mean |D − D*| before training": Criterion("large", low=0.1),
        "mean |D − D*| after training": Criterion("0", high=0.03),
    },
    lesson=Lesson(
        "What does a discriminator converge to?",
        "The generator is fixed, and the discriminator is trained for a long time. What does it say of a point x?",
        ["1 for real points, 0 for generated ones", "p(x)/(p(x) + q(x))", "½ everywhere"],
        1,
        "At every x the discriminator maximises p·log D + q·log(1 − D), whose derivative is zero at p/(p + q). It can "
        "be certain only where one of the two has no probability.",
        "target=two&moves=r200.d500",
        "After 200 rounds and 500 more steps of D alone, its curve lies on p/(p + q).",
    ),
)
def _best_discriminator(trial: ClaimTrial) -> Outcome:
    generator = ShiftedGenerator(1.5)
    p, q, steps = LINE.masses(real_data()), generator.masses(), trial.size(1000, 300)
    shown = [0, steps // 30, steps // 10, steps]
    games = enumerate(train_discriminator(generator, steps, trial.seed))
    scores = {step: scores_on_line(game) for step, game in games if step in shown}
    distances = {step: distance(p, q, each) for step, each in scores.items()}

    def draw(figure: Figure) -> None:
        x, top = LINE.points().squeeze(1), max(p.max(), q.max())
        row = figure.subplots(1, len(scores), sharey=True, squeeze=False)[0]
        for axes, step in zip(row, scores, strict=True):
            axes.fill_between(x, p / top / 2, color="#4a5568", alpha=0.3, linewidth=0, label="p, real")
            axes.fill_between(x, q / top / 2, color="#dd6b20", alpha=0.3, linewidth=0, label="q, generated")
            optimum = optimal_scores(p.log(), q.log()).sigmoid()
            axes.plot(x, optimum, color="#2f855a", linewidth=4, alpha=0.5, label="p/(p + q)")
            axes.plot(x, scores[step].sigmoid(), color="#2b6cb0", label="D")
            title = f"after {step:,} steps\nmean |D − D*| {distances[step]:.3f}"
            axes.set(title=title, xlabel="x", xlim=(-4, 4), ylim=(0, 1))
        row[0].set_ylabel("D(x)")
        figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)

    figures = {
        "mean |D − D*| before training": distances[0],
        "mean |D − D*| after training": distances[steps],
    }
    return Outcome(figures, draw)


SHIFTS = (0.0, 0.5, 1.0, 2.0, 4.0)


def measured_value(game: Adversarial, generator: ShiftedGenerator, seed: int, count: int) -> float:
    """V(D, G), in nats, on `count` fresh points of either kind."""
    random = torch.Generator().manual_seed(10_000 + seed)
    with torch.no_grad():
        real = game.discriminator.network(real_data().sample(count, random))
        fake = game.discriminator.network(generator(pushforward.stratified(count, 1, random).float()))
    return (F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()).item()


@register_claim(
    "value",
    place=3,
    sentence="With the optimal discriminator the game is worth −log 4 + 2·JSD(p, q).",
    source="Goodfellow et al. 2014, theorem 1, eq. 6",
    criteria={"largest |V − (−log 4 + 2·JSD)|, nats": Criterion("0", high=0.03)},
    lesson=Lesson(
        "What is the game worth?",
        "Against the optimal discriminator, what does the value V(D*, G) measure?",
        ["How many points were drawn", "−log 4 + 2·JSD(p, q)", "The Wasserstein distance of p and q"],
        1,
        "Put D* = p/(p + q) into V: the two expectations are KL divergences from p and q to their average, each minus "
        "log 2. Together they are twice the Jensen–Shannon divergence, minus log 4.",
        "target=line&moves=r80.d200",
        "After 80 rounds and 200 more steps of D alone, V has come up to −log 4 + 2·JSD.",
    ),
)
def _value(trial: ClaimTrial) -> Outcome:
    p, rows = LINE.masses(real_data()), []
    for shift in SHIFTS[:: trial.size(1, 2)]:
        generator = ShiftedGenerator(shift)
        *_, game = train_discriminator(generator, trial.size(1000, 300), trial.seed)
        divergence = divergences.jensen_shannon(p, generator.masses()).item()
        rows.append((divergence, measured_value(game, generator, trial.seed, trial.size(100_000, 50_000))))

    def draw(figure: Figure) -> None:
        axes, line = figure.subplots(), np.linspace(0, log(2), 2)
        axes.plot(line, -log(4) + 2 * line, color="#2f855a", linewidth=4, alpha=0.5, label="−log 4 + 2·JSD(p, q)")
        axes.plot(*zip(*rows, strict=True), "o", color="#2b6cb0", label="V(D, G), D trained")
        axes.set(xlabel="Jensen–Shannon divergence of p and q, nats", ylabel="value of the game, nats")
        axes.legend()

    largest = max(abs(measured - (-log(4) + 2 * divergence)) for divergence, measured in rows)
    return Outcome({"largest |V − (−log 4 + 2·JSD)|, nats": largest}, draw)


@register_claim(
    "minimum",
    place=4,
    sentence="Against the optimal discriminator, the least value of the game is −log 4: at q = p and nowhere else.",
    source="Goodfellow et al. 2014, theorem 1",
    criteria={
        "V at q = p, nats above −log 4": Criterion("0", low=-1e-9, high=1e-9),
        "least V at any other q, nats above −log 4": Criterion("more than 0", low=1e-5),
    },
    lesson=Lesson(
        "Where does the game end?",
        "How low can a generator push the value of the game, against the optimal discriminator?",
        ["To −log 4, and only with q = p", "To −log 4, with many different q", "As low as it likes"],
        0,
        "JSD is never negative, and zero only where both distributions are the same: −log 4 is reached at q = p alone.",
        "target=line&moves=r600",
        "After 600 rounds q lies on p, and V is −log 4.",
    ),
)
def _minimum(trial: ClaimTrial) -> Outcome:
    """The value with the optimal discriminator, for many q: p itself, and p moved or distorted ever more."""
    random, p = torch.Generator().manual_seed(trial.seed), LINE.masses(real_data())

    def worth(q: torch.Tensor) -> float:
        return value(p, q, optimal_scores(p.log(), q.log())).item()

    shifts = torch.linspace(-3, 3, 121)
    moved = [worth(LINE.masses(gaussians(shift - 1, shift + 1, deviation=0.6))) for shift in shifts.tolist()]
    distorted = []
    for _ in range(trial.size(200, 50)):
        q = p * torch.randn(len(p), generator=random, dtype=torch.float64).mul(0.3).exp()
        distorted.append(worth(q / q.sum()))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(shifts, moved, color=GREEN)
        axes.axhline(-log(4), color=GREY, linestyle=":")
        axes.axhline(0, color=GREY, linestyle="--", linewidth=0.7)
        name_curve(axes, 3, moved[-1], "V, with the\noptimal D", GREEN)
        name_curve(axes, 3, -log(4), "−log 4", GREY, "bottom")
        name_curve(axes, 3, 0, "0: no overlap", GREY, "bottom")
        axes.plot(0, moved[60], "o", color=GREEN)
        axes.annotate("q = p", (0, moved[60]), (0, 10), textcoords="offset points", ha="center", color=GREEN)
        axes.set(xlabel="how far q is moved away from p", ylabel="value of the game, nats", xlim=(-3.1, 4.2))

    figures = {
        "V at q = p, nats above −log 4": moved[60] + log(4),
        "least V at any other q, nats above −log 4": min(*moved[:60], *moved[61:], *distorted) + log(4),
    }
    return Outcome(figures, draw)
