"""The claims of the articles and papers, each decided by an experiment: `ganatomy claims`."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console

from ganatomy.errors import unknown
from ganatomy.evaluation.metrics import estimate
from ganatomy.experiments.claims import critics, dynamics, gradients, images, modes, optimum
from ganatomy.experiments.claims.claim import Claim, Trial
from ganatomy.experiments.claims.page import page
from ganatomy.system import machine
from ganatomy.system.files import write_text

SEEDS = 5
ORDER = (  # theory first, then what goes wrong and its cures, then what is made and how it is judged
    "likelihood",
    "best-discriminator",
    "value",
    "minimum",
    "equilibrium",
    "saturation",
    "early-training",
    "too-strong",
    "too-weak",
    "dropped-modes",
    "recovered-modes",
    "circling",
    "disjoint-supports",
    "clipping",
    "spectral-normalisation",
    "more-steps",
    "continuous-latent-space",
    "discriminators-gradient-alone",
    "parzen-misleads",
    "frechet-notices",
    "one-pass",
    "shared-statistics",
)
_ALL = [*optimum.CLAIMS, *gradients.CLAIMS, *modes.CLAIMS, *dynamics.CLAIMS, *critics.CLAIMS, *images.CLAIMS]
CLAIMS: dict[str, Claim] = {claim.name: claim for claim in sorted(_ALL, key=lambda claim: ORDER.index(claim.name))}


def claims(
    names: Sequence[str] = ("all",),
    *,
    quick: bool = False,
    seeds: int = SEEDS,
    out: str | Path = "docs",
    console: Console | None = None,
) -> dict[str, dict[str, Any]]:
    """Decide claims by name, or all; writes OUT/CLAIMS.md, claims.json and claims/NAME.png, and returns what was found.

    quick: smaller experiments, one seed each. What other claims found before stays. Raises UserError for unknown names.
    """
    chosen = list(CLAIMS) if "all" in names else list(names)
    for name in chosen:
        if name not in CLAIMS:
            raise unknown("claim", name, [*CLAIMS, "all"])
    console, out = console or Console(quiet=True), Path(out)
    out.joinpath("claims").mkdir(parents=True, exist_ok=True)
    path = out / "claims.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for name in chosen:
        kept[name] = decide(CLAIMS[name], [Trial(seed, quick) for seed in range(1 if quick else seeds)], out / "claims")
        verdict = "holds" if kept[name]["holds"] else "DOES NOT HOLD"
        console.print(f"{verdict:14} {name}  ({kept[name]['seconds']:.0f} s)", highlight=False)
        write_text(path, json.dumps(kept, indent=1) + "\n")
        write_text(out / "CLAIMS.md", page(CLAIMS, kept))
    return {name: kept[name] for name in chosen}


def decide(claim: Claim, trials: Sequence[Trial], pictures: Path) -> dict[str, Any]:
    """Make the trials and draw the first one's; a claim holds if every figure of every trial is as it must be."""
    began = time.perf_counter()
    found = [claim.experiment(trial) for trial in trials]
    draw(claim, found[0], pictures / f"{claim.name}.png")
    figures = {}
    for name, criterion in claim.criteria.items():
        values = [evidence.figures[name] for evidence in found]
        figures[name] = {
            "predicted": criterion.predicted,
            "must be": criterion.words,
            "values": values,
            "holds": all(criterion.holds(value) for value in values),
            **(asdict(estimate.mean(values)) if len(values) > 1 else {"value": values[0]}),
        }
    return {
        "holds": all(figure["holds"] for figure in figures.values()),
        "figures": figures,
        "quick": trials[0].quick,
        "seconds": time.perf_counter() - began,
        "made": {"date": time.strftime("%Y-%m-%d"), "versions": machine.versions(), "machine": machine.describe()},
    }


def draw(claim: Claim, evidence: Any, path: Path) -> None:
    """The claim's picture."""
    figure = Figure((11, 4.2), 90, layout="constrained")
    FigureCanvasAgg(figure)
    claim.draw(figure, evidence)
    figure.savefig(path)
