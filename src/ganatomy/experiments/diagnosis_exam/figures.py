"""From the exam's trainings to its figures: recall by the right name, false alarms, confusion, time, cures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.diagnosis.reading import facts, observations
from ganatomy.diagnosis.watch import HEALTHY, Watch
from ganatomy.evaluation.metrics import estimate
from ganatomy.experiments.diagnosis_exam.sabotages import SABOTAGES
from ganatomy.experiments.diagnosis_exam.trials import Trial
from ganatomy.runs.run import Run

WORSE = 1.5  # times the Fréchet distance of the healthy twin: the sabotage did harm
LESS = 0.7  # times its coverage
LEARNT = 0.5  # times the Fréchet distance of the first step: a healthy training learnt something
COPIES = 0.5  # times the authenticity of the healthy twin


@dataclass(frozen=True)
class Said:
    """What the diagnosis said of a training.

    name   the finding that headed the verdict at most looks of the second half; `healthy` where there was none
    ever   every finding that headed it at any time, each with the step at which it did so first
    """

    name: str
    ever: Mapping[str, int]


def said(run: Run) -> Said:
    """Read again from the records: the same as was said live."""
    watch, heads = Watch(facts(run)), []
    for record in observations(run):
        watch.observe(record)
        heads.append((int(record["step"]), watch.present[0].name if watch.present else HEALTHY))
    ever: dict[str, int] = {}
    for step, name in heads:
        if name != HEALTHY:
            ever.setdefault(name, step)
    late = [name for step, name in heads if 2 * step > heads[-1][0]] if heads else []
    counted = Counter(name for name in late if name != HEALTHY)
    return Said(counted.most_common(1)[0][0] if counted else HEALTHY, ever)


def harmful(trial: Trial, scores: Mapping[str, Any], twin: Mapping[str, Any]) -> bool:
    """Whether a sabotage had an effect, by scores that know nothing of the diagnosis."""
    if scores["status"] == "failed":
        return True
    if trial.sabotage == "by heart":
        return bool(scores["authenticity"] < COPIES * twin["authenticity"])
    worse = scores["end"]["fd"] > WORSE * twin["end"]["fd"]
    return bool(worse or scores["end"]["coverage"] < LESS * twin["end"]["coverage"])


def learnt(scores: Mapping[str, Any]) -> bool:
    """Whether a training that nobody touched came to anything."""
    return bool(scores["status"] == "finished" and scores["end"]["fd"] < LEARNT * scores["start"]["fd"])


@dataclass(frozen=True)
class Figures:
    """What the exam shows; every share with its 95% interval (Wilson's)."""

    rows: list[dict[str, Any]]  # one a training

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The trainings that count: "sabotaged" with a verified effect, or "healthy" that learnt something."""
        return [row for row in self.rows if row["kind"] == kind and row["counts"]]

    def recall(self, rows: Sequence[dict[str, Any]] | None = None) -> estimate.Estimate | None:
        """How often the right name was given."""
        chosen = self.of("sabotaged") if rows is None else rows
        return estimate.share([row["named"] in row["right"] for row in chosen]) if chosen else None

    def false_alarms(self) -> list[dict[str, Any]]:
        """Healthy trainings of which anything was said at any time."""
        return [row for row in self.of("healthy") if row["ever"]]


def figures(trials: Sequence[tuple[Trial, Mapping[str, Any]]], folder: Path) -> Figures:
    """Of all trainings with their scores; their records are under folder/runs."""
    by_trial, rows = dict(trials), []
    for trial, scores in trials:
        run = Run(folder / "runs" / trial.name)
        found = said(run)
        right = SABOTAGES[trial.sabotage].names if trial.sabotage else ()
        twin = by_trial.get(trial.twin)
        sick = twin is not None and harmful(trial, scores, twin) if trial.sabotage else not learnt(scores)
        kind = "cured" if trial.remedies else "sabotaged" if trial.sabotage else "healthy"
        rows.append(
            {
                "trial": trial.name,
                "kind": kind,
                "sabotage": trial.sabotage,
                "cell": [trial.kind, trial.data, trial.seed],
                "counts": sick if trial.sabotage else not sick,
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
    sabotaged, healthy, wrong = found.of("sabotaged"), found.of("healthy"), found.false_alarms()
    left_out = [row for row in found.rows if row["kind"] == "sabotaged" and not row["counts"]]
    parts = [
        f"- Sabotaged trainings whose effect was verified: {len(sabotaged)}, under the right name "
        f"{_told(found.recall())}; {len(left_out)} more did no verified harm and do not count.",
        f"- Healthy trainings that learnt something: {len(healthy)}, false alarms {len(wrong)}"
        + (f" ({_told(estimate.share([bool(row['ever']) for row in healthy]))})." if healthy else "."),
        "",
        "## By sabotage",
        "",
        _by_sabotage(found),
        "",
        "## What was said instead",
        "",
        _confusion(found),
    ]
    if wrong:
        parts += ["", "False alarms:", ""]
        parts += [f"- `{row['trial']}`: {_listed(row['ever'])}" for row in wrong]
    if any(row["kind"] == "cured" for row in found.rows):
        parts += ["", "## Cures", "", _cures(found)]
    return "\n".join(parts) + "\n"


def _by_sabotage(found: Figures) -> str:
    lines = ["| sabotage | right name | counted | named | found at step, median |", "|---|---|---|---|---|"]
    rows = sorted(found.of("sabotaged"), key=lambda row: list(SABOTAGES).index(row["sabotage"]))
    for name, group in groupby(rows, key=lambda row: row["sabotage"]):
        each = list(group)
        times = [row["detected"] for row in each if row["detected"] is not None]
        median = f"{np.median(times):.0f}" if times else "–"
        names = " or ".join(each[0]["right"])
        about = SABOTAGES[name].about
        lines.append(f"| {name}: {about} | {names} | {len(each)} | {_told(found.recall(each))} | {median} |")
    return "\n".join(lines)


def _confusion(found: Figures) -> str:
    """Rows: what was done; columns: what was said."""
    rows = found.of("sabotaged") + found.of("healthy")
    said_names = sorted({row["named"] for row in rows})
    lines = ["| | " + " | ".join(said_names) + " |", "|---|" + "---|" * len(said_names)]
    for name in [*SABOTAGES, ""]:
        counted = Counter(row["named"] for row in rows if row["sabotage"] == name)
        if counted:
            cells = " | ".join(str(counted[each] or "") for each in said_names)
            lines.append(f"| {name or 'healthy'} | {cells} |")
    return "\n".join(lines)


def _cures(found: Figures) -> str:
    """The same seeds with and without remedies: how many reach a healthy score."""
    lines = [
        "| sabotage | trainings | healthy without | healthy with remedies | remedies applied |",
        "|---|---|---|---|---|",
    ]
    cured = [row for row in found.rows if row["kind"] == "cured"]
    for name in dict.fromkeys(row["sabotage"] for row in cured):
        after = [row for row in cured if row["sabotage"] == name]
        cells = [row["cell"] for row in after]
        before = [
            row for row in found.rows if row["kind"] == "sabotaged" and row["sabotage"] == name and row["cell"] in cells
        ]
        counts = [sum(_healthy(row) for row in rows) for rows in (before, after)]
        applied = sum(row["remedies"] for row in after)
        lines.append(f"| {name} | {len(after)} | {counts[0]} | {counts[1]} | {applied} |")
    return "\n".join(lines)


def _healthy(row: Mapping[str, Any]) -> bool:
    return row["healthy_fd"] is not None and row["fd"] <= WORSE * row["healthy_fd"]


def _told(share: estimate.Estimate | None) -> str:
    return "–" if share is None else f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def _listed(ever: Mapping[str, int]) -> str:
    return ", ".join(f"{name} from step {step}" for name, step in ever.items())
