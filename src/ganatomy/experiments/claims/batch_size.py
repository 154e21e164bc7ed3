"""What more points in a batch bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.optimum import divergences_while_playing, late
from ganatomy.experiments.claims.pictures import BLUE, GREEN, ORANGE, name_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCHES = (8, 64, 512)
ROUNDS = 1600


@register_claim(
    "batch-size",
    place=16.5,
    sentence="For the same number of steps, a larger batch brings the generator closer to the data, on average.",
    source="Brock et al. 2019 (arXiv:1809.11096), section 3.1",
    criteria={
        f"JSD after {ROUNDS:,} rounds, batches of {BATCHES[2]} / {BATCHES[0]}": Criterion(
            "below 1", high=1.0, interval=True
        ),
        f"JSD after as many points, batches of {BATCHES[2]} / {BATCHES[0]}": Criterion("more than 1"),
    },
    lesson=Lesson(
        "Large batches, or small ones?",
        "Two games have the same number of steps, one with batches of 8 points and one with 512. Which generator is "
        "closer to the data in the end?",
        ["That of the small batches: noise helps", "That of the large batches", "They are equal"],
        1,
        "Each step follows a mean over the batch. The mean of few points is noisy, and the players wander around what "
        "they would otherwise reach. Large batches also cost as many points more, so this says nothing of equal cost.",
    ),
)
def _batch_size(trial: ClaimTrial) -> Outcome:
    from ganatomy.theory.game import new_game

    rounds, every = trial.size(ROUNDS, 800), 25
    curves = {
        batch: divergences_while_playing(
            new_game(1, "non_saturating", seed=trial.seed, batch=batch, width=64), rounds, every
        )
        for batch in BATCHES
    }
    small, *_, large = BATCHES
    as_many = max(rounds * small // large // every, 1)  # measurements of the large batches until then

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        for colour, (batch, curve) in zip((ORANGE, BLUE, GREEN), curves.items(), strict=True):
            steps = every * np.arange(1, len(curve) + 1)
            calm = [float(np.median(curve[max(i - 6, 0) : i + 7])) for i in range(len(curve))]
            left.semilogy(steps, curve, color=colour, linewidth=0.6, alpha=0.4)
            left.semilogy(steps, calm, color=colour, linewidth=2)
            name_curve(left, steps[-1], calm[-1], f"batches of {batch}", colour)
            right.loglog(steps * batch, curve, color=colour, linewidth=0.6, alpha=0.4)
            right.loglog(steps * batch, calm, color=colour, linewidth=2)
            right.annotate(
                f"{batch}", (steps[0] * batch, calm[0]), (-4, 0), textcoords="offset points", color=colour, ha="right"
            )
        left.set(title="for the same rounds", xlabel="rounds", ylabel="JSD, nats: distance from the data")
        left.set_xlim(0, 1.45 * rounds)
        right.set(title="for the same points", xlabel="real points seen")

    figures = {
        f"JSD after {ROUNDS:,} rounds, batches of {large} / {small}": late(curves[large]) / late(curves[small]),
        f"JSD after as many points, batches of {large} / {small}": curves[large][as_many - 1] / late(curves[small]),
    }
    return Outcome(figures, draw)
