"""Shows progress: a live bar on a terminal, a line every LINE_SECONDS elsewhere."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from ganatomy.system.wording import duration
from ganatomy.training.loop import Budget, Callback, State

LINE_SECONDS = 15.0  # between lines where there is no terminal
BAR_SECONDS = 0.25  # between two updates on a terminal: reading the losses waits for the device


class ShowProgress(Callback):
    """Step, images a second, both losses, the verdict and the time left."""

    def __init__(self, console: Console, budget: Budget, verdict: Callable[[], str] = lambda: "") -> None:
        self.console, self.budget, self.verdict = console, budget, verdict
        self.live = console.is_terminal
        self.bar = Progress(
            TextColumn("step {task.fields[step]:,}"),
            BarColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            _TimeLeft(),
            console=console,
        )

    def begin(self, state: State) -> None:
        """Start the clock and the bar."""
        self.first, self.began, self.shown = state.images, time.monotonic(), 0.0
        self.spent_before = state.spent(self.budget)
        if self.live:
            self.bar.start()
            self.task = self.bar.add_task("", total=1.0, step=state.step, words="", left=None)

    def after_step(self, state: State) -> None:
        """Update the bar, or print a line, if it is time."""
        now = time.monotonic()
        if now - self.shown >= (BAR_SECONDS if self.live else LINE_SECONDS):
            self.shown = now
            self._show(state)

    def end(self, state: State) -> None:
        """Show the last step."""
        if state.images > self.first:
            self._show(state)

    def close(self) -> None:
        """Stop the bar."""
        if self.live:
            self.bar.stop()

    def _show(self, state: State) -> None:
        elapsed = time.monotonic() - self.began
        rate = (state.images - self.first) / max(elapsed, 1e-9)
        words = f"{rate:,.0f} images/s  " + "  ".join(
            f"{name.removeprefix('loss/')} {value.item():.3f}"
            for name, value in state.record.items()
            if name.startswith("loss/")
        )
        words += f"  {verdict}" if (verdict := self.verdict()) else ""
        spent = min(state.spent(self.budget), 1.0)
        left = elapsed * (1 - spent) / (spent - self.spent_before) if spent > self.spent_before else None
        if self.live:
            self.bar.update(self.task, completed=spent, step=state.step, words=words, left=left)
        else:
            self.console.print(f"step {state.step:,} ({spent:.0%})  {words}  {duration(left)} left", highlight=False)


class _TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{duration(task.fields['left'])} left")
