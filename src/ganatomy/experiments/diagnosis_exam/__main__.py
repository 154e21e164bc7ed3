"""The command of the exam: every training once, then the figures."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam import cost, tables
from ganatomy.experiments.diagnosis_exam.plan import DATA, EXAMINED, SEEDS, ExamTraining, plan, source
from ganatomy.experiments.diagnosis_exam.pool import examine_all
from ganatomy.experiments.diagnosis_exam.results import ExamScores, results_of
from ganatomy.system import machine
from ganatomy.system.files import write_text
from ganatomy.system.terminal import show


def main(
    folder: Annotated[Path, typer.Option(help="Where trainings and their results are kept.")] = Path("runs/diagnosis"),
    out: Annotated[Path, typer.Option(help="Where exam.md and exam.json are written.")] = Path("docs/diagnosis-exam"),
    only: Annotated[str, typer.Option(help="Names of faults, as in saturating,cut off; empty: all.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds of the faulty trainings.")] = ",".join(map(str, SEEDS)),
    data: Annotated[str, typer.Option(help=f"Data sets: {', '.join(DATA)}, or NAME=PATH for your own.")] = ",".join(
        EXAMINED
    ),
    jobs: Annotated[int, typer.Option(help="How many trainings run at a time, each in one thread.")] = 2,
    cures: Annotated[bool, typer.Option(help="Train what options can mend once more, with remedies.")] = True,
    with_cost: Annotated[
        bool, typer.Option("--cost", help="Also measure what the diagnosis costs, for three minutes.")
    ] = False,
    only_cost: Annotated[bool, typer.Option("--only-cost", help="Measure only that, and print it.")] = False,
) -> None:
    """Train what is not trained yet, and write the figures. A stopped exam goes on where it was."""
    if only_cost:
        show(str(cost.measured(folder / "cost")))
        return
    names, sets = ([each.strip() for each in text.split(",") if each.strip()] for text in (only, data))
    paths = dict(each.partition("=")[::2] for each in sets)
    try:
        trainings = list(plan(names, [int(seed) for seed in seeds.split(",")], list(paths), cures))
        for name, path in paths.items():
            source(name, folder / "data", path)
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None
    except ValueError:
        raise SystemExit(f"ganatomy: --seeds {seeds} should be whole numbers, such as 1,2,3.") from None
    write(examine_all(trainings, folder, jobs), folder, out, with_cost)


def write(scores: Mapping[ExamTraining, ExamScores], folder: Path, out: Path, with_cost: bool) -> None:
    """Write exam.md and exam.json."""
    results = results_of(scores, folder)
    here, date = machine.describe(), time.strftime("%Y-%m-%d")
    costs = cost.measured(folder / "cost") if with_cost else None
    spent = sum(each.seconds for each in scores.values()) / 60
    sets = " and ".join(dict.fromkeys(training.data for training in scores))
    seeds = ", ".join(str(seed) for seed in sorted({training.seed for training in scores}))
    head = (
        f"# The diagnosis' exam\n\n{len(scores)} trainings on {sets}, seeds {seeds}; {spent:.0f} minutes of training "
        f"on one thread. {date}, {here['processor']}, {here['cores']} cores. "
        "`python -m ganatomy.experiments.diagnosis_exam`.\n\n"
    )
    text = head + tables.page(results)
    if costs:
        text += f"\n## Cost\n\n{costs}\n"
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "exam.md", text)
    facts = {
        "date": date,
        "machine": here,
        "cost": asdict(costs) if costs else None,
        "trainings": [asdict(result) for result in results],
    }
    write_text(out / "exam.json", json.dumps(facts, indent=1) + "\n")
    show(text)


if __name__ == "__main__":
    typer.run(main)
