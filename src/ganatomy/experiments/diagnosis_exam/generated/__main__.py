"""The command of the generated exam."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ganatomy.experiments.diagnosis_exam.generated import tables
from ganatomy.experiments.diagnosis_exam.generated.plan import GeneratedTraining, plan
from ganatomy.experiments.diagnosis_exam.generated.results import results_of
from ganatomy.experiments.diagnosis_exam.pool import examine_all
from ganatomy.experiments.diagnosis_exam.results import ExamScores
from ganatomy.system import machine
from ganatomy.system.files import write_text
from ganatomy.system.terminal import show

OUT = Path("docs/diagnosis-exam/generated")


def main(
    seeds: Annotated[str, typer.Option(help="First and last seed, as in 1000-1039.")] = "1000-1039",
    folder: Annotated[Path, typer.Option(help="Where trainings and their results are kept.")] = Path("runs/generated"),
    out: Annotated[Path, typer.Option(help="Where exam.md and exam.json are written.")] = OUT,
    data: Annotated[str, typer.Option(help="Data sets of your own, NAME=PATH, separated by commas.")] = "",
    jobs: Annotated[int, typer.Option(help="How many trainings run at a time, each in one thread.")] = 2,
) -> None:
    """Train what is not trained yet, and write the figures. A stopped exam goes on where it was."""
    try:
        first, last = (int(end) for end in seeds.split("-"))
    except ValueError:
        raise SystemExit(f"ganatomy: --seeds {seeds} should be two whole numbers, such as 1000-1039.") from None
    own = tuple((name, path) for name, _, path in (each.partition("=") for each in data.split(",") if each))
    trainings = list(plan(range(first, last + 1), own))
    write(examine_all(trainings, folder, jobs), folder, out)


def write(scores: Mapping[GeneratedTraining, ExamScores], folder: Path, out: Path) -> None:
    """Write exam.md and exam.json."""
    results = results_of(scores, folder)
    here, date = machine.describe(), time.strftime("%Y-%m-%d")
    seeds = sorted({training.seed for training in scores})
    spent = sum(each.seconds for each in scores.values()) / 60
    text = (
        f"# The generated exam\n\n{len(scores)} trainings of the seeds {seeds[0]} to {seeds[-1]}, at the default "
        f"cadence; {spent:.0f} minutes of training on one thread. {date}, {here['processor']}, {here['cores']} cores. "
        f"`python -m ganatomy.experiments.diagnosis_exam.generated`.\n\n{tables.page(results)}"
    )
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "exam.md", text)
    facts = {"date": date, "machine": here, "trainings": [asdict(result) for result in results]}
    write_text(out / "exam.json", json.dumps(facts, indent=1) + "\n")
    show(text)


if __name__ == "__main__":
    typer.run(main)
