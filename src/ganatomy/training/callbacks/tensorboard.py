"""Writes TensorBoard events."""

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Callback, State


class TensorBoard(Callback):
    """RUN/tensorboard: the scalars of every record."""

    def __init__(self, run: Run, recorder: Recorder) -> None:
        """Raises UserError where TensorBoard is not installed."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UserError("TensorBoard is not installed: pip install 'ganatomy[tensorboard]'.") from None
        self.recorder = recorder
        self.writer = SummaryWriter(str(run.at("tensorboard")))
        self.written = -1

    def after_step(self, state: State) -> None:
        """Write the newest record, once."""
        record = self.recorder.latest
        if record and record["step"] != self.written:
            self.written = int(record["step"])
            for name, value in record.items():
                self.writer.add_scalar(name, value, self.written)

    def close(self) -> None:
        """Close the file of events."""
        self.writer.close()
