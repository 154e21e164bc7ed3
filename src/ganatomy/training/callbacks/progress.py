"""Shows progress: a live bar on a terminal, a line every LINE_SECONDS elsewhere."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.text import Text

from ganatomy.system.terminal import fitted
from ganatomy.system.wording import duration
from ganatomy.training.loop import Budget, Callback, State

LINE_SECONDS = 15.0  # between lines where there is no terminal
BAR = 20  # columns
WIDE = 80  # columns of a terminal that has room for the bar
BAR_SECONDS = 0.25  # between two updates on a terminal: reading the losses waits for the device


class ShowProgress(Callback):
    """Step, share and time left; and as far as there is room a bar, samples a second, the verdict and both losses."""

    def __init__(
        self, console: Console, budget: Budget, verdict: Callable[[], str] = lambda: "", samples: str = "images"
    ) -> None:
        """verdict: the newest of the diagnosis, in words; samples: what is counted."""
        self.console, self.budget, self.verdict, self.samples = console, budget, verdict, samples
        self.live = console.is_terminal
        self.bar_width = BAR if console.width >= WIDE else 0
        bar = [BarColumn(BAR)] if self.bar_width else []
        self.bar = Progress(*bar, _Line(), console=console)

    def begin(self, state: State) -> None:
        """Start the clock and the bar."""
        self.first, self.began, self.shown = state.images, time.monotonic(), 0.0
        self.spent_before = state.spent(self.budget)
        if self.live:
            self.bar.start()
            self.task = self.bar.add_task("", total=1.0, line=f"step {state.step:,}")

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
        rate = f"{(state.images - self.first) / max(elapsed, 1e-9):,.0f} {self.samples}/s"
        losses = [
            f"{name.removeprefix('loss/')} {value.item():.3f}"
            for name, value in state.record.items()
            if name.startswith("loss/")
        ]
        spent = min(state.spent(self.budget), 1.0)
        left = elapsed * (1 - spent) / (spent - self.spent_before) if spent > self.spent_before else None
        time_left = f"{duration(left)} left"
        if self.live:
            parts = [f"step {state.step:,}", f"{spent:.0%}", time_left, rate, self.verdict(), *losses]
            room = self.console.width - self.bar_width - 1
            self.bar.update(self.task, completed=spent, line=fitted(parts, room))
        else:
            parts = [f"step {state.step:,} ({spent:.0%})", rate, *losses, self.verdict(), time_left]
            self.console.print("  ".join(filter(None, parts)), highlight=False, markup=False, soft_wrap=True)


class _Line(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(task.fields["line"], no_wrap=True)
