"""The page's texts for a game of the lab, which has points instead of images."""

from html import escape
from typing import Any

READING = (  # paragraphs
    "Top: generated points on the target; the discriminator's output everywhere, with its gradient at generated "
    "points; the output of the optimal discriminator, p/(p + q). Bottom: how the generator maps its latent space; the "
    "value of the game for this discriminator and for the optimal one; how far D is from the optimal one.",
    "V near −log 4 alone means nothing: a discriminator that has learnt nothing and says ½ everywhere has it too. It "
    "means that q is p only if D is near the optimal one, so that V is near −log 4 + 2·JSD.",
)
TRIES = {
    "more discriminator steps: D stays nearer to p/(p + q)": "{target} --k 5",
    "pairing and penalties: all modes are kept": "{target} --objective relativistic_pairing --penalty r1=0.1 "
    "--penalty r2=0.1",
    "a Wasserstein critic": "{target} --objective wasserstein --penalty wgan_gp=1 --k 5",
    "the minimax loss, far from the data: D wins, and the gradient vanishes": "far --objective minimax --steps 500",
}


def tries(info: dict[str, Any]) -> dict[str, str]:
    """Commands worth trying, most of them on the same target, by what they show."""
    target = escape(str(info["lab"]))
    return {words: f"ganatomy lab {rest.format(target=target)}" for words, rest in TRIES.items()}
