"""What an experiment of the course shows while it runs, and what it has measured at its end."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from ganatomy.web.studio.course.step import Figures
from ganatomy.web.studio.lab_games import LiveGame


@dataclass(frozen=True)
class Picture:
    """What a picture shows, and its PNG."""

    title: str
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class Flow:
    """Numbers on their way through a game on the line, z → G → D ← x; each list has one number a sample.

    fake: G(z). of_fake, of_real: D(G(z)) and D(x), probabilities.
    """

    z: list[float]
    fake: list[float]
    of_fake: list[float]
    real: list[float]
    of_real: list[float]


@dataclass(frozen=True)
class StepFrame:
    """What there is to see now: words on the progress, and games, numbers or pictures."""

    words: str
    games: tuple[LiveGame, ...] = ()
    flow: Flow | None = None
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Finished:
    """The end: what was measured; words beside it, such as a verdict; and a file to keep."""

    figures: Figures
    words: str = ""
    file_name: str = ""
    file: bytes = field(default=b"", repr=False)


Experiment: TypeAlias = Generator[StepFrame, None, Finished]
EXPERIMENTS: dict[str, Callable[[int], Experiment]] = {}
Make: TypeAlias = Callable[[int], Experiment]


def runs_step(name: str) -> Callable[[Make], Make]:
    """Make a function of a seed the experiment of the step of this name."""

    def register(experiment: Make) -> Make:
        EXPERIMENTS[name] = experiment
        return experiment

    return register
