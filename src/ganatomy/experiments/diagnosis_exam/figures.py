"""From the exam's trainings to its figures: recall by the right name, false alarms, confusion, time, cures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.diagnosis import HEALTHY, Monitor
from ganatomy.diagnosis.reading import context_of, observations
from ganatomy.evaluation.metrics import estimate
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.experiments.diagnosis_exam.plan import ExamTraining
from ganatomy.runs.run import Run

WORSE = 1.5  # times the Fréchet distance of the healthy twin: the fault did harm
LESS = 0.7  # times its coverage
LEARNT = 0.5  # times the Fréchet distance of the first step: a healthy training learnt something
COPIES = 0.5  # times the authenticity of the healthy twin


@dataclass(frozen=True)
class Report:
    """What the diagnosis reported of a training.

    name   the finding that headed the verdict at most probes of the second half; `healthy` where there was none
    ever   every finding that ever headed it, each with the step at which it first did
    """

    name: str
    ever: Mapping[str, int]


def reported(run: Run) -> Report:
    """Found again from the records: the same as while it trained."""
    monitor, heads = Monitor(context_of(run)), []
    for record in observations(run):
        monitor.observe(record)
        heads.append((int(record["step"]), monitor.present[0].name if monitor.present else HEALTHY))
    ever: dict[str, int] = {}
    for step, name in heads:
        if name != HEALTHY:
            ever.setdefault(name, step)
    late = [name for step, name in heads if 2 * step > heads[-1][0]] if heads else []
    counted = Counter(name for name in late if name != HEALTHY)
    return Report(counted.most_common(1)[0][0] if counted else HEALTHY, ever)


def harmful(training: ExamTraining, scores: Mapping[str, Any], twin: Mapping[str, Any]) -> bool:
    """Whether a fault did harm, by scores that know nothing of the diagnosis."""
    if scores["status"] == "failed":
        return True
    if training.fault == "by heart":
        return bool(scores["authenticity"] < COPIES * twin["authenticity"])
    worse = scores["end"]["fd"] > WORSE * twin["end"]["fd"]
    return bool(worse or scores["end"]["coverage"] < LESS * twin["end"]["coverage"])


def learnt(scores: Mapping[str, Any]) -> bool:
    """Whether a training without a fault learnt anything."""
    return bool(scores["status"] == "finished" and scores["end"]["fd"] < LEARNT * scores["start"]["fd"])


@dataclass(frozen=True)
class Figures:
    """What the exam shows; every share with its 95% interval (Wilson's)."""

    rows: list[dict[str, Any]]  # one a training

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The trainings that count: "faulty" with verified harm, or "healthy" that learnt something."""
        return [row for row in self.rows if row["kind"] == kind and row["counts"]]

    def recall(self, rows: Sequence[dict[str, Any]] | None = None) -> estimate.Estimate | None:
        """How often the right name was reported; None for no trainings."""
        chosen = self.of("faulty") if rows is None else rows
        return estimate.share([row["named"] in row["right"] for row in chosen]) if chosen else None

    def false_alarms(self) -> list[dict[str, Any]]:
        """Healthy trainings of which anything was reported at any time."""
        return [row for row in self.of("healthy") if row["ever"]]


def figures(results: Sequence[tuple[ExamTraining, Mapping[str, Any]]], folder: Path) -> Figures:
    """Those of all trainings with their scores; their records are under folder/runs."""
    scores_of, rows = dict(results), []
    for training, scores in results:
        run = Run(folder / "runs" / training.name)
        found = reported(run)
        right = FAULTS[training.fault].names if training.fault else ()
        twin = scores_of.get(training.twin)
        kind = "cured" if training.remedies else "faulty" if training.fault else "healthy"
        counts = twin is not None and harmful(training, scores, twin) if training.fault else learnt(scores)
        rows.append(
            {
                "trial": training.name,
                "kind": kind,
                "fault": training.fault,
                "cell": [training.kind, training.data, training.seed],
                "counts": counts,
                "named": found.name,
                "right": list(right),
                "ever": dict(found.ever),
                "detected": min((found.ever[name] for name in right if name in found.ever), default=None),
                "fd": scores["end"]["fd"],
                "coverage": scores["end"]["coverage"],
                "healthy_fd": twin["end"]["fd"] if twin is not None else None,
                "remedies": sum(event["event"] == "remedy" for event in run.events()),
            }
        )
    return Figures(rows)


# --- the tables -------------------------------------------------------------------------------------------------------


def tables(found: Figures) -> str:
    """All figures, in Markdown."""
    faulty, healthy, wrong = found.of("faulty"), found.of("healthy"), found.false_alarms()
    left_out = [row for row in found.rows if row["kind"] == "faulty" and not row["counts"]]
    parts = [
        f"- Faulty trainings with verified harm: {len(faulty)}, reported by the right name "
        f"{_interval(found.recall())}; {len(left_out)} more did no verified harm and do not count.",
        f"- Healthy trainings that learnt something: {len(healthy)}, false alarms {len(wrong)}"
        + (f" ({_interval(estimate.share([bool(row['ever']) for row in healthy]))})." if healthy else "."),
        "",
        "## By fault",
        "",
        _by_fault(found),
        "",
        "## What was reported",
        "",
        _confusion(found),
    ]
    if wrong:
        parts += ["", "False alarms:", ""]
        parts += [f"- `{row['trial']}`: {_listed(row['ever'])}" for row in wrong]
    if any(row["kind"] == "cured" for row in found.rows):
        parts += ["", "## Cures", "", _cures(found)]
    return "\n".join(parts) + "\n"


def _by_fault(found: Figures) -> str:
    lines = ["| fault | right name | counted | named | found at step, median |", "|---|---|---|---|---|"]
    rows = sorted(found.of("faulty"), key=lambda row: list(FAULTS).index(row["fault"]))
    for name, group in groupby(rows, key=lambda row: row["fault"]):
        each = list(group)
        times = [row["detected"] for row in each if row["detected"] is not None]
        median = f"{np.median(times):.0f}" if times else "–"
        names = " or ".join(each[0]["right"])
        about = FAULTS[name].about
        lines.append(f"| {name}: {about} | {names} | {len(each)} | {_interval(found.recall(each))} | {median} |")
    return "\n".join(lines)


def _confusion(found: Figures) -> str:
    """Rows: the fault; columns: what was reported."""
    rows = found.of("faulty") + found.of("healthy")
    names = sorted({row["named"] for row in rows})
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for name in [*FAULTS, ""]:
        counted = Counter(row["named"] for row in rows if row["fault"] == name)
        if counted:
            cells = " | ".join(str(counted[each] or "") for each in names)
            lines.append(f"| {name or 'healthy'} | {cells} |")
    return "\n".join(lines)


def _cures(found: Figures) -> str:
    """The same seeds with and without remedies: how many reach a healthy score."""
    lines = [
        "| fault | trainings | healthy without | healthy with remedies | remedies applied |",
        "|---|---|---|---|---|",
    ]
    cured = [row for row in found.rows if row["kind"] == "cured"]
    for name in dict.fromkeys(row["fault"] for row in cured):
        after = [row for row in cured if row["fault"] == name]
        cells = [row["cell"] for row in after]
        before = [
            row for row in found.rows if row["kind"] == "faulty" and row["fault"] == name and row["cell"] in cells
        ]
        counts = [sum(_healthy(row) for row in rows) for rows in (before, after)]
        applied = sum(row["remedies"] for row in after)
        lines.append(f"| {name} | {len(after)} | {counts[0]} | {counts[1]} | {applied} |")
    return "\n".join(lines)


def _healthy(row: Mapping[str, Any]) -> bool:
    return row["healthy_fd"] is not None and row["fd"] <= WORSE * row["healthy_fd"]


def _interval(share: estimate.Estimate | None) -> str:
    return "–" if share is None else f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def _listed(ever: Mapping[str, int]) -> str:
    return ", ".join(f"{name} from step {step}" for name, step in ever.items())
