"""What a step of the course is: sentences, a prediction, something to run, and what there is to see. No torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ganatomy.experiments.claims.claim import number

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Step:
    """A step of the course; the experiment of its name, in `course.experiments`, is what it runs.

    title      a question
    read       three sentences
    question   what is predicted before the experiment runs; answers: to choose from
    decide     measured figures → the index of the answer that they bear out
    expected   the index of the answer that theory gives
    figures    name → what is measured, in words
    seen       what there was to see; {name} stands for a measured figure
    commands   the same, typed
    lab        where to go on playing: the query of the lab's address
    table      to read at the end: its head, and its rows; of each row the first cell names it
    """

    name: str
    title: str
    read: tuple[str, str, str]
    question: str
    answers: tuple[str, ...]
    decide: Callable[[Figures], int]
    expected: int
    figures: Mapping[str, str]
    seen: str
    commands: tuple[str, ...]
    lab: str = ""
    table: tuple[tuple[str, ...], ...] = ()

    def told(self, figures: Figures) -> str:
        """What there was to see, with the figures of a trial in it."""
        return self.seen.format(**{name: number(figure) for name, figure in figures.items()})

    def described(self) -> dict[str, Any]:
        """The step before it is run, as a page reads it."""
        names = ("name", "title", "read", "question", "answers", "expected", "figures", "commands", "lab", "table")
        return {name: getattr(self, name) for name in names}
