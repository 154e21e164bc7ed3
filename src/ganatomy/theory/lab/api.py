"""The lab: a small GAN learns a distribution whose density is known, drawn beside what theory predicts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from rich.console import Console

from ganatomy.config import settings
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.modalities.images import Pixels, save_animation, save_png
from ganatomy.report import page
from ganatomy.runs.run import RUNS, Run, free_name
from ganatomy.system import machine
from ganatomy.system.registry import Registry, origins
from ganatomy.system.terminal import Terminal
from ganatomy.theory.game import batches_of, new_game
from ganatomy.theory.lab import picture
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.theory.lab.targets import TARGETS, Target
from ganatomy.training.callbacks.progress import ShowProgress
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Budget, Callback, State, fit

LENGTH = 8.0  # seconds of the animation


def lab(
    target: str = "ring",
    *,
    name: str | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
    **options: Any,
) -> Run:
    """Train a small GAN on a target and draw it: samples/, lab.webp and report.html of a new run.

    target: a name in `TARGETS`. options: those of `LabOptions`. Raises UserError where one of them is wrong, before
    anything is written.
    """
    chosen = lab_options({"lab": target, **options})
    goal = TARGETS.find(chosen.lab)()
    game = game_of(chosen, goal)
    run = Run.create(name or free_name(target, Path(runs)), chosen, Path(runs))
    run.update(
        status="running",
        lab=chosen.lab,
        objective=chosen.objective,
        parts=origins(_named(chosen)),
        versions=machine.versions(),
        machine=machine.describe(),
    )
    run.event("started")

    budget, state = Budget(steps=chosen.steps), State(game)
    drawings = DrawSnapshots(run, goal, chosen)
    recorder = Recorder(run, every=max(1, chosen.steps // 100))
    progress = ShowProgress(console or Terminal(quiet=True), budget, samples="points")
    fit(game, batches_of(goal.density, game), state, budget, [drawings, recorder, progress])

    save_animation(run.at("lab.webp"), drawings.frames, LENGTH)
    run.update(status="finished", step=state.step, images=state.images, seconds=round(state.seconds, 1))
    run.event("finished", step=state.step)
    page.write(run)
    return run


def lab_options(values: Mapping[str, Any]) -> LabOptions:
    """The options of a game by name. Raises UserError naming the one that is wrong."""
    try:
        return LabOptions.model_validate(values)
    except ValidationError as error:
        raise settings.explain(error, "lab") from None


def game_of(options: LabOptions, target: Target) -> Adversarial:
    """A new game on a target. Raises UserError for an objective or penalty that does not exist."""
    return new_game(
        target.dimension,
        options.objective,
        options.penalties,
        batch=options.batch,
        width=options.width,
        learning_rates=(options.learning_rate_generator, options.learning_rate_discriminator),
        seed=options.seed,
        discriminator_steps=options.k,
        clip=options.clip,
    )


def _named(options: LabOptions) -> Iterator[tuple[Registry[Any], str]]:
    """All parts of a game, by registry and name."""
    yield TARGETS, options.lab
    yield OBJECTIVES, options.objective
    yield from ((PENALTIES, name) for name in options.penalties)


class DrawSnapshots(Callback):
    """Draws the game at `pictures` steps from the first to the last: samples/STEP.png, and figures in the record."""

    def __init__(self, run: Run, target: Target, options: LabOptions) -> None:
        self.run, self.target, self.options = run, target, options
        self.steps = {round(share * options.steps / (options.pictures - 1)) for share in range(options.pictures)}
        self.snapshots: list[LabSnapshot] = []
        self.frames: list[Pixels] = []

    def begin(self, state: State) -> None:
        """Draw the untrained game."""
        self._draw(state)

    def after_step(self, state: State) -> None:
        """Draw the game if it is time."""
        if state.step in self.steps:
            self._draw(state)

    def _draw(self, state: State) -> None:
        game, options = state.method, self.options
        assert isinstance(game, Adversarial)
        snapshot = take_snapshot(self.target, game, state.step)
        self.snapshots.append(snapshot)
        title = f"{options.lab}, {options.objective.replace('_', ' ')}"
        frame = picture.draw(self.target, self.snapshots, game.objective.probabilistic, options.steps, title)
        self.frames.append(frame)
        save_png(self.run.at("samples", f"{state.step:06d}.png"), frame)
        self.run.event("snapshot", step=state.step)
        figures = {
            "value": snapshot.value,
            "best_value": snapshot.best_value.value,
            "divergence": snapshot.divergence.value,
        }
        if snapshot.distance is not None:
            figures["distance"] = snapshot.distance
        if snapshot.modes:
            figures |= {"modes": snapshot.modes.covered.value, "high_quality": snapshot.modes.high_quality.value}
        state.record |= {f"lab/{name}": torch.tensor(figure) for name, figure in figures.items()}
