"""What more steps of the discriminator in each round bring."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.optimum import LINE, divergences_while_playing, late, real_data, scores_on_line
from ganatomy.experiments.claims.pictures import BLUE, GREEN, ORANGE, name_curve
from ganatomy.theory import pushforward
from ganatomy.theory.optimum import distance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (ORANGE, BLUE, GREEN)
K = (1, 5, 20)
UPDATES = 2400  # of both players together


def distances_from_optimum(k: int, trial: ClaimTrial) -> list[float]:
    """Mean |D − D*| after every ten rounds, with a discriminator that must hurry to keep up."""
    from ganatomy.theory.game import new_game, play

    game = new_game(1, "non_saturating", seed=trial.seed, discriminator_steps=k, learning_rates=(1e-3, 2e-4))
    p, found = LINE.masses(real_data()), []
    for step in range(0, trial.size(300, 60), 10):
        play(real_data(), game, step + 10, begin=step)
        q = pushforward.change_of_variables(game.generator.network, LINE)
        found.append(distance(p, q, scores_on_line(game)))
    return found


def results(k: int, trial: ClaimTrial, updates: int) -> tuple[list[int], list[float]]:
    """JSD over a game in which both players have the same rate; and the updates of both, so far."""
    from ganatomy.theory.game import new_game

    game = new_game(1, "non_saturating", seed=trial.seed, discriminator_steps=k, width=64)
    every = max(60 // (k + 1), 1)
    curve = divergences_while_playing(game, updates // (k + 1) // every * every, every)
    return [(i + 1) * every * (k + 1) for i in range(len(curve))], curve


@register_claim(
    "more-steps",
    place=16,
    sentence="The more discriminator steps per generator step, the closer D stays to its optimum. On two Gaussians "
    "five steps also give a better generator than one, for the same number of updates.",
    source="Goodfellow et al. 2014, section 4, Algorithm 1; its authors used k = 1, the least expensive",
    criteria={
        f"mean |D − D*|, k = {K[1]} / k = {K[0]}": Criterion("below 1", high=0.9),
        f"mean |D − D*|, k = {K[2]} / k = {K[1]}": Criterion("below 1", high=0.9),
        f"JSD after {UPDATES:,} updates, k = {K[1]} / k = {K[0]}": Criterion("below 1", high=0.9),
        f"JSD after {UPDATES:,} updates, k = {K[2]} / k = {K[1]}": Criterion("either"),
    },
    lesson=Lesson(
        "What do more steps of D change?",
        "k is raised: more discriminator steps per generator step. The discriminator then stays …",
        ["… closer to p/(p + q)", "… farther from it", "… as far as before"],
        0,
        "Its optimum moves with every step of the generator. More steps in between let it keep up. They are not free: "
        "with k = 20 only one update in 21 is the generator's.",
        "target=two&k=5&moves=r60",
        "After 60 rounds D is nearer to D* than with k = 1.",
    ),
)
def _more_steps(trial: ClaimTrial) -> Outcome:
    """D's distance from D* over games of equal rounds; the generator's from the data over games of equal updates."""
    curves = {k: distances_from_optimum(k, trial) for k in K}
    means = {k: float(np.mean(distances)) for k, distances in curves.items()}
    games = {k: results(k, trial, trial.size(UPDATES, 1800)) for k in K}
    ends = {k: late(divergences) for k, (_, divergences) in games.items()}

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for colour, k in zip(COLOURS, K, strict=True):
            rounds = 10 * np.arange(1, len(curves[k]) + 1)
            left.plot(rounds, curves[k], color=colour)
            name_curve(left, rounds[-1], curves[k][-1], f"k = {k}", colour)
            updates, divergences = games[k]
            right.semilogy(updates, divergences, color=colour)
            name_curve(right, updates[-1], divergences[-1], f"k = {k}", colour)
        left.set(title="how far D is from D*", xlabel="rounds", ylabel="mean |D − D*|")
        left.set(xlim=(0, 12 * len(curves[1])), ylim=(0, None))
        right.set(title="how far G is from the data", xlabel="updates of D and G together", ylabel="JSD, nats")
        right.set_xlim(0, 1.2 * UPDATES)

    figures = {
        **{f"mean |D − D*|, k = {b} / k = {a}": means[b] / means[a] for a, b in pairwise(K)},
        **{f"JSD after {UPDATES:,} updates, k = {b} / k = {a}": ends[b] / ends[a] for a, b in pairwise(K)},
    }
    return Outcome(figures, draw)
