"""The whole game: where it ends, and how close the discriminator stays to its optimum on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.optimum import LINE, real_data, scores_on_line
from ganatomy.theory import divergences, pushforward
from ganatomy.theory.optimum import distance

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@register_claim(
    "equilibrium",
    place=5,
    sentence="At equilibrium the discriminator says ½ everywhere.",
    source="Goodfellow et al. 2014, figure 1 (d)",
    criteria={
        "mean |D − ½| over real points": Criterion("0", high=0.03),
        "JSD of p and q, nats": Criterion("0", high=0.02),
    },
    lesson=Lesson(
        "What the discriminator says at the end",
        "The generator has learnt the data. What does the discriminator say of real points?",
        ["1: they are real", "½: it can only guess", "0: it has been fooled"],
        1,
        "With q = p, p/(p + q) is ½ everywhere. The discriminator has not failed: there is nothing left to tell apart.",
        "target=line&moves=r600",
        "After 600 rounds D says ½ wherever there are points.",
    ),
)
def _equilibrium(trial: ClaimTrial) -> Outcome:
    """The game to its end. D learns faster than G, so that it says ½ because it cannot tell; the rates decay to 0."""
    from ganatomy.theory.game import cosine_decay, new_game, play

    steps = trial.size(2000, 600)
    rates = (cosine_decay(2e-4, steps), cosine_decay(2e-3, steps))
    game = new_game(1, "non_saturating", {"r1": 0.02}, width=64, learning_rates=rates, seed=trial.seed)
    play(real_data(), game, steps)
    scores, q = scores_on_line(game), pushforward.change_of_variables(game.generator.network, LINE)
    p = LINE.masses(real_data())

    def draw(figure: Figure) -> None:
        x = LINE.points().squeeze(1)
        left, right = figure.subplots(1, 2)
        left.plot(x, p / LINE.widths, ":", color="#4a5568", label="p, real")
        left.fill_between(x, q / LINE.widths, color="#dd6b20", alpha=0.4, linewidth=0, label="q, generated")
        right.plot(x, scores.sigmoid(), color="#2b6cb0", label="D(x)")
        right.axhline(0.5, color="#4a5568", linestyle=":", label="½")
        right.set(ylim=(0, 1))
        for axes in (left, right):
            axes.set(xlim=(-4, 4))
            axes.legend()

    figures = {
        "mean |D − ½| over real points": ((scores.sigmoid() - 0.5).abs() * p).sum().item(),
        "JSD of p and q, nats": divergences.jensen_shannon(p, q).item(),
    }
    return Outcome(figures, draw)


K = (1, 5, 20)


@register_claim(
    "more-steps",
    place=16,
    sentence="The more discriminator steps per generator step, the closer D stays to its optimum.",
    source="Goodfellow et al. 2014, section 4, Algorithm 1",
    criteria={
        f"mean |D − D*|, k = {K[1]} / k = {K[0]}": Criterion("below 1", high=0.9),
        f"mean |D − D*|, k = {K[2]} / k = {K[1]}": Criterion("below 1", high=0.9),
    },
    lesson=Lesson(
        "More steps for the discriminator",
        "k is raised: more discriminator steps per generator step. The discriminator then stays …",
        ["… closer to p/(p + q)", "… farther from it", "… as far as before"],
        0,
        "Its optimum moves with every step of the generator. More steps in between let it keep up.",
        "target=two&k=5&moves=r60",
        "After 60 rounds D is nearer to D* than with k = 1.",
    ),
)
def _more_steps(trial: ClaimTrial) -> Outcome:
    """Mean distance of D from D* over the whole game, for each k."""
    from ganatomy.theory.game import new_game, play

    p, curves = LINE.masses(real_data()), {}
    for k in K:
        rates = (1e-3, 2e-4)  # a discriminator that must hurry to keep up
        game = new_game(1, "non_saturating", seed=trial.seed, discriminator_steps=k, learning_rates=rates)
        distances: list[float] = []
        for step in range(0, trial.size(300, 60), 10):
            play(real_data(), game, step + 10, begin=step)
            q = pushforward.change_of_variables(game.generator.network, LINE)
            distances.append(distance(p, q, scores_on_line(game)))
        curves[k] = distances
    means = {k: float(np.mean(distances)) for k, distances in curves.items()}

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for k, distances in curves.items():
            axes.plot(10 * np.arange(1, len(distances) + 1), distances, label=f"k = {k}")
        axes.set(xlabel="generator steps", ylabel="mean |D − D*|", ylim=(0, None))
        axes.legend()

    figures = {
        f"mean |D − D*|, k = {K[1]} / k = {K[0]}": means[K[1]] / means[K[0]],
        f"mean |D − D*|, k = {K[2]} / k = {K[1]}": means[K[2]] / means[K[1]],
    }
    return Outcome(figures, draw)
