"""Writes TensorBoard events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganatomy.runs.run import Run
from ganatomy.system import extras
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Callback, State

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard(Callback):
    """RUN/tensorboard: the scalars of every record."""

    def __init__(self, run: Run, recorder: Recorder) -> None:
        """Raises UserError where TensorBoard is not installed."""
        check()
        self.run, self.recorder = run, recorder
        self.written = -1
        self.writer: SummaryWriter | None = None

    def begin(self, state: State) -> None:
        """Open a file of events, from which on TensorBoard forgets later steps of earlier files."""
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(self.run.at("tensorboard")), purge_step=state.step + 1)

    def after_step(self, state: State) -> None:
        """Write the newest record, once."""
        record = self.recorder.latest
        if self.writer and record and record["step"] != self.written:
            self.written = int(record["step"])
            for name, value in record.items():
                self.writer.add_scalar(name, value, self.written)

    def close(self) -> None:
        """Close the file of events."""
        if self.writer:
            self.writer.close()


def check() -> None:
    """Raises UserError where TensorBoard is not installed."""
    extras.needed("torch.utils.tensorboard", "tensorboard", "log.tensorboard")
