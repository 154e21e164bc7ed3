"""Saves everything that a training needs to be resumed as if it had never stopped."""

from collections.abc import Callable
from typing import Any

import torch

from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.system import files
from ganatomy.training.loop import Callback, State


class Checkpoints(Callback):
    """checkpoints/step-…/ at the first step, every `every` steps and at the end; the `keep` newest stay (0: all).

    Nothing is saved after an update that was skipped because its numbers were not finite: the session ends instead.
    """

    def __init__(
        self, run: Run, every: int, keep: int, attempt: int = 0, more: Callable[[], dict[str, Any]] = dict
    ) -> None:
        """every: steps between saves; keep: how many to keep; attempt: roll-backs so far, recorded in each.

        more: other entries of the manifest.
        """
        self.run, self.every, self.keep, self.attempt, self.more = run, every, keep, attempt, more

    def begin(self, state: State) -> None:
        """Save, unless this step is saved already."""
        self._save(state)

    def after_step(self, state: State) -> None:
        """Save at every `every`-th step."""
        if state.step % self.every == 0:
            self._save(state)

    def end(self, state: State) -> None:
        """Save the last step."""
        self._save(state)

    def _save(self, state: State) -> None:
        if state.step in self.run.checkpoints():
            return
        state.method.check()  # a GPU finds out late: batch norm's averages may hold what is not finite
        folder = self.run.at("checkpoints", f"step-{state.step:08d}")
        counts = {"step": state.step, "images": state.images, "seconds": state.seconds, "attempt": self.attempt}
        groups = state.method.state()
        window = {name: torch.stack(values) for name, values in state.window.items()}
        pending = {checkpoint.WINDOW: window, checkpoint.PROBE: state.probe}
        groups |= {name: tensors for name, tensors in pending.items() if tensors}
        checkpoint.save(folder, groups, {**counts, **self.more(), "lengths": self.run.lengths()})
        self.run.write_text("checkpoints/last", folder.name + "\n")
        for old in list(self.run.checkpoints().values())[: -self.keep or None] if self.keep else []:
            files.remove(old)
