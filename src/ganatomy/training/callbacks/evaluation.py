"""Measures scores while training."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from torch import Tensor

from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard, keep, subject_of_run
from ganatomy.training.loop import Callback, State


class Evaluates(Protocol):
    """What measures generated samples."""

    @property
    def samples(self) -> int:
        """How many generated samples are measured each time."""
        ...

    def card(self, subject: dict[str, Any], batches: Iterable[Any], /) -> ScoreCard:
        """The score card of `subject`, whose samples come in batches, as they are stored."""
        ...


class Scorer(Callback):
    """eval/*.json every `every` steps and at the end: scores of the averaged generator, of the same seeds each time."""

    def __init__(
        self,
        run: Run,
        evaluator: Evaluates,
        latents: Callable[[list[int]], Tensor],
        stored: Callable[[Tensor], Any],
        batch: int,
        every: int,
    ) -> None:
        """latents: seeds → latent vectors [N, D]; stored: what a network draws → samples as they are stored.

        batch: seeds that are drawn together; every: steps between two evaluations.
        """
        self.run, self.evaluator, self.latents, self.stored = run, evaluator, latents, stored
        self.batch, self.every = batch, every

    def after_step(self, state: State) -> None:
        """Measure at every `every`-th step."""
        if state.step % self.every == 0:
            self._measure(state)

    def end(self, state: State) -> None:
        """Measure the last step, unless that has been done."""
        if state.step % self.every:
            self._measure(state)

    def _measure(self, state: State) -> None:
        card = self.evaluator.card(subject_of_run(self.run, state.step, self.evaluator.samples), self._draw(state))
        keep(self.run, card)

    def _draw(self, state: State) -> Iterator[Any]:
        for begin in range(0, self.evaluator.samples, self.batch):
            seeds = range(begin, begin + self.batch)
            some = self.stored(state.method.sample(self.latents(list(seeds))))
            yield some[: self.evaluator.samples - begin]
