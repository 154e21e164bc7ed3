"""The claims of the articles and papers, each decided by an experiment: `ganatomy claims`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ganatomy.errors import unknown
from ganatomy.evaluation.metrics import estimate
from ganatomy.experiments.claims.claim import Claim, ClaimTrial, Criterion, Outcome, catalogue
from ganatomy.experiments.claims.page import page
from ganatomy.experiments.claims.pictures import STYLE
from ganatomy.system.files import write_text
from ganatomy.system.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import Console

    from ganatomy.training.cluster.engine import Engine

SEEDS = 5
PAGE, JSON = "CLAIMS.md", "claims.json"


def claims(
    names: Sequence[str] = ("all",),
    *,
    quick: bool = False,
    seeds: int = SEEDS,
    first_seed: int = 0,
    out: str | Path = "docs",
    engine: Engine | None = None,
    console: Console | None = None,
) -> dict[str, dict[str, Any]]:
    """Decide claims by name, or all; writes OUT/CLAIMS.md, claims.json and claims/NAME.png; returns the verdicts.

    quick: smaller experiments, one seed each; first_seed: that of the first trial; engine: where trials are made, all
    side by side; by default here, one after the other. Earlier verdicts on other claims are kept. Raises UserError for
    unknown names.
    """
    known = catalogue()
    chosen = list(known) if "all" in names else list(names)
    for name in chosen:
        if name not in known:
            raise unknown("claim", name, [*known, "all"])
    out = Path(out)
    out.joinpath("claims").mkdir(parents=True, exist_ok=True)
    path = out / JSON
    verdicts = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    trials = [ClaimTrial(first_seed + i, quick) for i in range(1 if quick else seeds)]
    asked = [(name, trial, _picture(out, name, trial is trials[0])) for name in chosen for trial in trials]
    with _spread(asked, engine, console) as made:
        for name in chosen:
            verdicts[name] = verdict = decide(known[name], trials, out / "claims", [next(made) for _ in trials])
            if console:
                says = "holds" if verdict["holds"] else "DOES NOT HOLD"
                console.print(f"{says:14} {name}  ({verdict['seconds']:.0f} s)", highlight=False)
            write_text(path, json.dumps(verdicts, indent=1) + "\n")
            rewrite(out)
    return {name: verdicts[name] for name in chosen}


@dataclass(frozen=True)
class TrialResult:
    """What is kept of a trial: its figures, and how long it took."""

    figures: Mapping[str, float]
    seconds: float


def run_trial(claim: Claim, trial: ClaimTrial, picture: Path | None = None) -> TrialResult:
    """Make a trial, and draw it, if a file is given."""
    began = time.perf_counter()
    outcome = claim.experiment(trial)
    if picture is not None:
        draw(outcome, picture)
    return TrialResult(outcome.figures, time.perf_counter() - began)


def _run_named(name: str, trial: ClaimTrial, picture: Path | None) -> TrialResult:
    """The same, by the claim's name: as another process is asked for it."""
    return run_trial(catalogue()[name], trial, picture)


def _picture(out: Path, name: str, wanted: bool) -> Path | None:
    return out.resolve() / "claims" / f"{name}.png" if wanted else None


@contextmanager
def _spread(
    asked: list[tuple[str, ClaimTrial, Path | None]], engine: Engine | None, console: Console | None
) -> Iterator[Iterator[TrialResult]]:
    """The trials in their order: made here as they are needed, or all side by side on an engine."""
    if engine is None:
        yield (_run_named(*each) for each in asked)
        return
    from ganatomy.training.cluster.tasks import spread

    with spread(engine, "`ganatomy claims --on`", _run_named, asked, console or Terminal(quiet=True)) as made:
        yield made


def rewrite(out: Path) -> None:
    """Write the page again from its JSON, as the code makes it now."""
    verdicts = json.loads((out / JSON).read_text(encoding="utf-8"))
    write_text(out / PAGE, page(catalogue(), verdicts))


def decide(
    claim: Claim, trials: Sequence[ClaimTrial], pictures: Path, results: Sequence[TrialResult] | None = None
) -> dict[str, Any]:
    """Make the trials, unless they are made, and draw the first; the claim holds if every figure is what it must be."""
    from ganatomy.system import machine

    if results is None:
        drawn = pictures / f"{claim.name}.png"
        results = [run_trial(claim, trial, drawn if number == 0 else None) for number, trial in enumerate(trials)]
    figures = {}
    for name, criterion in claim.criteria.items():
        values = [trial.figures[name] for trial in results]
        figures[name] = {
            "predicted": criterion.predicted,
            "must be": criterion.bounds,
            "values": values,
            "holds": holds(criterion, values),
            **(asdict(estimate.mean(values)) if len(values) > 1 else {"value": values[0]}),
        }
    return {
        "holds": all(figure["holds"] for figure in figures.values()),
        "figures": figures,
        "quick": trials[0].quick,
        "first_seed": trials[0].seed,
        "seconds": sum(trial.seconds for trial in results),
        "made": {"date": time.strftime("%Y-%m-%d"), "versions": machine.versions(), "machine": machine.describe()},
    }


def holds(criterion: Criterion, values: Sequence[float]) -> bool:
    """Whether a figure is what it must be: for every seed, or the 95% interval of its mean, as the criterion asks."""
    if criterion.interval and len(values) > 1:
        found = estimate.mean(values)
        return criterion.holds(found.low) and criterion.holds(found.high)
    return all(criterion.holds(value) for value in values)


def draw(outcome: Outcome, to: Path | IO[bytes]) -> None:
    """Save an outcome's picture, as PNG."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure((9, 4), 110, layout="constrained")
        FigureCanvasAgg(figure)
        outcome.draw(figure)
        figure.savefig(to, format="png")
