"""Writes records of losses, scores and norms, each the mean since the last record."""

import torch

from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State


class Recorder(Callback):
    """One line of metrics.jsonl every `every` steps. The device is waited for only then."""

    def __init__(self, run: Run, every: int) -> None:
        self.run, self.every = run, every
        self.latest: dict[str, float] = {}

    def begin(self, state: State) -> None:
        """Start the clock of the speed."""
        self.began = (state.images, state.seconds)

    def after_step(self, state: State) -> None:
        """Add the step to the mean; write the record at every `every`-th step."""
        for name, value in state.record.items():  # a person's callback may have made its own on the CPU
            state.window.setdefault(name, []).append(value.to(state.method.runtime.device))
        if state.step % self.every == 0:
            self._write(state)

    def _write(self, state: State) -> None:
        means = torch.stack([torch.stack(values).float().mean() for values in state.window.values()]).tolist()
        images, seconds = state.images - self.began[0], state.seconds - self.began[1]
        self.latest = {
            "step": state.step,
            "images": state.images,
            "seconds": round(state.seconds, 3),
            "images_per_second": round(images / max(seconds, 1e-9), 2),
            **dict(zip(state.window, means, strict=True)),
        }
        self.run.append(self.latest)
        state.window.clear()
        self.began = (state.images, state.seconds)
