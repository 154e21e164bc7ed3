"""Generators of tables side by side: ours, the `ctgan` package, and baselines that are no networks, at equal time.

    python -m ganatomy.experiments.tables      writes docs/TABLE_SCORES.md

Time is that of the processor, on one thread, so that a machine may do other work meanwhile: from a few steps follows
how many fit into `--seconds`. Tables are those that scikit-learn and plotly ship, and statsmodels where it is
installed; the `ctgan` package takes part where it is installed (its licence is BSL: it is no dependency). What has been
measured is kept.
"""

import importlib.util
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer

from ganatomy.errors import UserError
from ganatomy.evaluation.rows.api import evaluate
from ganatomy.experiments.reproduction.context import named, table, whole_numbers
from ganatomy.generators.rows import RowSampler
from ganatomy.modalities.tables.schema import Schema
from ganatomy.runs.scorecard import ScoreCard
from ganatomy.system import machine
from ganatomy.system.files import write_text
from ganatomy.system.terminal import Terminal
from ganatomy.training.api import train
from ganatomy.training.loop import Callback, State

if TYPE_CHECKING:
    import pandas as pd

SECONDS = 60.0
SEEDS = "0,1,2"
UNSEEN = 0.3  # of the rows, which are only measured on
DRAWN = 2000  # generated rows
TRIAL = 40  # steps that a step's time is measured on
METRICS = ("utility", "columns", "association", "c2st", "nearest_ratio")
OURS = ("residual-copula", "ctgan")
PEER = "ctgan package"
BASELINES = ("Gaussian copula", "independent columns")
NEAR = 0.02  # points of AUC: as good as real rows
PAGE, FIGURES = "TABLE_SCORES.md", "table_scores.json"


@dataclass(frozen=True)
class Example:
    """A table that a package ships: how to load it, and the column that is predicted; None: the last."""

    package: str
    load: Callable[[], "pd.DataFrame"]
    target: str | None = None


def _sklearn(name: str) -> Callable[[], "pd.DataFrame"]:
    def load() -> "pd.DataFrame":
        from sklearn import datasets

        frame: pd.DataFrame = getattr(datasets, name)(as_frame=True).frame
        return frame

    return load


def _tips() -> "pd.DataFrame":
    from plotly import data

    frame: pd.DataFrame = data.tips()
    return frame


def _statsmodels(name: str) -> Callable[[], "pd.DataFrame"]:
    def load() -> "pd.DataFrame":
        from statsmodels import datasets

        frame: pd.DataFrame = getattr(datasets, name).load_pandas().data
        return frame

    return load


EXAMPLES = {
    "breast cancer": Example("sklearn", _sklearn("load_breast_cancer")),
    "wine": Example("sklearn", _sklearn("load_wine")),
    "diabetes": Example("sklearn", _sklearn("load_diabetes")),
    "tips": Example("plotly", _tips, "tip"),
    "election study": Example("statsmodels", _statsmodels("anes96"), "vote"),
    "marriages": Example("statsmodels", _statsmodels("fair")),
    "doctor visits": Example("statsmodels", _statsmodels("randhie"), "mdvis"),
}


def main(
    names: Annotated[str, typer.Option(help=f"Tables: {', '.join(EXAMPLES)}.")] = ",".join(EXAMPLES),
    seeds: Annotated[str, typer.Option(help="Seeds of each generator.")] = SEEDS,
    seconds: Annotated[float, typer.Option(help="Processor time of each training.")] = SECONDS,
    out: Annotated[Path, typer.Option(help="Where TABLE_SCORES.md and its JSON go.")] = Path("docs"),
) -> None:
    """Train, measure and write the page, for each table and seed."""
    console = Terminal()
    torch.set_num_threads(1)
    try:
        chosen, numbers = named("table", names, EXAMPLES), whole_numbers("--seeds", seeds, SEEDS)
        for seed in numbers:
            for name in chosen:
                if importlib.util.find_spec(EXAMPLES[name].package) is None:
                    console.print(f"{name}: left out, {EXAMPLES[name].package} is not installed.")
                    continue
                for generator in (*OURS, *[PEER] * (importlib.util.find_spec("ctgan") is not None)):
                    _add(out, name, generator, seed, seconds, console)
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None


