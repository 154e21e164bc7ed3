"""The exam's figures in Markdown: recall by the right name, false alarms, confusion, time to detection, cures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.experiments.diagnosis_exam.results import WORSE, ExamResult, of_kind


def recall(results: Sequence[ExamResult]) -> Estimate | None:
    """How often faults were reported by the right name, with a 95% interval (Wilson's); None for no results."""
    return estimate.share([result.named in result.right for result in results]) if results else None


def false_alarms(results: Sequence[ExamResult]) -> list[ExamResult]:
    """Healthy trainings of which anything was reported at any time."""
    return [result for result in of_kind(results, "healthy") if result.ever]


def page(results: Sequence[ExamResult]) -> str:
    """All figures."""
    faulty, healthy, wrong = of_kind(results, "faulty"), of_kind(results, "healthy"), false_alarms(results)
    left_out = [result for result in results if result.kind == "faulty" and not result.counts]
    parts = [
        f"- Faulty trainings with verified harm: {len(faulty)}, reported by the right name "
        f"{_interval(recall(faulty))}; {len(left_out)} more did no verified harm and do not count.",
        f"- Healthy trainings that learnt something: {len(healthy)}, false alarms {len(wrong)}"
        + (f" ({_interval(estimate.share([bool(result.ever) for result in healthy]))})." if healthy else "."),
        "",
        "## By fault",
        "",
        _by_fault(faulty),
        "",
        "## What was reported",
        "",
        _confusion([*faulty, *healthy]),
    ]
    if wrong:
        parts += ["", "False alarms:", ""]
        parts += [f"- `{result.training}`: {_listed(result.ever)}" for result in wrong]
    if any(result.kind == "cured" for result in results):
        parts += ["", "## Cures", "", _cures(results)]
    return "\n".join(parts) + "\n"


def _by_fault(faulty: Sequence[ExamResult]) -> str:
    lines = ["| fault | right name | counted | named | found at step, median |", "|---|---|---|---|---|"]
    ordered = sorted(faulty, key=lambda result: list(FAULTS).index(result.fault))
    for name, group in groupby(ordered, key=lambda result: result.fault):
        each = list(group)
        times = [result.detected for result in each if result.detected is not None]
        median = f"{np.median(times):.0f}" if times else "–"
        names = " or ".join(each[0].right)
        about = FAULTS[name].about
        lines.append(f"| {name}: {about} | {names} | {len(each)} | {_interval(recall(each))} | {median} |")
    return "\n".join(lines)


def _confusion(results: Sequence[ExamResult]) -> str:
    """Rows: the fault; columns: what was reported."""
    names = sorted({result.named for result in results})
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for fault in [*FAULTS, ""]:
        counted = Counter(result.named for result in results if result.fault == fault)
        if counted:
            cells = " | ".join(str(counted[name] or "") for name in names)
            lines.append(f"| {fault or 'healthy'} | {cells} |")
    return "\n".join(lines)


def _cures(results: Sequence[ExamResult]) -> str:
    """The same seeds with and without remedies: how many reach a healthy score."""
    lines = [
        "| fault | trainings | healthy without | healthy with remedies | remedies applied |",
        "|---|---|---|---|---|",
    ]
    cured = [result for result in results if result.kind == "cured"]
    for fault in dict.fromkeys(result.fault for result in cured):
        after = [result for result in cured if result.fault == fault]
        cells = [result.cell for result in after]
        before = [each for each in results if (each.kind, each.fault) == ("faulty", fault) and each.cell in cells]
        counts = [sum(_healthy(result) for result in group) for group in (before, after)]
        applied = sum(result.remedies for result in after)
        lines.append(f"| {fault} | {len(after)} | {counts[0]} | {counts[1]} | {applied} |")
    return "\n".join(lines)


def _healthy(result: ExamResult) -> bool:
    return result.healthy_fd is not None and result.fd <= WORSE * result.healthy_fd


def _interval(share: Estimate | None) -> str:
    return "–" if share is None else f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def _listed(ever: Mapping[str, int]) -> str:
    return ", ".join(f"{name} from step {step}" for name, step in ever.items())
