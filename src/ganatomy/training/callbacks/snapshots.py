"""Draws images of the same latent vectors throughout the training."""

from torch import Tensor

from ganatomy.modalities.images import enlarge, grid, save_png, to_uint8
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State


class Snapshots(Callback):
    """samples/STEP.png, a grid of the averaged generator's images: at the start, every `every` steps and at the end."""

    def __init__(self, run: Run, z: Tensor, every: int) -> None:
        """z: codes of the prior, [N, D]; every: steps between grids."""
        self.run, self.z, self.every = run, z, every

    def begin(self, state: State) -> None:
        """Draw the grid of step 0."""
        if state.step == 0:
            self.draw(state)

    def after_step(self, state: State) -> None:
        """Draw a grid at every `every`-th step."""
        if state.step % self.every == 0:
            self.draw(state)

    def end(self, state: State) -> None:
        """Draw the grid of the last step."""
        if state.step % self.every:
            self.draw(state)

    def draw(self, state: State) -> None:
        """Write the grid of this step."""
        pixels = to_uint8(state.method.sample(self.z))
        save_png(self.run.at("samples", f"{state.step:06d}.png"), enlarge(grid(pixels), 480))
        self.run.event("snapshot", step=state.step)
