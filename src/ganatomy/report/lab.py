"""The page's texts for a game of the lab, which has points instead of images."""

from html import escape
from typing import Any

READING = """<p>Top: generated points on the target; the discriminator's output everywhere, with its gradient at
generated points; the output of the optimal discriminator, p/(p + q). Bottom: how the generator maps its latent space;
the value of the game for this discriminator and for the optimal one; the distance between the two.</p>"""
TRIES = {
    "--k 5": "more discriminator steps: D comes nearer to p/(p + q)",
    "--objective minimax --lr-d 5e-3": "a strong discriminator with the saturating loss: the gradient vanishes",
    "--objective relativistic_pairing --penalty r1=0.1 --penalty r2=0.1": "all modes are kept",
    "--objective wasserstein --penalty wgan_gp=1 --k 5": "a Wasserstein critic",
}


def tries(info: dict[str, Any]) -> dict[str, str]:
    """Commands worth trying on the same target, by what they show."""
    target = escape(str(info["lab"]))
    return {words: f"ganatomy lab {target} {options}" for options, words in TRIES.items()}
