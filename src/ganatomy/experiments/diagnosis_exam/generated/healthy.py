"""The ranges of healthy trainings' signals, and how often a healthy one leaves those of all others.

python -m ganatomy.experiments.diagnosis_exam.generated.healthy runs/generated     # writes diagnosis/healthy.json
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ganatomy import diagnosis
from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.healthy import FILE, SPENT, Range, farthest_outside, quantities
from ganatomy.diagnosis.monitor import Monitor
from ganatomy.diagnosis.reading import context_of, observations
from ganatomy.diagnosis.rules import fallbacks
from ganatomy.diagnosis.window import Window
from ganatomy.evaluation.metrics import estimate
from ganatomy.experiments.diagnosis_exam.examine import RESULT, read_scores
from ganatomy.experiments.diagnosis_exam.results import learnt
from ganatomy.runs.run import Run
from ganatomy.system.files import write_text
from ganatomy.system.terminal import show

RULE = fallbacks.unlike_healthy_trainings
Windows = Sequence[Window]  # of one training


def main(
    folders: Annotated[list[Path], typer.Argument(help="Of exams: runs in FOLDER/runs, scores beside them.")],
) -> None:
    """Write the ranges of all healthy trainings of games there that learnt something."""
    trainings = {}
    for folder in folders:
        for run in sorted((folder / "runs").iterdir()):
            if _is_healthy(run):
                trainings[run.name] = windows(Run(run))
    trainings = {name: each for name, each in trainings.items() if each}
    left_out = [name for name in trainings if leaves(trainings[name], _without(trainings, name))]
    alarms = estimate.share([name in left_out for name in trainings])
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "trainings": sorted(trainings),
        "false alarms, each against the others": [alarms.value, alarms.low, alarms.high],
        "ranges": ranges_of(list(trainings.values())),
    }
    write_text(Path(diagnosis.__file__).with_name(FILE), json.dumps(facts, indent=1) + "\n")
    show(json.dumps(facts, indent=1))
    show(f"outside: {left_out}")


def windows(run: Run) -> Windows:
    """Those of a training's whole probes once SPENT of its budget is spent."""
    context, monitor, found = context_of(run), Monitor(TrainingContext()), list[Window]()
    if context.config is None or not context.game:  # the rule asks of games of ours only
        return []
    for record in observations(run):
        monitor.observe(record)
        last = monitor.records[-1]
        if "movement" in last and context.spent(last) >= SPENT:
            found.append(Window(list(monitor.records)))
    return found


def _is_healthy(run: Path) -> bool:
    """Whether it is a training of place 0 that learnt something."""
    result = run / RESULT
    return run.name.endswith("-0") and result.is_file() and learnt(read_scores(result))


def ranges_of(trainings: Sequence[Windows]) -> dict[str, Range]:
    """Lowest and highest value of each quantity over the windows of trainings; none where it is always the same."""
    values: dict[str, list[float]] = {}
    for training in trainings:
        for window in training:
            for name, value in quantities(window).items():
                values.setdefault(name, []).append(round(value, 4))
    return {name: (min(each), max(each)) for name, each in values.items() if max(each) > min(each)}


def _without(trainings: Mapping[str, Windows], name: str) -> dict[str, Range]:
    return ranges_of([each for other, each in trainings.items() if other != name])


def leaves(training: Windows, known: Mapping[str, Range], probes: int = RULE.probes) -> bool:
    """Whether a training is outside known ranges for as many probes in a row as the rule asks for."""
    held = 0
    for window in training:
        held = held + 1 if farthest_outside(window, known) else 0
        if held >= probes:
            return True
    return False


if __name__ == "__main__":
    typer.run(main)
