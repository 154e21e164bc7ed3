"""What the page says of a game of the lab, where there are points instead of images."""

from html import escape
from typing import Any

READING = """<p>Top: points of the generator on the target; what the discriminator says of every place, and where its
gradient sends generated points; what the best discriminator, p/(p + q), would say. Below: how the generator bends its
latent space; what the game is worth to the discriminator, and to the best one; how far the discriminator is from the
best.</p>"""
TRIES = {
    "--k 5": "more discriminator steps: D comes nearer to p/(p + q)",
    "--objective minimax --lr-d 5e-3": "a strong discriminator and the saturating loss: the generator stands still",
    "--objective relativistic_pairing --penalty r1=0.1 --penalty r2=0.1": "what keeps all modes",
    "--objective wasserstein --penalty wgan_gp=1 --k 5": "a Wasserstein critic",
}


def tries(info: dict[str, Any]) -> dict[str, str]:
    """Commands worth trying on the same target, by what they show."""
    target = escape(str(info["lab"]))
    return {words: f"ganatomy lab {target} {options}" for options, words in TRIES.items()}
