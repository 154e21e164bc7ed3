"""Draws the same latent vectors again and again, so that one can watch the generator learn."""

from torch import Tensor

from ganatomy.modalities.images import enlarge, grid, save_png, to_uint8
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State


class Snapshots(Callback):
    """samples/STEP.png, a grid of the averaged generator's images: at the start, every `every` steps and at the end."""

    def __init__(self, run: Run, z: Tensor, every: int) -> None:
        self.run, self.z, self.every = run, z, every

    def begin(self, state: State) -> None:
        if state.step == 0:
            self.draw(state)

    def after_step(self, state: State) -> None:
        if state.step % self.every == 0:
            self.draw(state)

    def end(self, state: State) -> None:
        if state.step % self.every:
            self.draw(state)

    def draw(self, state: State) -> None:
        """The grid of this step."""
        pixels = to_uint8(state.method.sample(self.z))
        save_png(self.run.path / "samples" / f"{state.step:06d}.png", enlarge(grid(pixels), 480))
        self.run.event("snapshot", step=state.step)
