"""What differential privacy costs in quality, and what an attacker learns with and without it.

    python -m ganatomy.experiments.privacy      writes docs/privacy.json, from which docs/PRIVACY.md has its tables

The recipe `digits` without normalisation in the discriminator, on thousands of digits and on a few, with more and more
noise and everything else the same. What has been measured is kept. A seed takes up to two hours of a core.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer

from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.claims.digits import shuffled_digits
from ganatomy.experiments.reproduction.context import interval_of, interval_text, made, table, whole_numbers
from ganatomy.runs.scorecard import number
from ganatomy.system.files import write_text
from ganatomy.system.terminal import Terminal
from ganatomy.training.api import train

NOISES = (0.0, 0.5, 1.0, 2.0)
TRAINED = {4000: 1500, 200: 3000}  # digits → steps
UNSEEN = 1000  # digits that no training sees
DRAWN = 4000  # generated images of each evaluation
SEEDS = "0"
BATCH = 64
FIGURES = "privacy.json"
SETTINGS = {
    "discriminator.norm": "none",
    "generator.width": 16,
    "discriminator.width": 16,
    "generator_optimiser.learning_rate": 1e-3,
    "training.batch": BATCH,
    "diagnosis.on": False,
}


def main(
    seeds: Annotated[str, typer.Option(help="Seeds of each training.")] = SEEDS,
    runs: Annotated[Path, typer.Option(help="Where trainings are kept.")] = Path("runs/privacy"),
    out: Annotated[Path, typer.Option(help="Where privacy.json goes.")] = Path("docs"),
) -> None:
    """Train and measure each number of digits with each noise."""
    console, place = Terminal(), out / FIGURES
    try:
        for seed in whole_numbers("--seeds", seeds, SEEDS):
            for digits, steps in TRAINED.items():
                for noise in NOISES:
                    found = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
                    key = f"{digits} digits, noise {noise:g}, seed {seed}"
                    if key not in found:
                        console.rule(key)
                        found[key] = measured(digits, steps, noise, seed, runs, console)
                        write_text(place, json.dumps(found, indent=1) + "\n")
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None


def measured(digits: int, steps: int, noise: float, seed: int, runs: Path, console: Any) -> dict[str, Any]:
    """One training, its scores and its ε. Raises UserError where it is stopped, and without Opacus."""
    every = shuffled_digits(0).pixels
    settings = {**SETTINGS, "training.steps": steps, "training.seed": seed, "privacy.noise": noise}
    run = train(every[:digits], recipe="digits", settings=settings, runs=runs, console=console)
    if run.info()["status"] != "finished":
        raise UserError("stopped; repeat the command to go on with the next training.")
    how: dict[str, Any] = {"features": "lenet", "n": DRAWN, "console": console}
    quality = evaluate(run, reference=every[: max(TRAINED)], metrics=["fd"], **how).scores["fd_lenet"]
    (attack,) = evaluate(run, held_out=every[-UNSEEN:], metrics=["membership"], **how).scores.values()
    return {
        "made": made(),
        "digits": digits,
        "steps": steps,
        "noise": noise,
        "seed": seed,
        "epsilon": run.info().get("privacy", {}).get("epsilon"),
        "seconds": run.info()["seconds"],
        "fd": interval_of(quality),
        "floor": quality.floor,
        "membership": interval_of(attack),
    }


def measured_table() -> str:
    """What docs/privacy.json holds, as Markdown."""
    docs = Path(__file__).parents[3] / "docs"
    return text(json.loads((docs / FIGURES).read_text(encoding="utf-8")))


def text(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A table of trainings: of several seeds, the means."""
    groups: dict[tuple[int, float], list[Mapping[str, Any]]] = {}
    for each in found.values():
        groups.setdefault((each["digits"], each["noise"]), []).append(each)
    rows = []
    for (digits, noise), entries in sorted(groups.items(), key=lambda group: (-group[0][0], group[0][1])):
        epsilon = entries[0]["epsilon"]
        rows.append(
            [
                f"{digits:,}",
                f"{entries[0]['steps']:,}",
                f"{noise:g}",
                "–" if epsilon is None else number(epsilon),
                *(_several([each[score] for each in entries]) for score in ("fd", "membership")),
            ]
        )
    machines = "; ".join(sorted({each["made"] for each in found.values()}))
    seeds = len({each["seed"] for each in found.values()})
    head = ["digits", "steps", "`privacy.noise`", "ε", "fd_lenet ↓", "membership attack, ½: learns nothing"]
    of_seeds = "one training a row" if seeds == 1 else f"the means of {seeds} seeds"
    floor = number(next(iter(found.values()))["floor"])
    against = f"fd_lenet of {DRAWN:,} images against {max(TRAINED):,} digits; real digits against each other: {floor}"
    return f"{table(head, rows)}\n\n{against} ({machines}; {of_seeds})."


def _several(scores: list[Mapping[str, Any]]) -> str:
    return interval_text(scores[0]) if len(scores) == 1 else number(mean(each["value"] for each in scores))


if __name__ == "__main__":
    typer.run(main)
