"""A training of a sweep, in a process of its own: `python -m ganatomy.sweeps.worker`, which the sweep starts.

The first line of the standard input says what to train; its end says that the sweep is gone.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock

from ganatomy.evaluation.api import evaluate
from ganatomy.runs.run import Run
from ganatomy.sweeps import objectives
from ganatomy.sweeps.folder import SweepTraining
from ganatomy.system import child, files, runtime
from ganatomy.system.terminal import Terminal
from ganatomy.training.api import resume, train


@dataclass(frozen=True)
class Task:
    """What a worker is to do: train a run, then measure what the sweep optimises.

    runs: the folder of the run; objectives, samples, features: as in `SweepOptions`; threads: its share of the cores.
    """

    training: SweepTraining
    runs: str
    objectives: list[str]
    samples: int | None
    features: str
    threads: int

    def to_text(self) -> str:
        """As a line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of(cls, text: str) -> "Task":
        """From a line of JSON."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "training": SweepTraining(**values["training"])})


def work(task: Task) -> None:
    """Train from the newest checkpoint on, if there is one, and measure. What is done already is not done again.

    Raises UserError as `train`, `resume` and `evaluate` do.
    """
    runtime.take_share(task.threads)
    console, training, runs = Terminal(), task.training, Path(task.runs)
    run = Run(runs / training.name)
    # Of a sweep that was killed, this run's worker may be about to end.
    with filelock.FileLock(runs / f".{training.name}.lock"):
        if run.checkpoints():
            resume(run, console=console)
        else:
            files.remove(run.path)  # killed before its first checkpoint
            recipe, config = training.start()
            train(
                training.data,
                recipe=recipe,
                config=config,
                settings=training.settings,
                name=training.name,
                runs=runs,
                console=console,
            )
        finished = run.info().get("status") == "finished"
        if finished and objectives.measure(run, task.objectives, task.samples) is None:
            metrics = objectives.metrics_of(task.objectives, run.config().modality)
            evaluate(run, metrics=metrics, n=task.samples, features=task.features, console=console)


def main() -> None:
    """Do what the standard input says."""
    child.run(lambda text: work(Task.of(text)))


if __name__ == "__main__":
    main()
