"""What a sweep found: a table of its trials, the best ones with other seeds, and the best settings as a file."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from statistics import mean
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from ganatomy.config.settings import to_yaml
from ganatomy.runs.scorecard import number
from ganatomy.sweeps import objectives
from ganatomy.sweeps.folder import OTHER_SEEDS, Sweep, SweepOptions, SweepTraining, again, training_at, trial_training
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.objectives import ObjectiveValue, in_words
from ganatomy.sweeps.space import label_of
from ganatomy.system.terminal import printable_name
from ganatomy.system.wording import duration

OWN = "recipe"  # the name of the settings that the sweep started from
UNFINISHED = "unfinished"
STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "ended early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: UNFINISHED,
    TrialState.WAITING: UNFINISHED,
}


@dataclass(frozen=True)
class TrialRow:
    """A trial as people read it: its number and run, how it ended, what it reached, its options.

    outcomes: one for each objective, none where it did not finish; reason: why it did not.
    """

    number: int
    run: str
    state: str
    outcomes: list[ObjectiveValue]
    reason: str
    seconds: float | None
    point: Mapping[str, Any]
    best: bool


@dataclass(frozen=True)
class Retrained:
    """Settings that were trained again with other seeds.

    name   the trial's run, or OWN: the settings that the sweep started from
    first  what the trial itself reached; None for OWN
    found  what each of the other seeds reached; None where one has not finished
    """

    name: str
    first: list[ObjectiveValue] | None
    found: list[list[ObjectiveValue] | None]

    @property
    def badness(self) -> float:
        """Of the first objective, the mean over the other seeds: infinite where one of them did not finish."""
        return mean(each[0].badness if each else inf for each in self.found)

    @property
    def value(self) -> float | None:
        """The first objective's mean over the other seeds; None where one of them did not finish."""
        values = [each[0].value for each in self.found if each]
        return mean(values) if len(values) == len(self.found) else None


def rows(sweep: Sweep, journal: Journal) -> list[TrialRow]:
    """All trials in order; `best` marks the best one, or those on the Pareto front."""
    front = {trial.number for trial in journal.study.best_trials} if journal.trials(TrialState.COMPLETE) else set()
    options = sweep.options()
    return [
        TrialRow(
            trial.number,
            _training(options, trial).name,
            STATES[trial.state],
            [ObjectiveValue(**each) for each in trial.user_attrs.get("outcomes", [])],
            str(trial.user_attrs.get("reason", "")),
            trial.user_attrs.get("seconds"),
            trial.user_attrs["point"],
            trial.number in front,
        )
        for trial in journal.trials()
    ]


def in_order(sweep: Sweep, journal: Journal) -> list[TrialRow]:
    """All trials, the best first."""
    return sorted(rows(sweep, journal), key=_order)


def trainings_again(sweep: Sweep, journal: Journal) -> list[list[SweepTraining]]:
    """The trainings with other seeds, a list for each of the best trials and for the settings that it started from."""
    options = sweep.options()
    best = journal.best()[: options.again]
    if not best or not options.seeds:
        return []
    settings = [_training(options, trial) for trial in best] + [training_at(options, {}, OWN, options.seed)]
    if "training.seed" in {**options.settings, **best[0].user_attrs["point"]}:
        return []  # the seed was chosen
    first = options.seed + OTHER_SEEDS
    return [[again(training, seed) for seed in range(first, first + options.seeds)] for training in settings]


def is_trained_again(sweep: Sweep, journal: Journal) -> bool:
    """Whether every training with another seed has come to its end: it was measured, or failed."""
    options = sweep.options()
    runs = [sweep.run(training.name) for seeds in trainings_again(sweep, journal) for training in seeds]
    return all(
        run.info().get("status") == "failed" or objectives.measure(run, options.objectives, options.samples)
        for run in runs
    )


def retrained(sweep: Sweep, journal: Journal) -> list[Retrained]:
    """What the best trials reached with other seeds, the best mean first, and the settings it all started from last."""
    options, found = sweep.options(), []
    reached = {row.run: row.outcomes for row in rows(sweep, journal)}
    for trainings in trainings_again(sweep, journal):
        name = trainings[0].name.partition("-seed-")[0]
        measured = [
            objectives.measure(sweep.run(training.name), options.objectives, options.samples) for training in trainings
        ]
        found.append(Retrained(name, reached.get(name), measured))
    return sorted(found, key=lambda each: (each.name == OWN, each.badness))


