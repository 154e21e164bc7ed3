"""A part of a chapter, in a process of its own: `python -m ganatomy.experiments.reproduction.worker`.

The first line of the standard input says which; its end says that the command is gone.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ganatomy.experiments.reproduction.chapters import CHAPTERS
from ganatomy.experiments.reproduction.context import ReproductionContext
from ganatomy.runs.run import Run
from ganatomy.system import child, runtime
from ganatomy.training.cluster.programs import wait_for_release


@dataclass(frozen=True)
class PartTask:
    """A part of a chapter by its names, and the context; stage: which entry of the chapter's list has the part.

    mnist … images: as in `ReproductionContext`; threads: its share of the cores.
    """

    chapter: str
    stage: int
    part: str
    mnist: str | None
    cifar10: str | None
    runs: str
    pictures: str
    minutes: float | None
    images: int | None
    threads: int

    @classmethod
    def of(cls, context: ReproductionContext, chapter: str, stage: int, part: str, threads: int) -> "PartTask":
        """A part in a context."""
        runs, pictures = str(context.runs), str(context.pictures)
        data = (context.mnist, context.cifar10, runs, pictures, context.minutes, context.images)
        return cls(chapter, stage, part, *data, threads)

    def to_text(self) -> str:
        """As a line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    def context(self) -> ReproductionContext:
        """Where it is carried out, in silence."""
        places = Path(self.runs), Path(self.pictures)
        return ReproductionContext(self.mnist, self.cifar10, *places, self.minutes, self.images)


def work(text: str) -> None:
    """Carry out a part, from a line of JSON. Raises UserError as `ReproductionContext.trained`."""
    task = PartTask(**json.loads(text))
    runtime.take_share(task.threads)
    context = task.context()
    wait_for_release(Run(context.runs / task.part))
    CHAPTERS[task.chapter].parts(context)[task.stage][task.part]()


if __name__ == "__main__":
    child.run(work)
