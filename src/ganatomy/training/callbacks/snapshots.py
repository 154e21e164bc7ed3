"""Draws samples of the same latent vectors throughout the training."""

from torch import Tensor

from ganatomy.modalities.modality import Modality
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State


class Snapshots(Callback):
    """samples/STEP.png, what the averaged generator draws: at the start, every `every` steps, at the end."""

    def __init__(self, run: Run, z: Tensor, every: int, modality: Modality) -> None:
        """z: codes of the prior, [N, D]; every: steps between previews; modality: of the samples."""
        self.run, self.z, self.every, self.modality = run, z, every, modality

    def begin(self, state: State) -> None:
        """Preview step 0."""
        if state.step == 0:
            self.draw(state)

    def after_step(self, state: State) -> None:
        """Preview every `every`-th step."""
        if state.step % self.every == 0:
            self.draw(state)

    def end(self, state: State) -> None:
        """Preview the last step."""
        if state.step % self.every:
            self.draw(state)

    def draw(self, state: State) -> None:
        """Write the preview of this step."""
        drawn = self.modality.stored(state.method.sample(self.z))
        self.modality.preview(self.run.at("samples", f"{state.step:06d}.png"), drawn)
        self.run.event("snapshot", step=state.step)
