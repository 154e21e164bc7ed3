"""What there is to say of a sweep, for pages: tables, charts and sentences as plain values. No torch."""

import shlex
from dataclasses import dataclass

import yaml

from ganatomy.runs.scorecard import number
from ganatomy.sweeps import results
from ganatomy.sweeps.charts import SweepChart, charts
from ganatomy.sweeps.folder import UNLIMITED, Sweep, SweepOptions
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.objectives import in_words
from ganatomy.sweeps.results import OWN, TrialRow
from ganatomy.system.wording import duration

LISTED = 500  # trials in a page's table, the best first
AGAIN_WORDS = (
    "The best of many trials is partly the luckiest: its own score is too good. So the best settings were trained "
    "again with seeds that no trial had, and so were the settings that the sweep started from."
)


@dataclass(frozen=True)
class TableLine:
    """A line of a table.

    run    that its first cell leads to, if there is one
    best   whether it is one of the best
    open   whether it is of a trial that has no outcome yet
    """

    cells: list[str]
    run: str | None = None
    best: bool = False
    open: bool = False


@dataclass(frozen=True)
class SweepTable:
    """A table with what it shows in words."""

    words: str
    heads: list[str]
    lines: list[TableLine]


@dataclass(frozen=True)
class SweepOverview:
    """A sweep at a glance.

    state       running, finished or stopped
    status      how many trials there are, and how they ended
    conclusion  whether the best settings beat those that it started from; empty where that is not known
    facts       names and words
    best        the run with the best settings; command: what repeats it, once best.yaml is there
    again       the best settings with other seeds; None before they were trained again
    trials      a line for each trial, the best first
    space, settings   of all trials, as YAML
    """

    state: str
    status: str
    conclusion: str
    facts: dict[str, str]
    best: str | None
    command: str | None
    again: SweepTable | None
    trials: SweepTable
    charts: list[SweepChart]
    space: str
    settings: str


def overview(sweep: Sweep, journal: Journal) -> SweepOverview:
    """What there is to say of a sweep now. Raises UserError where sweep.json is damaged."""
    rows, options = results.in_order(sweep, journal), sweep.options()
    fixed = {"data": options.data, "recipe": options.recipe, **options.settings}
    return SweepOverview(
        state=state(sweep, journal),
        status=status(rows),
        conclusion=results.compared(sweep, journal),
        facts={
            "Objectives": ", ".join(options.objectives),
            "Scores": _scored(options),
            "Seeds": f"trial n is trained with seed {options.seed} + n",
        },
        best=results.best_run(sweep, journal),
        command=best_command(sweep),
        again=_again(sweep, journal),
        trials=_trials(rows, several=len(options.objectives) > 1),
        charts=charts(journal),
        space=yaml.safe_dump(options.space, sort_keys=False, allow_unicode=True),
        settings=yaml.safe_dump(fixed, sort_keys=False, allow_unicode=True),
    )


def _scored(options: SweepOptions) -> str:
    count = "as many as real ones" if options.samples is None else f"{options.samples:,}"
    return f"generated samples: {count}, features: {options.features}"


def state(sweep: Sweep, journal: Journal) -> str:
    """running while a process carries it out; finished where nothing is left to do; else stopped."""
    if sweep.is_locked():
        return "running"
    wanted, begun = sweep.options().trials, len(journal.trials())
    whole = begun >= wanted or (wanted == UNLIMITED and begun > 0)
    ended = whole and not journal.unfinished() and results.is_trained_again(sweep, journal)
    return "finished" if ended and sweep.is_summed_up() else "stopped"


def status(rows: list[TrialRow]) -> str:
    """How many trials there are, and how they ended."""
    counted = {each: sum(row.state == each for row in rows) for each in dict.fromkeys(results.STATES.values())}
    return f"{len(rows):,} trials: " + ", ".join(f"{count:,} {each}" for each, count in counted.items() if count)


def best_command(sweep: Sweep) -> str | None:
    """What trains the best settings again; None before best.yaml is there."""
    path = sweep.path / "best.yaml"
    return f"ganatomy train --config {shlex.quote(str(path))}" if path.is_file() else None


def _again(sweep: Sweep, journal: Journal) -> SweepTable | None:
    found = results.retrained(sweep, journal)
    if not found:
        return None
    lines = []
    for each in found:
        name = "the recipe's own settings" if each.name == OWN else each.name
        first = in_words(each.first) if each.first else "–"
        seeds = [in_words(seed) if seed else "did not finish" for seed in each.found]
        lines.append(TableLine([name, first, *seeds, number(each.value)]))
    seeds = [f"other seed {i}" for i in range(1, len(found[0].found) + 1)]
    return SweepTable(AGAIN_WORDS, ["", "in its trial", *seeds, "mean of the other seeds"], lines)


def _trials(rows: list[TrialRow], several: bool) -> SweepTable:
    bold = "those on the Pareto front: no other is better in every objective" if several else "the best one"
    left_out = f" The best {LISTED:,} of {len(rows):,}; trials.csv has all." if len(rows) > LISTED else ""
    words = f"The best first; bold: {bold}. In brackets: 95% intervals over other generated samples.{left_out}"
    names = list(dict.fromkeys(name for row in rows for name in row.point))
    lines = []
    for row in rows[:LISTED]:
        reached = in_words(row.outcomes) if row.outcomes else ": ".join(filter(None, (row.state, row.reason)))
        options = [results.shown(row.point[name]) if name in row.point else "" for name in names]
        cells = [str(row.number), reached, duration(row.seconds), *options]
        lines.append(TableLine(cells, row.run, row.best, row.state == results.UNFINISHED))
    return SweepTable(words, ["trial", "outcome", "time", *names], lines)
