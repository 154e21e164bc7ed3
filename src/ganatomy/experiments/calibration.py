"""The calibration of `auto`'s forecast: data sets × sizes × budgets → scores.

    python -m ganatomy.experiments.calibration      writes docs/FORECAST.md and ganatomy/training/forecast.json

Trainings that are finished are kept, and what is in the file already is measured again only where it is asked for.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
import typer
from rich.console import Console

from ganatomy import data as datasets
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.diagnosis_exam.drawn_sets.drawn import drawn_set
from ganatomy.experiments.reproduction.context import (
    Pixels,
    ReproductionContext,
    interval_of,
    made,
    table,
    whole_numbers,
)
from ganatomy.experiments.reproduction.mnist import MINUTES
from ganatomy.modalities.images import to_float, to_uint8
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard, interval
from ganatomy.system.files import write_text
from ganatomy.system.terminal import Terminal, show
from ganatomy.training import forecast
from ganatomy.training.forecast import AT_BEST, CalibratedSet, CalibrationRun, expectation, from_json

DIGITS, WIDTH = "digits", "generator.width"
DRAWN = {"shapes-32": 222, "glyphs-32": 273, "scenes-32": 217, "shapes-64": 78, "glyphs-64": 391}  # by their seed
SETS = (DIGITS, *DRAWN)
SEEN = (16_000, 64_000, 256_000, 1_000_000)  # images
MEASURED = 1_000  # generated images a score
DATA = Path(forecast.__file__).with_name(forecast.FILE)


def main(
    sets: Annotated[
        str, typer.Option(help=f"Sets to measure: {', '.join(SETS)}, NAME=PATH for your own; empty: none.")
    ] = ",".join(SETS),
    seen: Annotated[str, typer.Option(help="Images that a training sees, a budget each.")] = ",".join(map(str, SEEN)),
    folder: Annotated[Path, typer.Option(help="Where data and trainings are kept.")] = Path("runs/calibration"),
    data: Annotated[Path, typer.Option(help="The file that the forecast reads.")] = DATA,
    threads: Annotated[int, typer.Option(help="CPU threads of a training; 0: one for each core.")] = 0,
    reproduction: Annotated[
        Path | None,
        typer.Option(help="reproduction.json, for its training of auto on MNIST, put among those of digits."),
    ] = None,
    page: Annotated[Path, typer.Option(help="The page with the table.")] = Path("docs/FORECAST.md"),
) -> None:
    """Train `auto` on each set with each budget, measure, and write the forecast's file and its page."""
    console = Terminal()
    try:
        budgets = sorted(whole_numbers("--seen", seen, "16000,64000"))
        paths = dict(each.strip().partition("=")[::2] for each in sets.split(",") if each.strip())
        for name, path in paths.items():
            found = measured(name, path or _source(name, folder), budgets, folder, console, threads)
            if name == DIGITS and reproduction:
                found = replace(found, runs=(*found.runs, reproduced(reproduction)))
            write(data, page, found)
            show(f"{name}: {', '.join(f'{run.seen:,} images {run.score:.3g}' for run in found.runs)}")
        write(data, page)
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None


def measured(
    name: str, source: str, budgets: list[int], folder: Path, console: Console, threads: int = 0
) -> CalibratedSet:
    """The trainings on a set, a budget of images each, and their scores. Raises UserError as `train` does."""
    context = ReproductionContext(runs=folder, console=console)
    runs: list[CalibrationRun] = []
    for count in budgets:
        settings = {"log.keep": 0, "diagnosis.on": False, "runtime.threads": threads}
        run = context.trained(f"{name}-{count}", source, "auto", settings, images=count)
        info, options, score = run.info(), run.config(), _measured(context, run)
        minutes, width = round(info["seconds"] / 60, 2), getattr(options.generator, "width", 0)
        runs.append(CalibrationRun(info["images"], minutes, width, score["value"], score["low"], score["high"]))
    untrained, coarse = _measured(context, run, step=0), _coarse(context, run)
    return CalibratedSet(
        name=name,
        side=max(options.data.size or (0, 0)),
        channels=options.data.channels or 1,
        images=info["data"]["images"],
        metric=score["metric"],
        untrained=untrained["value"],
        coarse=coarse["value"],
        floor=score["floor"],
        measured=made(),
        runs=tuple(runs),
    )


def reproduced(path: Path) -> CalibrationRun:
    """The training of `auto` on MNIST in docs/REPRODUCTION.md, of MINUTES."""
    row = json.loads(path.read_text(encoding="utf-8"))["mnist"]["found"]["rows"]["auto"]
    score = row["scores"]["fd_lenet"]
    batch, width = (row["changes"].get(name, default) for name, default in (("training.batch", 32), (WIDTH, 24)))
    return CalibrationRun(row["steps"] * batch, MINUTES, width, score["value"], score["low"], score["high"])


def _measured(context: ReproductionContext, run: Run, step: int | None = None) -> dict[str, Any]:
    """The Fréchet distance of a run at a step, kept in the run."""

    def measure() -> dict[str, Any]:
        return _figures(evaluate(run, step=step, n=MEASURED, console=context.console, **_how(run)))

    return context.kept(run, f"calibration-{_how(run)['features']}", measure, step)


