"""The forecast, made anew from the speed of the first minute."""

from collections.abc import Callable, Iterable

from rich.console import Console

from ganatomy.training.loop import Callback, State

AFTER = 60.0  # seconds of training in a session


class ForecastAgain(Callback):
    """After the first minute of a session, sentences on what its speed makes of the budget."""

    def __init__(self, console: Console, sentences: Callable[[float, State], Iterable[str]]) -> None:
        """sentences: of the speed so far, in images/s, and where the training stands."""
        self.console, self.sentences = console, sentences

    def begin(self, state: State) -> None:
        """Start the clock."""
        self.first, self.said = (state.images, state.seconds), False

    def after_step(self, state: State) -> None:
        """Print the sentences, once."""
        images, seconds = state.images - self.first[0], state.seconds - self.first[1]
        if self.said or seconds < AFTER:
            return
        self.said = True
        for sentence in self.sentences(images / seconds, state):
            self.console.print(sentence, highlight=False, markup=False, soft_wrap=True)
