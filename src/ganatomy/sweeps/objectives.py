"""What a sweep optimises: scores of `ganatomy evaluate`, seconds of training, verdicts of the diagnosis. No torch."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ganatomy.diagnosis import diagnose_run
from ganatomy.errors import unknown
from ganatomy.evaluation.comparison import badness
from ganatomy.evaluation.metrics import METRICS
from ganatomy.evaluation.pairs.fidelity import PAIR_METRICS
from ganatomy.evaluation.rows import ROW_METRICS
from ganatomy.evaluation.sounds import SOUND_METRICS
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, cards, interval, number
from ganatomy.system.registry import Registry


@dataclass(frozen=True)
class ObjectiveValue:
    """What a trial reached in one objective.

    label      what it is called, such as fd_lenet
    value      the number; low, high: the ends of its 95% interval, if it has one
    badness    what the sweep minimises: the value, its negative where higher is better, its distance from real data's
    words      as people read it
    """

    label: str
    value: float
    badness: float
    words: str
    low: float | None = None
    high: float | None = None

    def json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return asdict(self)


Measured = Callable[[Run], ObjectiveValue]
OBJECTIVES_OF_RUNS: Registry[Measured] = Registry("objective of a sweep")


def seconds(run: Run) -> ObjectiveValue:
    """The time of training."""
    value = float(run.info()["seconds"])
    return ObjectiveValue("seconds", value, value, f"{number(value)} s")


RANKS = {"healthy": 0.0, "open": 1.0, "early": 1.0, "ill": 2.0}


def verdict(run: Run) -> ObjectiveValue:
    """The verdict of the diagnosis: 0 healthy, 1 nothing found or too early to say, 2 something is wrong."""
    monitor = diagnose_run(run)
    rank = RANKS[monitor.state]
    return ObjectiveValue("verdict", rank, rank, monitor.verdict)


for _measured in (seconds, verdict):
    OBJECTIVES_OF_RUNS.add(_measured.__name__, _measured, module=__name__)


USUAL = {"images": "fd", "pairs": "fd", "sounds": "fd", "tables": "c2st"}  # what is best where nobody says so


def names(modality: str) -> list[str]:
    """All objectives that a sweep on a kind of data may have: scores of every metric first."""
    scores = (score for each in _scores(modality).values() for score in each)
    return [*dict.fromkeys(scores), *OBJECTIVES_OF_RUNS]


def _scores(modality: str) -> Mapping[str, list[str]]:
    """The scores of each metric whose names are known before it is measured: not one for each size, as swd_HEIGHT."""
    of_images = {name: [score for score in metric.scores if score.islower()] for name, metric in METRICS.items()}
    return {
        "images": of_images,
        "pairs": {name: [name] for name in PAIR_METRICS} | of_images,
        "sounds": {name: [name] for name in SOUND_METRICS},
        "tables": {name: [name] for name in ROW_METRICS},
    }[modality]


def check(name: str, modality: str) -> None:
    """Raises UserError where there is no such objective of a sweep on a kind of data."""
    if name not in names(modality):
        raise unknown(f"objective of a sweep on {modality}", name, names(modality))


def metrics_of(objectives: list[str], modality: str) -> list[str]:
    """The metrics that have to be measured for these objectives."""
    return [name for name, scores in _scores(modality).items() if set(scores) & set(objectives)]


def measure(run: Run, objectives: list[str], samples: int | None) -> list[ObjectiveValue] | None:
    """What a run reached in each objective; None without its end, or a score of so many samples.

    samples: None: of any number; of pairs there may be fewer.
    """
    if run.info().get("status") != "finished":
        return None
    found = []
    for name in objectives:
        if name in OBJECTIVES_OF_RUNS:
            found.append(OBJECTIVES_OF_RUNS[name](run))
            continue
        labelled = next(filter(None, (_score(card, name) for card in _cards(run, samples))), None)
        if labelled is None:
            return None
        label, score = labelled
        words = interval(score.value, score.low, score.high)
        found.append(ObjectiveValue(label, score.value, badness(score), words, score.low, score.high))
    return found


def in_words(outcomes: list[ObjectiveValue]) -> str:
    """Labels and values, on one line."""
    return ", ".join(f"{each.label} {each.words}" if each.label != each.words else each.words for each in outcomes)


def _cards(run: Run, samples: int | None) -> list[ScoreCard]:
    """The cards of a run's last step with so many generated samples, the newest first."""
    whole = {"average": True, "truncation": None, "step": run.info().get("step")}
    there = [
        card for card in reversed(cards(run)) if whole.items() <= card.subject.items() and "how" not in card.subject
    ]
    if samples is None:
        return there
    fits = operator.le if run.config().modality == "pairs" else operator.eq
    return [card for card in there if fits(card.protocol["samples"], samples)]


def _score(card: ScoreCard, name: str) -> tuple[str, Score] | None:
    """A card's score by its name without the features: fd → fd_lenet, or FID of the official network."""
    official = {metric.official for metric in METRICS.values() if name in metric.scores and metric.official}
    for label in (name, f"{name}_{card.protocol['features']['name']}", *official):
        if label in card.scores:
            return label, card.scores[label]
    return None


def table() -> str:
    """Every objective with the metric that measures it, by kind of data, in Markdown."""
    registries: dict[str, Registry[Any]] = {"images, pairs": METRICS, "pairs": PAIR_METRICS}
    registries |= {"sounds": SOUND_METRICS, "tables": ROW_METRICS}
    rows = [
        f"| {of} | {', '.join(f'`{score}`' for score in scores)} | {registry.summary(name)} |"
        for of, registry in registries.items()
        for name in registry
        if (scores := _scores(of.partition(",")[0])[name])
    ]
    rows += [f"| all | `{name}` | {OBJECTIVES_OF_RUNS.summary(name)} |" for name in OBJECTIVES_OF_RUNS]
    return "\n".join(["| data | objective | what it is |", "|---|---|---|", *rows])