def _coarse(context: ReproductionContext, run: Run) -> dict[str, Any]:
    """That of the run's real images, once their resolution is a quarter of what it was; kept in the run."""

    def measure() -> dict[str, Any]:
        data, path = run.config().data, run.path / "eval" / "coarse.npy"
        pixels = datasets.prepare(data.path, size=data.size, channels=data.channels).pixels
        some = np.sort(np.random.default_rng(0).permutation(len(pixels))[:MEASURED])
        path.parent.mkdir(exist_ok=True)
        np.save(path, coarse(np.array(pixels[some])))
        return _figures(evaluate(path, reference=data.path, n=MEASURED, console=context.console, **_how(run)))

    return context.kept(run, f"coarse-{_how(run)['features']}", measure)


def _how(run: Run) -> dict[str, Any]:
    """Colour images by MobileNetV2: a classifier of a set's own classes puts images that look right far off."""
    return {"metrics": ["fd"], "features": "auto" if run.config().data.channels == 1 else "mobilenetv2"}


def _figures(card: ScoreCard) -> dict[str, Any]:
    metric, score = next(iter(card.scores.items()))
    return {"metric": metric, "floor": score.floor, **interval_of(score)}


def coarse(pixels: Pixels, factor: int = 4) -> Pixels:
    """Images, uint8 [N, H, W, C], shrunk by means and enlarged again, bilinear."""
    images = to_float(torch.from_numpy(pixels))
    height, width = images.shape[2:]
    small = F.adaptive_avg_pool2d(images, (max(1, height // factor), max(1, width // factor)))
    return to_uint8(F.interpolate(small, (height, width), mode="bilinear", align_corners=False))


def _source(name: str, folder: Path) -> str:
    """The path or name of a set, drawn where it is not there. Raises UserError for an unknown one."""
    if name not in SETS:
        raise unknown("calibration set", name, SETS)
    if name not in DRAWN:
        return name
    path = folder / "data" / f"{name}.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = drawn_set(DRAWN[name])
        first = drawn.style.first
        np.savez(path, images=drawn.pixels[:first], labels=drawn.labels[:first])
    return str(path)


def write(data: Path, page: Path, found: CalibratedSet | None = None) -> None:
    """Write the file with a set that was measured, in place of what it held of that set, and the page."""
    kept = json.loads(data.read_text(encoding="utf-8"))["sets"] if data.is_file() else []
    sets = [each for entry in kept if (each := from_json(entry)) and (found is None or each.name != found.name)]
    sets = sorted([*sets, *([found] if found else [])], key=lambda each: (each.side, each.name))
    write_text(data, json.dumps({"sets": [asdict(each) for each in sets]}, indent=1) + "\n")
    write_text(page, text(sets))


def text(sets: list[CalibratedSet]) -> str:
    """The page."""
    rows = [
        [
            each.name,
            f"{each.side}",
            f"{each.images:,}",
            f"{run.seen:,}",
            f"{run.minutes:.1f}",
            f"{run.width}",
            interval(run.score, run.low, run.high),
            f"{each.untrained:.3g}",
            f"{each.coarse:.3g}",
            f"{each.floor:.3g}",
            f"{each.progress(run.seen):.0%}",
            expectation(run.seen, [each]),
        ]
        for each in sets
        for run in each.runs
    ]
    if not sets:
        return f"{TITLE}\n\nNothing has been measured yet.\n\n{MEANING}\n"
    head = [
        "set",
        "pixels",
        "images",
        "images seen",
        "minutes",
        "width",
        "score",
        "untrained",
        "coarse",
        "real",
        "progress",
        "level",
    ]
    metrics = ", ".join(f"{each.metric} on {each.name}" for each in sets)
    machines = "; ".join(f"{measured}: {', '.join(names)}" for measured, names in _by_machine(sets).items())
    return (
        f"{TITLE}\n\n{table(head, rows)}\n\nScores with their 95% intervals, {MEASURED:,} generated images each: "
        f"{metrics}; one training a row, seed 0. Measured {machines}. "
        f"{ONLY_DIGITS if {each.name for each in sets} == {DIGITS} else ''}\n\n{MEANING}\n"
    )


def _by_machine(sets: list[CalibratedSet]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in sets:
        found.setdefault(each.measured, []).append(each.name)
    return found


TITLE = """# The forecast of `auto`

`ganatomy train --recipe auto` and its `--dry-run` say what to expect of a budget. They look it up in trainings that
were measured, by the number of images that the budget holds at the measured speed:"""

ONLY_DIGITS = (
    "No other set has been measured yet. Colours and larger images need more images than digits; how many more is not "
    "known."
)
MEANING = f"""Progress is log(untrained / score) / log(untrained / real): 0% is a generator before its first step, 100%
what one half of the real images scores against the other. Between two trainings, and from the first batch on, it is
interpolated over the logarithm of the images seen. Coarse is what real images score at a quarter of their resolution:
while the generator's score is above that, the forecast says noise, below it rough shapes, and within {AT_BEST} times
the least score of the set "about the best that was measured": longer may be better. Minutes are those that the training
took, beside whatever else the machine did: the forecast goes by images.

The digits' training of {MINUTES:g} minutes is that of [the reproduction](REPRODUCTION.md), on an idle machine: on
50,000 images of MNIST, of which the digits are 5,000, and scored with 5,000 generated images against those 50,000,
whose own score is 0.0475.

    python -m ganatomy.experiments.calibration --sets digits,shapes-32 --seen 16000,64000,256000

measures more and puts it into the table."""


if __name__ == "__main__":
    typer.run(main)
