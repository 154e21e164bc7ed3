"""`make learn`: run the course and bring about every failure, and keep what was measured and drawn for docs/LEARN.md.

Writes docs/learn.json and docs/images/learn/. Names of steps or failures make only those anew. Takes half an hour on
two idle cores.
"""

import io
import json
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from tools.learn_page import DOCS, FILE, PLACE

from ganatomy.diagnosis import wording
from ganatomy.diagnosis.reading import diagnose_run
from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.experiments.diagnosis_exam.plan import STEPS as EXAM_STEPS
from ganatomy.experiments.diagnosis_exam.plan import ExamTraining
from ganatomy.experiments.reproduction.context import slug
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batches, Method
from ganatomy.runs.run import Run
from ganatomy.system import machine
from ganatomy.system import runtime as runtimes
from ganatomy.system.files import write_text
from ganatomy.system.terminal import Terminal
from ganatomy.theory.lab.picture import DISCRIMINATOR, FAKE, REAL
from ganatomy.theory.lab.snapshot import take_snapshot
from ganatomy.training import api as training
from ganatomy.training import session
from ganatomy.training.prepare import prepare_training, resolve
from ganatomy.web.studio.course import worker  # noqa: F401 — registers the experiments
from ganatomy.web.studio.course.frame import EXPERIMENTS, Finished, StepFrame
from ganatomy.web.studio.course.steps import STEPS
from ganatomy.web.studio.lab_games import LiveGame

PICTURES = DOCS / PLACE
SEED = 0  # of the course; failures have that of the exam's first
COLUMNS, GAP = 7, 6  # of a walk; pixels between pictures


def main(only: list[str]) -> None:
    """Measure everything, or the steps and failures of these names."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    work = {f"step-{step.name}": ("steps", step.name, _step) for step in STEPS}
    work |= {f"failure-{slug(name)}": ("failures", name, _failure) for name in FAULTS}
    for picture, (kind, name, measure) in work.items():
        if only and name not in only:
            continue
        found, image = measure(name)
        image.save(PICTURES / f"{picture}.png", optimize=True)
        made = {"date": time.strftime("%Y-%m-%d"), "machine": machine.describe()}
        kept: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
        kept.setdefault(kind, {})[name] = {**found, "picture": f"{picture}.png", "made": made}
        write_text(FILE, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        Terminal().print(f"{kind}: {name}", highlight=False)


def _step(name: str) -> tuple[dict[str, Any], Image.Image]:
    """What a step measured, and what it showed last."""
    frames, experiment = list[StepFrame](), EXPERIMENTS[name](SEED)
    while True:
        try:
            frames.append(next(experiment))
        except StopIteration as end:
            finished: Finished = end.value
            return {"figures": dict(finished.figures), "words": finished.words}, _shown(frames)


def _shown(frames: list[StepFrame]) -> Image.Image:
    if frames[-1].games:
        return _games(frames[-1].games)
    frames = [frame for frame in frames if frame.pictures]
    titles = [[each.title for each in frame.pictures] for frame in frames]
    if len(frames) > COLUMNS and titles[0] == titles[-1]:  # a walk: a row of each picture
        chosen = [frames[round(i)] for i in np.linspace(0, len(frames) - 1, COLUMNS)]
        rows = [_row([_opened(frame.pictures[i].png) for frame in chosen]) for i in range(len(titles[0]))]
        return _row(rows, down=True)
    return _row([_opened(each.png) for each in frames[-1].pictures])


def _opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("L")


def _row(images: list[Image.Image], down: bool = False) -> Image.Image:
    """Images beside or below each other."""
    across = [image.height if down else image.width for image in images]
    side = max(image.width if down else image.height for image in images)
    length = sum(across) + GAP * (len(images) - 1)
    sheet = Image.new("L", (side, length) if down else (length, side), 255)
    at = 0
    for image, size in zip(images, across, strict=True):
        sheet.paste(image, (0, at) if down else (at, 0))
        at += size + GAP
    return sheet


def _games(games: tuple[LiveGame, ...]) -> Image.Image:
    """The target, the generated points and, on the line, D of each game."""
    figure = Figure((3.6 * len(games), 2.8), 100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for game, axes in zip(games, np.ravel(figure.subplots(1, len(games))), strict=True):
        _game(game, axes)
        axes.set_title(game.options.objective.replace("_", " "), fontsize=10)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).quantize(64)


def _game(game: LiveGame, axes: Axes) -> None:
    target, snapshot = game.target, take_snapshot(game.target, game.game, game.moves)
    low, high = target.grid.low[0], target.grid.high[0]
    if target.dimension == 2:
        side, fakes = target.grid.counts[0], snapshot.fakes.numpy()
        heat = target.masses.sqrt().numpy().reshape(side, side).T
        axes.imshow(heat, origin="lower", extent=(low, high, low, high), cmap="Greys", vmax=1.4 * heat.max())
        axes.scatter(*fakes.T, s=2, color=FAKE, linewidths=0)
        axes.set(xlim=(low, high), ylim=(low, high), xticks=[], yticks=[], aspect="equal")
        return
    x, width = target.grid.points().squeeze(1).numpy(), target.grid.widths.item()
    axes.plot(x, target.masses.numpy() / width, color=REAL, linestyle=":", label="p, real")
    axes.fill_between(x, snapshot.q.numpy() / width, color=FAKE, alpha=0.5, linewidth=0, label="q, generated")
    axes.plot(x, snapshot.scores.sigmoid().numpy(), color=DISCRIMINATOR, linewidth=1, label="D(x)")
    axes.set(xlim=(low, high), ylim=(0, 1.6 * float(target.masses.max()) / width), yticks=[])
    axes.legend(fontsize=8, loc="upper left")


def _failure(name: str) -> tuple[dict[str, Any], Image.Image]:
    """The verdict on a training that a fault has ruined, and what its generator draws in the end."""
    chosen = ExamTraining(name, FAULTS[name].networks[0], "digits", 1)
    settings = {**chosen.settings(), "log.snapshot": EXAM_STEPS}

    def altered(method: Method, batches: Batches) -> Batches:
        return chosen.alteration(method, batches) if isinstance(method, Adversarial) else batches

    with tempfile.TemporaryDirectory() as place, runtimes.start("cpu", 1) as runtime:
        console = Terminal(quiet=True)
        planned = training.plan(chosen.images(Path(place) / "data"), recipe=chosen.recipe, settings=settings)
        prepared = replace(resolve(prepare_training(planned, runtime, console), console), altered=altered)
        run = Run.create("run", prepared.config, Path(place) / "runs")
        with suppress(UserError):  # some diverge, as they should
            session.train(run, prepared, console)
        snapshots = run.snapshots()
        image = Image.open(snapshots[max(snapshots)]).convert("L")
        found = {"verdict": wording.sentence(diagnose_run(run)), "step": max(snapshots)}
    half = image.crop((0, 0, image.width, image.height // 2))  # enough to see it
    return found, half.resize((half.width // 2, half.height // 2), Image.Resampling.BOX)


if __name__ == "__main__":
    main(sys.argv[1:])
