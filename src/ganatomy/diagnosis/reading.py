"""The diagnosis of a run folder, finished or in training: what was found live, found again from its records."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.monitor import Monitor
from ganatomy.errors import UserError
from ganatomy.gan.equilibrium import Equilibrium
from ganatomy.runs.parts import files_of_parts
from ganatomy.runs.run import Run


def diagnose_run(run: Run, until: int | None = None) -> Monitor:
    """A monitor that has observed all that a run recorded, or that up to a step.

    Raises UserError for a game of `ganatomy lab`.
    """
    if "lab" in run.info():
        raise UserError(f"{run.path} is a game of `ganatomy lab`, of which everything is known: see its report.html.")
    monitor = Monitor(context_of(run))
    for record in observations(run):
        if until is None or record["step"] <= until:
            monitor.observe(record)
    return monitor


def context_of(run: Run) -> TrainingContext:
    """What a run folder says of its training.

    The game is what run.json says of it: a reader need not have the code of somebody's objective. Runs older than that
    have objectives of ours. Raises UserError where run.json or config.yaml is damaged.
    """
    info = run.info()
    data = info.get("data", {})
    problems = tuple(data.get("problems", ()))
    context = TrainingContext.of_config(run.config(), data.get("images"), str(run.path), problems)
    if "equilibrium" in info:
        context = replace(context, equilibrium=_equilibrium(run, info["equilibrium"]))
    context = replace(context, parts=tuple(files_of_parts(run)))
    return replace(context, critic=bool(info["critic"])) if "critic" in info else context


def _equilibrium(run: Run, recorded: Any) -> Equilibrium | None:
    try:
        return None if recorded is None else Equilibrium(**recorded)
    except TypeError:
        raise UserError(f"{run.path / 'run.json'} is damaged: its equilibrium cannot be read.") from None


def observations(run: Run) -> Iterator[Mapping[str, Any]]:
    """The probe records of a run, and what ended it."""
    yield from run.probe_records()
    yield from ending(run)


def ending(run: Run) -> Iterator[Mapping[str, Any]]:
    """The record of the number that stopped a run, if one was not finite."""
    faults = [event for event in run.events() if event.get("event") == "not finite"]
    if faults and run.info().get("status") == "failed":
        yield divergence_record(run, faults[-1].get("step", 0))


def divergence_record(run: Run, step: int) -> dict[str, float]:
    """The record of a training that a number which is not finite stops at a step."""
    faults = sum(event.get("event") == "not finite" for event in run.events())
    return {"step": step, "signals/roll_backs": float(faults)}
