"""Ends a sitting with something to look at: a latent walk and the report."""

from ganatomy import report
from ganatomy.fit import Callback, State
from ganatomy.images import enlarge, save_animation, to_uint8
from ganatomy.latent import walk
from ganatomy.priors import Prior
from ganatomy.run import Run

WALK_SEEDS = list(range(8))
WALK_FRAMES = 96
WALK_SECONDS = 8.0


class Summary(Callback):
    """walk.webp and report.html, made when the training ends or is stopped."""

    def __init__(self, run: Run, prior: Prior) -> None:
        self.run, self.prior = run, prior

    def end(self, state: State) -> None:
        path = walk(self.prior, self.prior.of_seeds(WALK_SEEDS), WALK_FRAMES)
        frames = [enlarge(to_uint8(state.method.sample(z))[0], 128) for z in path.split(1)]
        save_animation(self.run.path / "walk.webp", frames, WALK_SECONDS)
        report.write(self.run)
