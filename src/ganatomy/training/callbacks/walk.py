"""Draws a walk through latent space when a session ends."""

from ganatomy.gan.latent import walk
from ganatomy.gan.priors import Prior
from ganatomy.modalities.images import enlarge, save_animation, to_uint8
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State

SEEDS = list(range(8))
FRAMES = 96
SECONDS = 8.0


class Walk(Callback):
    """walk.webp, made when the training ends or is stopped."""

    def __init__(self, run: Run, prior: Prior) -> None:
        self.run, self.prior = run, prior

    def end(self, state: State) -> None:
        """Write the animation."""
        path = walk(self.prior, self.prior.of_seeds(SEEDS), FRAMES)
        frames = [enlarge(to_uint8(state.method.sample(z))[0], 128) for z in path.split(1)]
        save_animation(self.run.at("walk.webp"), frames, SECONDS)
