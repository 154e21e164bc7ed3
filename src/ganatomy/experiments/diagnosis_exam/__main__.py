"""The command of the exam: every training once, then the figures."""

import json
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam import cost
from ganatomy.experiments.diagnosis_exam.figures import figures, tables
from ganatomy.experiments.diagnosis_exam.training import examine
from ganatomy.experiments.diagnosis_exam.trials import ASKED, SEEDS, Trial, plan, source
from ganatomy.system import machine
from ganatomy.system.files import write_text


def main(
    folder: Annotated[Path, typer.Option(help="Where trainings and their results are kept.")] = Path("runs/diagnosis"),
    out: Annotated[Path, typer.Option(help="Where exam.md and exam.json are written.")] = Path("docs/diagnosis-exam"),
    only: Annotated[str, typer.Option(help="Names of sabotages, as in saturating,cut off; empty: everything.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds of the sabotaged trainings.")] = ",".join(map(str, SEEDS)),
    data: Annotated[
        str, typer.Option(help="Data sets: letters, digits, shapes, or NAME=PATH of one's own.")
    ] = ",".join(ASKED),
    jobs: Annotated[int, typer.Option(help="Trainings at a time, one thread each.")] = 2,
    cures: Annotated[bool, typer.Option(help="Train what can be cured once more, with remedies.")] = True,
    with_cost: Annotated[bool, typer.Option("--cost", help="Measure the cost too, on an idle machine.")] = False,
) -> None:
    """Train what is not yet trained, and write the figures. Stopped, it goes on where it was."""
    names, sets = ([each.strip() for each in text.split(",") if each.strip()] for text in (only, data))
    paths = dict(each.partition("=")[::2] for each in sets)
    try:
        for name, path in paths.items():
            source(name, folder / "data", path)
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None
    trials = list(plan(names, [int(seed) for seed in seeds.split(",")], list(paths), cures))
    began, done = time.monotonic(), {}
    # Processes of their own: two trainings of one thread each are faster than one of two.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        waiting = {pool.submit(examine, trial, folder): trial for trial in trials}
        for future in as_completed(waiting):
            trial = waiting[future]
            done[trial] = future.result()
            minutes = (time.monotonic() - began) / 60
            print(f"{len(done)} of {len(trials)}, {minutes:.0f} minutes: {trial.name}", flush=True)
    finally:  # stopped, it leaves no processes behind: what is at work is finished, the others are not begun
        pool.shutdown(cancel_futures=True)
    write([(trial, done[trial]) for trial in trials], folder, out, with_cost)


def write(results: list[tuple[Trial, dict]], folder: Path, out: Path, with_cost: bool) -> None:
    """exam.md and exam.json."""
    found = figures(results, folder)
    here, date = machine.describe(), time.strftime("%Y-%m-%d")
    costs = cost.measured(folder) if with_cost else None
    spent = sum(scores["seconds"] for _, scores in results) / 60
    sets = " and ".join(dict.fromkeys(trial.data for trial, _ in results))
    seeds = ", ".join(str(seed) for seed in sorted({trial.seed for trial, _ in results}))
    head = (
        f"# The diagnosis' exam\n\n{len(results)} trainings on {sets}, seeds {seeds}; {spent:.0f} minutes of training "
        f"on one thread. {date}, {here['processor']}, {here['cores']} cores. "
        "`python -m ganatomy.experiments.diagnosis_exam`.\n\n"
    )
    text = head + tables(found)
    if costs:
        text += (
            f"\n## Cost\n\n{costs['lost']:.1%} ± {costs['error']:.1%} of the steps (standard error, {costs['pairs']} "
            "pairs of trainings, with and without in turns). By the records of those with: looks took "
            f"{min(costs['looked']):.1%} to {max(costs['looked']):.1%} of the time.\n"
        )
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "exam.md", text)
    facts = {"date": date, "machine": here, "cost": costs, "trainings": found.rows}
    write_text(out / "exam.json", json.dumps(facts, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    typer.run(main)