def _add(out: Path, name: str, generator: str, seed: int, seconds: float, console: Any) -> None:
    """Measure one generator, unless that has been done, and write the page."""
    out.mkdir(parents=True, exist_ok=True)
    place = out / FIGURES
    kept = json.loads(place.read_text(encoding="utf-8"))["measured"] if place.is_file() else {}
    key = f"{name}, {generator}, seed {seed}"
    if key not in kept:
        kept[key] = {"table": name, "generator": generator, "seed": seed, **measured(name, generator, seed, seconds)}
        console.print(f"{key}: " + ", ".join(f"{m} {v:.3f}" for m, v in kept[key]["scores"].items()), highlight=False)
    made = f"{time.strftime('%Y-%m-%d')}, {machine.processor()}, one thread"
    found = {"made": made, "seconds": seconds, "measured": dict(sorted(kept.items()))}
    write_text(place, json.dumps(found, indent=1) + "\n")
    write_text(out / PAGE, text(found))


def measured(name: str, generator: str, seed: int, seconds: float) -> dict[str, Any]:
    """Scores of a generator's rows and of the baselines', on rows that none has seen.

    name: of EXAMPLES; generator: of OURS, or PEER; seconds: of processor time for its training. Raises UserError where
    a score cannot be measured.
    """
    example = EXAMPLES[name]
    frame = example.load().sample(frac=1, random_state=0).reset_index(drop=True)
    known = frame[: len(frame) - int(UNSEEN * len(frame))]
    unseen = frame[len(known) :].reset_index(drop=True)
    made, facts = _ours(known, generator, seed, seconds) if generator in OURS else _peer(known, seed, seconds)
    cards = evaluate(made, known, held_out=unseen, target=example.target, metrics=METRICS).cards
    real = cards[0].scores["utility"].details["trained_on_real_rows"]
    return {
        **facts,
        "rows": len(known),
        "columns": frame.shape[1],
        "target": cards[0].protocol["features"]["target"],
        "real": real,
        "kind": "R²" if _continuous(known, cards[0].protocol["features"]["target"]) else "AUC",
        "scores": _values(cards[0]),
        "baselines": {card.name: _values(card) for card in cards[1:]},
    }


def _continuous(frame: "pd.DataFrame", target: str) -> bool:
    return next(each for each in Schema.of(frame).columns if str(each.name) == target).kind != "category"


def _values(card: ScoreCard) -> dict[str, float]:
    return {name: card.scores[name].value for name in METRICS if name in card.scores}


class _Clock(Callback):
    """Processor time at the end of each step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def after_step(self, state: State) -> None:
        """Note the time."""
        self.times.append(time.process_time())


def _ours(known: "pd.DataFrame", recipe: str, seed: int, seconds: float) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Rows of a recipe's generator, which has had so much time. Raises UserError where the training is stopped."""
    fixed = {"training.seed": seed, "runtime.threads": 1, "diagnosis.on": False}
    quiet = Terminal(quiet=True)
    with tempfile.TemporaryDirectory() as folder:
        clock = _Clock()
        settings = {**fixed, "training.steps": TRIAL}
        train(known, recipe=recipe, settings=settings, runs=folder, name="trial", callbacks=[clock], console=quiet)
        steps = max(TRIAL, round(seconds / float(np.median(np.diff(clock.times)))))
        settings = {**fixed, "training.steps": steps, "log.snapshot": steps, "log.checkpoint": steps}
        run = train(known, recipe=recipe, settings=settings, runs=folder, name="run", console=quiet)
        if run.info()["status"] != "finished":
            raise UserError("stopped; repeat the command to go on from there.")
        return RowSampler.of_run(run).frame(range(DRAWN)), {"steps": steps}


def _peer(known: "pd.DataFrame", seed: int, seconds: float) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Rows of the `ctgan` package's generator, which has had so much time for its epochs."""
    import ctgan

    choices = [column.name for column in Schema.of(known).columns if column.kind == "category"]

    def fitted(epochs: int) -> tuple[Any, float]:
        torch.manual_seed(seed)
        np.random.seed(seed)
        model = ctgan.CTGAN(epochs=epochs)
        model.set_random_state(seed)
        begun = time.process_time()
        model.fit(known, choices)
        return model, time.process_time() - begun

    few, many = fitted(1)[1], fitted(11)[1]
    epochs = max(1, round(seconds / max((many - few) / 10, 1e-3)))
    model, _ = fitted(epochs)
    return model.sample(DRAWN), {"epochs": epochs, "version": ctgan.__version__}


