"""What came of each training of the generated exam."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ganatomy.diagnosis import Monitor
from ganatomy.diagnosis.reading import context_of, observations
from ganatomy.experiments.diagnosis_exam.generated.plan import GeneratedTraining
from ganatomy.experiments.diagnosis_exam.results import COPIES, LESS, WORSE, ExamScores, learnt
from ganatomy.runs.run import Run

ALIKE = 0.4  # times the variety of real images, by features that the diagnosis does not know: a collapse
COLLAPSE = "mode collapse"

Kind: TypeAlias = Literal["healthy", "harmed", "harmless", "learnt nothing"]


@dataclass(frozen=True)
class GeneratedResult:
    """One training of the generated exam.

    training, network, data, about  its name, and in words what was trained and what was wrong
    kind     healthy; harmed or harmless by its faults; or learnt nothing: the healthy training of its seed did not
    right    the findings that name one of its faults rightly
    first    the finding that headed the verdict at most probes of the second half, "" where there was none
    second   the same of the one named behind it
    ever     every finding that ever headed it, with the step at which it first did
    state    of the diagnosis at the end: early, open, healthy or ill
    probes   whole ones
    fd, start, healthy_fd  Fréchet distances at the end, before the first step, and of the healthy training
    """

    training: str
    network: str
    data: str
    about: str
    kind: Kind
    right: tuple[str, ...]
    first: str
    second: str
    ever: Mapping[str, int]
    state: str
    steps: int
    probes: int
    fd: float
    start: float
    healthy_fd: float


def results_of(scores: Mapping[GeneratedTraining, ExamScores], folder: Path) -> list[GeneratedResult]:
    """Those of all trainings with their scores; their records are under folder/runs."""
    return [_result(training, scores, Run(folder / "runs" / training.name)) for training in scores]


def _result(training: GeneratedTraining, scores: Mapping[GeneratedTraining, ExamScores], run: Run) -> GeneratedResult:
    mine, twin = scores[training], scores[training.twin]
    monitor, firsts, seconds, ever = Monitor(context_of(run)), Counter[str](), Counter[str](), dict[str, int]()
    records = list(observations(run))
    for record in records:
        monitor.observe(record)
        named = [finding.name for finding in monitor.present]
        if named:
            ever.setdefault(named[0], int(record["step"]))
        if 2 * record["step"] > records[-1]["step"]:
            firsts.update(named[:1])
            seconds.update(named[1:2])
    return GeneratedResult(
        training.name,
        training.kind,
        training.data_name,
        training.about,
        _kind(training, mine, twin),
        right_names(training, mine),
        _most_common(firsts),
        _most_common(seconds),
        ever,
        monitor.state,
        monitor.step,
        sum("movement" in record for record in monitor.records),
        mine.end.fd,
        mine.start.fd,
        twin.end.fd,
    )


def right_names(training: GeneratedTraining, scores: ExamScores) -> tuple[str, ...]:
    """The findings that name a training's faults rightly; a collapse, too, where one came of an unnamed cause."""
    effect = all(kind.effect for _, kind, _ in training.faults) and bool(training.faults)
    collapsed = effect and scores.end.variety < ALIKE
    return (*training.names, *([COLLAPSE] if collapsed and COLLAPSE not in training.names else []))


def _kind(training: GeneratedTraining, scores: ExamScores, twin: ExamScores) -> Kind:
    if not learnt(twin):
        return "learnt nothing"
    if not training.faults:
        return "healthy"
    return "harmed" if harmful(training, scores, twin) else "harmless"


def harmful(training: GeneratedTraining, scores: ExamScores, twin: ExamScores) -> bool:
    """Whether faults did harm, by scores that share no code with the diagnosis.

    Labels of other images and copies of training images do harm that no distance shows.
    """
    if scores.status == "failed" or "wrong labels" in [name for name, *_ in training.faults]:
        return True
    worse = scores.end.fd > WORSE * twin.end.fd or scores.end.coverage < LESS * twin.end.coverage
    return worse or scores.authenticity < COPIES * twin.authenticity


def _most_common(counted: Counter[str]) -> str:
    return counted.most_common(1)[0][0] if counted else ""


def of_kind(results: Sequence[GeneratedResult], kind: Kind) -> list[GeneratedResult]:
    """The results of a kind."""
    return [result for result in results if result.kind == kind]
