"""The diagnosis of a run folder, finished or in training: what was said live, read again from its records."""

from collections.abc import Iterator, Mapping
from typing import Any

from ganatomy.diagnosis.facts import Facts
from ganatomy.diagnosis.watch import Watch
from ganatomy.errors import UserError
from ganatomy.runs.run import Run


def of_run(run: Run) -> Watch:
    """A watch that has seen all that a run recorded. UserError for a run that has no images to be diagnosed."""
    if "lab" in run.info():
        raise UserError(f"{run.path} is a game of `ganatomy lab`, of which everything is known: see its report.html.")
    watch = Watch(facts(run))
    for record in observations(run):
        watch.observe(record)
    return watch


def facts(run: Run) -> Facts:
    """What a run folder says of its training."""
    data = run.info().get("data", {})
    return Facts.of(run.config(), data.get("images"), str(run.path), tuple(data.get("problems", ())))


def observations(run: Run) -> Iterator[Mapping[str, Any]]:
    """The looks of a run, and what ended it."""
    yield from run.looks()
    yield from ending(run)


def ending(run: Run) -> Iterator[Mapping[str, Any]]:
    """The number that stopped a run, if one was not finite."""
    faults = [event for event in run.events() if event.get("event") == "not finite"]
    if faults and run.info().get("status") == "failed":
        yield stopped_by(run, int(faults[-1]["step"]))


def stopped_by(run: Run, step: int) -> dict[str, float]:
    """What is seen of a training that a number which is not finite stops at a step."""
    faults = sum(event.get("event") == "not finite" for event in run.events())
    return {"step": step, "signals/roll_backs": float(faults)}