@dataclass(frozen=True)
class _Measured:
    """What has been measured so far, by table and generator."""

    entries: list[dict[str, Any]]

    @property
    def tables(self) -> list[str]:
        """Those that were measured, in their order."""
        return [name for name in EXAMPLES if any(each["table"] == name for each in self.entries)]

    @property
    def generators(self) -> list[str]:
        """Those that were measured, in their order; no baselines."""
        return [name for name in (*OURS, PEER) if any(each["generator"] == name for each in self.entries)]

    def facts(self, name: str) -> dict[str, Any]:
        """Of a table: the same in each of its entries."""
        return next(each for each in self.entries if each["table"] == name)

    def values(self, name: str, generator: str, metric: str) -> list[float]:
        """A score of each seed; a baseline's, which has no seed, once."""
        if generator in BASELINES:
            found = [self.facts(name)["baselines"][generator]]
        else:
            found = [e["scores"] for e in self.entries if (e["table"], e["generator"]) == (name, generator)]
        return [scores[metric] for scores in found if metric in scores]

    def cell(self, name: str, generator: str, metric: str) -> str:
        """The median, and the smallest and largest."""
        there = self.values(name, generator, metric)
        if not there:
            return "–"
        spread = "" if len(there) == 1 else f" [{min(there):.3f}, {max(there):.3f}]"
        return f"{median(there):.3f}{spread}".replace("-", "−")

    def verdict(self, generator: str) -> str:
        """How near a generator comes to real rows, and on how many tables it is ahead of the others."""
        areas = [name for name in self.tables if self.facts(name)["kind"] == "AUC"]
        areas = [name for name in areas if self.values(name, generator, "utility")]
        near = [
            name for name in areas if median(self.values(name, generator, "utility")) >= self.facts(name)["real"] - NEAR
        ]
        words = f"`{generator}`: AUC within {NEAR:g} of what real rows teach on {len(near)} of {len(areas)} tables"
        for other in (each for each in (*self.generators, BASELINES[0]) if each in (PEER, BASELINES[0])):
            ahead = []
            for metric in METRICS[:-1]:
                pairs = [[self.values(name, each, metric) for each in (generator, other)] for name in self.tables]
                pairs = [pair for pair in pairs if all(pair)]
                better = [(median(ours) > median(theirs)) == (metric == "utility") for ours, theirs in pairs]
                ahead.append(f"`{metric}` on {sum(better)} of {len(better)}")
            words += f"; ahead of the {other} in {', '.join(ahead)}"
        return f"{words}."


def text(found: Mapping[str, Any]) -> str:
    """The page."""
    measured = _Measured(list(found["measured"].values()))
    parts = ["\n".join(f"- {measured.verdict(name)}" for name in measured.generators if name in OURS)]
    for metric in METRICS:
        rows = []
        for name in measured.tables:
            facts = measured.facts(name)
            shown = f"{name}, {facts['rows']:,} × {facts['columns']}"
            real = []
            if metric == "utility":
                shown += f", {facts['kind']} of `{facts['target']}`"
                real = [f"{facts['real']:.3f}".replace("-", "−")]
            every = (*measured.generators, *BASELINES)
            rows.append([shown, *real, *[measured.cell(name, each, metric) for each in every]])
        named = [f"`{each}`" if each in OURS else each for each in measured.generators]
        parts.append(table([WORDS[metric], *["real rows"] * (metric == "utility"), *named, *BASELINES], rows))
    body = "\n\n".join(parts)
    return f"{TITLE.format(seconds=found['seconds'], made=found['made'])}\n\n{body}\n"


WORDS = {
    "utility": "`utility` ↑",
    "columns": "`columns` ↓",
    "association": "`association` ↓",
    "c2st": "`c2st`, ½ is best",
    "nearest_ratio": "`nearest_ratio`, 0: copies",
}
TITLE = """# Scores of generated tables

    python -m ganatomy.experiments.tables

Generators learn from 70% of a table's rows, with {seconds:g} seconds of processor time each ({made});
2,000 rows are drawn and measured as `ganatomy evaluate` does (docs/TABLES.md), the utility on the rows that none has
seen. The median over seeds, and in brackets the smallest and the largest; without brackets there is one seed. The
baselines are fitted, not trained."""


if __name__ == "__main__":
    typer.run(main)
