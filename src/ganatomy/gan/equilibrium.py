"""Where a game rests when nobody can tell generated images from real ones.

As in `objectives`, whose room imports torch; the tests compare.
"""

from dataclasses import dataclass
from math import log


@dataclass(frozen=True)
class Equilibrium:
    """Of one objective, at p_g = p_data and the best discriminator.

    discriminator, generator   their losses; the generator's is None where only differences of scores count
    score                      what the discriminator says of every image
    response                   |∂L_G/∂s| of a generated image, its score s: how loudly the generator is told to move
    texts                      the losses as people write them, by player
    """

    discriminator: float
    generator: float | None
    response: float
    texts: dict[str, str]
    score: float = 0.0

    @property
    def levels(self) -> dict[str, tuple[float, str]]:
        """Losses with how people write them, by player."""
        known = {"discriminator": self.discriminator, "generator": self.generator}
        return {player: (loss, self.texts[player]) for player, loss in known.items() if loss is not None}


def _of(discriminator: float, generator: float | None, response: float, *texts: str, score: float = 0.0) -> Equilibrium:
    players = dict(zip(("discriminator", "generator"), texts, strict=False))
    return Equilibrium(discriminator, generator, response, players, score)


EQUILIBRIA = {
    "minimax": _of(log(4), -log(2), 0.5, "log 4", "−log 2"),
    "non_saturating": _of(log(4), log(2), 0.5, "log 4", "log 2"),
    "least_squares": _of(0.25, 0.125, 0.5, "¼", "⅛", score=0.5),
    "wasserstein": _of(0.0, None, 1.0, "0"),
    "hinge": _of(2.0, None, 1.0, "2"),
    "relativistic_pairing": _of(log(2), log(2), 0.5, "log 2", "log 2"),
}
