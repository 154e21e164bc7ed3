"""Many trainings, some at a time, each in a process of its own."""

import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from ganatomy.experiments.diagnosis_exam.examine import Examined, examine
from ganatomy.experiments.diagnosis_exam.results import ExamScores
from ganatomy.system.terminal import show

Training = TypeVar("Training", bound=Examined)


def examine_all(trainings: Sequence[Training], folder: Path, jobs: int) -> dict[Training, ExamScores]:
    """The scores of trainings, in their order; those that are not trained yet are, `jobs` at a time."""
    began, done = time.monotonic(), dict[Training, ExamScores]()
    # Processes of their own: two trainings of one thread each are faster than one of two.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        waiting = {pool.submit(examine, training, folder): training for training in trainings}
        for future in as_completed(waiting):
            training = waiting[future]
            done[training] = future.result()
            minutes = (time.monotonic() - began) / 60
            show(f"{len(done)} of {len(trainings)}, {minutes:.0f} minutes: {training.name}")
    finally:  # leaves no processes behind: trainings at work end, the others do not begin
        pool.shutdown(cancel_futures=True)
    return {training: done[training] for training in trainings}
