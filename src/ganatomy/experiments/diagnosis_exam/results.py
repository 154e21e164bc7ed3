"""What came of each training of the exam: whether its fault did harm, and what the diagnosis reported."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

from ganatomy.diagnosis import HEALTHY, Monitor
from ganatomy.diagnosis.reading import context_of, observations
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.experiments.diagnosis_exam.plan import ExamTraining
from ganatomy.runs.run import Run

WORSE = 1.5  # times the Fréchet distance of the healthy twin: the fault did harm
LESS = 0.7  # times its coverage
LEARNT = 0.5  # times the Fréchet distance before the first step: a healthy training learnt something
COPIES = 0.5  # times the authenticity of the healthy twin


@dataclass(frozen=True)
class ImageScores:
    """Of generated images beside held-out ones: Fréchet distance, precision and coverage.

    variety: the median distance between two of them over that between two real ones; NaN in older results.
    """

    fd: float
    precision: float
    coverage: float
    variety: float = nan


@dataclass(frozen=True)
class ExamScores:
    """Of one training, by scores that know nothing of the diagnosis.

    start, end    of images before the first step and after the last
    authenticity  of the latter, beside the training images
    status        of its run
    seconds       that it took
    """

    start: ImageScores
    end: ImageScores
    authenticity: float
    status: str = "finished"
    seconds: float = 0.0


@dataclass(frozen=True)
class ExamReport:
    """What the diagnosis reported of a training.

    name   the finding that headed the verdict at most probes of the second half; `healthy` where there was none
    ever   every finding that ever headed it, each with the step at which it first did
    """

    name: str
    ever: Mapping[str, int]


@dataclass(frozen=True)
class ExamResult:
    """One training of the exam.

    training      its name
    kind          faulty, healthy or cured
    fault         its name in FAULTS; "" for a healthy one
    cell          network, data set and seed
    counts        whether a fault did harm, or a healthy training learnt something
    named, ever   as in `ExamReport`
    right         the findings that name the fault rightly
    detected      the first step at which one of them headed the verdict
    fd, coverage  at the end; healthy_fd: of the healthy twin
    remedies      how many were applied
    """

    training: str
    kind: str
    fault: str
    cell: tuple[str, str, int]
    counts: bool
    named: str
    right: tuple[str, ...]
    ever: Mapping[str, int]
    detected: int | None
    fd: float
    coverage: float
    healthy_fd: float | None
    remedies: int


def results_of(scores: Mapping[ExamTraining, ExamScores], folder: Path) -> list[ExamResult]:
    """Those of all trainings with their scores; their records are under folder/runs."""
    return [_result(training, scores, Run(folder / "runs" / training.name)) for training in scores]


def _result(training: ExamTraining, scores: Mapping[ExamTraining, ExamScores], run: Run) -> ExamResult:
    mine, twin, report = scores[training], scores.get(training.twin), reported(run)
    right = FAULTS[training.fault].names if training.fault else ()
    return ExamResult(
        training.name,
        "cured" if training.remedies else "faulty" if training.fault else "healthy",
        training.fault,
        (training.kind, training.data, training.seed),
        twin is not None and harmful(training, mine, twin) if training.fault else learnt(mine),
        report.name,
        right,
        report.ever,
        min((report.ever[name] for name in right if name in report.ever), default=None),
        mine.end.fd,
        mine.end.coverage,
        twin.end.fd if twin is not None else None,
        sum(event["event"] == "remedy" for event in run.events()),
    )


def reported(run: Run) -> ExamReport:
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
    return ExamReport(counted.most_common(1)[0][0] if counted else HEALTHY, ever)


def harmful(training: ExamTraining, scores: ExamScores, twin: ExamScores) -> bool:
    """Whether a fault did harm, by scores that know nothing of the diagnosis."""
    if scores.status == "failed":
        return True
    if training.fault == "by heart":
        return scores.authenticity < COPIES * twin.authenticity
    return scores.end.fd > WORSE * twin.end.fd or scores.end.coverage < LESS * twin.end.coverage


def learnt(scores: ExamScores) -> bool:
    """Whether a training without a fault learnt anything."""
    return scores.status == "finished" and scores.end.fd < LEARNT * scores.start.fd


def of_kind(results: Sequence[ExamResult], kind: str) -> list[ExamResult]:
    """The results that count: "faulty" with verified harm, or "healthy" that learnt something."""
    return [result for result in results if result.kind == kind and result.counts]
