# %% [markdown]
# # The game between a generator and a discriminator, step by step
#
# Run it as a script, `python examples/the_game.py`, or cell by cell in any editor that knows `# %%`. Each cell says
# what theory predicts, plays a small game on the library's own losses and loop, and prints what was measured. Pictures
# go to `the_game/`. It takes a few minutes on two CPU cores; `--quick` takes less than one and measures less exactly.

# %%
import sys
from math import log
from pathlib import Path

import torch

from ganatomy.experiments.claims.api import draw
from ganatomy.experiments.claims.claim import ClaimTrial, catalogue, number
from ganatomy.theory import divergences
from ganatomy.theory.densities import gaussians
from ganatomy.theory.grid import Grid
from ganatomy.theory.optimum import optimal_scores, value

QUICK, PICTURES = "--quick" in sys.argv, Path("the_game")
PICTURES.mkdir(exist_ok=True)
torch.set_num_threads(1)  # networks this small are slower on several


def measure(name: str) -> None:
    """Make a claim's experiment once: print its figures, save its picture."""
    claim = catalogue()[name]
    outcome = claim.experiment(ClaimTrial(quick=QUICK))
    print(f"\n{claim.sentence}")
    for figure, criterion in claim.criteria.items():
        print(f"  {figure}: {number(outcome.figures[figure])}   (theory: {criterion.predicted})")
    draw(outcome, PICTURES / f"{name}.png")


# %% [markdown]
# ## The optimal discriminator
#
# Two distributions on the line: p, the real one, and q, what some generator makes. At x, real points have density p(x)
# and generated ones q(x). The best estimate of the probability that a point at x is real is p/(p + q): that is
# proposition 1 of the 2014 paper. As a raw score it is log p − log q.

# %%
real, generated = gaussians(0.0), gaussians(1.0)
for x in (-2.0, 0.5, 2.0):
    point = torch.tensor([x]).double()
    score = optimal_scores(real.log_density(point), generated.log_density(point))
    print(f"at x = {x:4}: the optimal D says {score.sigmoid():.3f}")

# A network that is trained against a fixed generator comes close to it.
measure("best-discriminator")

# %% [markdown]
# ## The value of the game
#
# Put p/(p + q) into V(D, G) = E log D(x) + E log(1 − D(G(z))), and the result is −log 4 + 2·JSD(p, q): the best that
# the discriminator can reach measures how far apart the two distributions are. That is theorem 1.

# %%
line = Grid([-8], [8], [800])
p, q = line.masses(real), line.masses(generated)
scores = optimal_scores(p.log(), q.log())
worth, divergence = value(p, q, scores).item(), divergences.jensen_shannon(p, q).item()
print(f"V with the optimal D: {worth:.6f}; −log 4 + 2·JSD: {-log(4) + 2 * divergence:.6f}")
measure("value")

# %% [markdown]
# ## Where it ends
#
# The Jensen–Shannon divergence is 0 where q = p and positive everywhere else. So −log 4 = −1.386 is the least that the
# generator can bring the game down to, and there the optimal discriminator says ½ of everything: it can only guess.

# %%
print(f"V at q = p: {value(p, p, torch.zeros_like(p)).item():.6f}; −log 4 = {-log(4):.6f}")
measure("minimum")
measure("equilibrium")

# %% [markdown]
# ## Which loss the generator gets
#
# Early in training the discriminator wins easily: D(G(z)) is near 0. The slope of log(1 − D(G(z))) in the score is
# −σ(s) = −D(G(z)): the worse the generator, the smaller its gradient. The slope of −log D(G(z)) is −(1 − D(G(z))): the
# worse the generator, the larger its gradient. Both have the same fixed points.

# %%
measure("saturation")
measure("same-discriminator")
measure("early-training")

# %% [markdown]
# ## How strong the discriminator should be
#
# With the minimax loss, a discriminator that always wins leaves the generator no gradient.

# %%
measure("too-strong")

# %% [markdown]
# `ganatomy lab ring` draws such a game while it is played; `ganatomy claims --run all` decides these claims and the
# others over five seeds each, and docs/CLAIMS.md has the results.
