"""Copies each checkpoint to an address, for another machine to go on with."""

from collections.abc import Callable

from ganatomy.errors import UserError
from ganatomy.runs import mirror
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State


class Mirror(Callback):
    """Copies the newest checkpoint once it is there: `runs.mirror`. What fails is said, and tried again at the next."""

    def __init__(self, run: Run, address: str, say: Callable[[str], None]) -> None:
        """say: is called with a sentence where a copy fails."""
        self.run, self.address, self.say = run, address, say
        self.copied = -1

    def begin(self, state: State) -> None:
        """Copy the checkpoint of the first step."""
        self._copy(state.step)

    def after_step(self, state: State) -> None:
        """Copy the checkpoint of this step, if there is one."""
        self._copy(state.step)

    def end(self, state: State) -> None:
        """Copy the last checkpoint."""
        self._copy(state.step)

    def _copy(self, step: int) -> None:
        if step == self.copied or step != max(self.run.checkpoints(), default=-1):
            return
        try:
            mirror.push(self.run, self.address)
            self.copied = step
        except UserError as error:
            self.run.event("not copied", step=step, message=str(error))
            self.say(f"The checkpoint of step {step:,} is here only: {error} The next one is tried again.")
