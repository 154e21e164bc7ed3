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

from ganatomy.experiments.claims import api as evidence
from ganatomy.experiments.claims.claim import Trial
from ganatomy.theory import divergences
from ganatomy.theory.densities import gaussians
from ganatomy.theory.grid import Grid
from ganatomy.theory.optimum import optimal_scores, value

QUICK, PICTURES = "--quick" in sys.argv, Path("the_game")
PICTURES.mkdir(exist_ok=True)


def see(name: str) -> None:
    """Make a claim's experiment once: print its figures, draw its picture."""
    claim = evidence.CLAIMS[name]
    found = claim.experiment(Trial(quick=QUICK))
    print(f"\n{claim.sentence}")
    for figure, criterion in claim.criteria.items():
        print(f"  {figure}: {found.figures[figure]:.4g}   (theory: {criterion.predicted})")
    evidence.draw(claim, found, PICTURES / f"{name}.png")


# %% [markdown]
# ## The best discriminator
#
# Two distributions on the line: p, the real one, and q, what some generator makes. At a place x, real points come with
# density p(x) and generated ones with q(x). Whoever sees a point there and must say how probably it is real can do no
# better than p/(p + q): that is proposition 1 of the 2014 paper. As a raw score it is log p − log q.

# %%
line = Grid([-8], [8], [800])
p, q = line.masses(gaussians(0.0)), line.masses(gaussians(1.0))
scores = optimal_scores(p.log(), q.log())
for x in (-2.0, 0.5, 2.0):
    cell = int((x + 8) / line.widths.item())
    print(f"at x = {x:4}: the best D says {scores[cell].sigmoid():.3f}")

# A network that is trained against a fixed generator comes close to it.
see("best-discriminator")

# %% [markdown]
# ## What the game is worth
#
# Put p/(p + q) into V(D, G) = E log D(x) + E log(1 − D(G(z))), and what comes out is −log 4 + 2·JSD(p, q): the
# discriminator's best result measures how far apart the two distributions are. That is theorem 1.

# %%
worth, divergence = value(p, q, scores).item(), divergences.jensen_shannon(p, q).item()
print(f"V with the best D: {worth:.6f}; −log 4 + 2·JSD: {-log(4) + 2 * divergence:.6f}")
see("value")

# %% [markdown]
# ## Where it ends
#
# The Jensen–Shannon divergence is 0 where q = p and positive everywhere else. So −log 4 = −1.386 is the least that the
# generator can bring the game down to, and there the best discriminator says ½ of everything: it can only guess.

# %%
print(f"V at q = p: {value(p, p, torch.zeros_like(p)).item():.6f}; −log 4 = {-log(4):.6f}")
see("minimum")
see("equilibrium")

# %% [markdown]
# ## Which loss the generator gets
#
# Early in training the discriminator wins easily: D(G(z)) is near 0. The slope of log(1 − D(G(z))) in the score is
# −σ(s) = −D(G(z)): the worse the generator, the less it hears. The slope of −log D(G(z)) is −(1 − D(G(z))): the worse
# it is, the more it hears. Both have the same fixed points.

# %%
see("saturation")
see("early-training")

# %% [markdown]
# ## How strong the discriminator should be
#
# With the minimax loss a discriminator that wins every time has nothing left to say to the generator.

# %%
see("too-strong")

# %% [markdown]
# `ganatomy lab ring` shows such a game as it goes; `ganatomy claims --run all` decides these claims and the others over
# five seeds each, and docs/CLAIMS.md has the results.