def best_run(sweep: Sweep, journal: Journal) -> str | None:
    """The run with the best settings: over other seeds, where the best trials were trained again; None without any."""
    over_seeds = [each for each in retrained(sweep, journal) if each.name != OWN and each.badness < inf]
    if over_seeds:
        return over_seeds[0].name
    best = journal.best()
    return _training(sweep.options(), best[0]).name if best else None


def write_best(sweep: Sweep, journal: Journal) -> str | None:
    """Write best.yaml, the whole configuration of the best run, and return that run's name."""
    name = best_run(sweep, journal)
    if name is not None:
        reached = next(row for row in rows(sweep, journal) if row.run == name)
        head = [f"{printable_name(sweep.address)}, {name}: {in_words(reached.outcomes)}."]
        head.append(f"ganatomy train --config {printable_name(str(sweep.path / 'best.yaml'))}")
        text = "".join(f"# {line}\n" for line in head) + to_yaml(sweep.run(name).config())
        sweep.write_text("best.yaml", text)
    return name


def write_table(sweep: Sweep, journal: Journal) -> None:
    """Write trials.csv, a row for each trial with all its numbers and options."""
    text = io.StringIO()
    found = rows(sweep, journal)
    names = list(dict.fromkeys(name for row in found for name in row.point))
    labels = list(dict.fromkeys(outcome.label for row in found for outcome in row.outcomes))
    parts = [f"{label}{end}" for label in labels for end in ("", " low", " high")]
    writer = csv.writer(text)
    writer.writerow(["trial", "state", "seconds", *parts, *names, "reason"])
    for row in found:
        values = {
            f"{each.label}{end}": value
            for each in row.outcomes
            for end, value in (("", each.value), (" low", each.low), (" high", each.high))
        }
        options = [label_of(row.point[name]) if name in row.point else "" for name in names]
        writer.writerow([row.number, row.state, row.seconds, *map(values.get, parts), *options, row.reason])
    sweep.write_text("trials.csv", text.getvalue())


def text(sweep: Sweep, journal: Journal) -> str:
    """What a terminal shows: trials, the best ones over other seeds, a sentence on the recipe's own settings."""
    found_so_far = in_order(sweep, journal)
    lines = [_line(row) for row in found_so_far]
    several = len(sweep.options().objectives) > 1
    if any(row.best for row in found_so_far):
        mark = "on the Pareto front: no other trial is better in every objective" if several else "the best trial"
        lines += ["", f"* {mark}"]
    for each in retrained(sweep, journal):
        found = ", ".join(seed[0].words if seed else "did not finish" for seed in each.found)
        lines.append(f"{each.name} with other seeds: {found}")
    return "\n".join([*lines, *([conclusion] if (conclusion := compared(sweep, journal)) else [])])


def compared(sweep: Sweep, journal: Journal) -> str:
    """Whether the best settings beat those that the sweep started from, with the same other seeds; empty: unknown."""
    found = retrained(sweep, journal)
    if not found or found[-1].name != OWN or found[0].value is None:
        return ""
    best, own = found[0], found[-1]
    label = (best.found[0] or [])[0].label
    seeds = f"Over {len(best.found)} other seed{'s'[: len(best.found) != 1]}"
    if own.value is None:
        mean_of_best = f"{best.name} has {label} {number(best.value)} on average"
        return f"{seeds}, {mean_of_best}; the recipe's own settings did not finish."
    verdict = "beat" if best.badness < own.badness else "did not beat"
    means = f"{label} {number(best.value)} on average, they {number(own.value)}"
    return f"{seeds}, the sweep {verdict} the recipe's own settings: {best.name} has {means}."


def _training(options: SweepOptions, trial: FrozenTrial) -> SweepTraining:
    return trial_training(options, trial.number, trial.user_attrs["point"])


def _order(row: TrialRow) -> tuple[Any, ...]:
    return (not row.outcomes, [each.badness for each in row.outcomes], row.number)


def _line(row: TrialRow) -> str:
    mark = "*" if row.best else " "
    reached = in_words(row.outcomes) if row.outcomes else f"{row.state}{': ' if row.reason else ''}{row.reason}"
    options = " ".join(f"{name}={shown(value)}" for name, value in row.point.items())
    return f"{mark} {row.run}  {reached}  {duration(row.seconds)}  {options}"


def shown(value: Any) -> str:
    """A value of an option with the digits that matter to a reader."""
    return f"{value:.4g}" if isinstance(value, float) else label_of(value)
