"""One of the processes that train together: `python -m ganatomy.training.cluster.worker`, which `cluster.api` starts.

The first line of the standard input says what to train; its end says that whoever started the process is gone.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from typing import Any

from ganatomy.runs.run import Run
from ganatomy.system import child
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training


@dataclass(frozen=True)
class TrainingTask:
    """What `ganatomy train` is given: of a new run, or of one that goes on (`resume`).

    path                 the run's folder
    data … settings      as for `training.api.train` and `resume`
    command              the command line, for run.json
    """

    path: str
    resume: bool
    data: str | None
    recipe: str | None
    config: str | None
    settings: dict[str, Any]
    anyway: bool
    allow_changed_parts: bool
    command: list[str]

    def to_text(self) -> str:
        """As a line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of(cls, text: str) -> TrainingTask:
        """From a line of JSON."""
        return cls(**json.loads(text))

    def again(self) -> TrainingTask:
        """What is left to do once the run has a checkpoint."""
        return replace(self, resume=True, config=None, recipe=None, settings=self.settings if self.resume else {})


def work(task: TrainingTask) -> None:
    """Train. Raises UserError as `train` and `resume` do."""
    sys.argv = task.command
    run, console = Run(task.path), Terminal()
    if task.resume:
        training.resume(
            run,
            data=task.data,
            settings=task.settings,
            allow_changed_parts=task.allow_changed_parts,
            console=console,
        )
        return
    training.train(
        task.data,
        recipe=task.recipe,
        config=task.config,
        settings=task.settings,
        anyway=task.anyway,
        name=run.name,
        runs=run.path.parent,
        console=console,
    )


def main() -> None:
    """Do what the standard input says; alone it can only end: without the others it cannot save."""
    child.run(lambda text: work(TrainingTask.of(text)), lambda: os._exit(child.BY_FAULT))


if __name__ == "__main__":
    main()
