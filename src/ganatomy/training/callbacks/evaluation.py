"""Measures scores while training."""

from collections.abc import Callable, Iterator

from torch import Tensor

from ganatomy.evaluation.evaluator import BATCH, Evaluator, Pixels
from ganatomy.modalities.images import to_uint8
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import keep, subject_of_run
from ganatomy.training.loop import Callback, State


class Scorer(Callback):
    """eval/*.json every `every` steps and at the end: scores of the averaged generator, of the same seeds each time."""

    def __init__(self, run: Run, evaluator: Evaluator, latents: Callable[[list[int]], Tensor], every: int) -> None:
        """latents: seeds → latent vectors [N, D]; every: steps between two evaluations."""
        self.run, self.evaluator, self.latents, self.every = run, evaluator, latents, every

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

    def _draw(self, state: State) -> Iterator[Pixels]:
        for begin in range(0, self.evaluator.samples, BATCH):
            seeds = range(begin, min(begin + BATCH, self.evaluator.samples))
            yield to_uint8(state.method.sample(self.latents(list(seeds))))
