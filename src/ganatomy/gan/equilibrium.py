"""The losses at a game's equilibrium, where generated and real images cannot be told apart. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Equilibrium:
    """Of one objective, at p_g = p_data and the best discriminator.

    discriminator, generator   their losses; the generator's is None where only differences of scores count
    response                   |∂L_G/∂s| of one generated image with score s: how strongly the generator is pushed
    texts                      the losses as people write them, by player
    score                      the discriminator's score of every image
    """

    discriminator: float
    generator: float | None
    response: float
    texts: Mapping[str, str]
    score: float = 0.0

    @property
    def levels(self) -> dict[str, tuple[float, str]]:
        """Losses with how people write them, by player."""
        known = {"discriminator": self.discriminator, "generator": self.generator}
        return {player: (loss, self.texts[player]) for player, loss in known.items() if loss is not None}


def equilibrium_at(
    discriminator: tuple[float, str], generator: tuple[float, str] | None, response: float, score: float = 0.0
) -> Equilibrium:
    """An equilibrium from losses with how people write them: (log(4), "log 4")."""
    given = {"discriminator": discriminator, "generator": generator}
    texts = {player: level[1] for player, level in given.items() if level is not None}
    return Equilibrium(discriminator[0], generator and generator[0], response, texts, score)
