"""The lab: a small GAN learns a distribution of which everything is known, and one sees what the theory speaks of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from rich.console import Console

from ganatomy import build, report
from ganatomy.config import settings
from ganatomy.config.options import Objective
from ganatomy.errors import unknown
from ganatomy.gan.adversarial import Adversarial
from ganatomy.modalities.images import Pixels, save_animation, save_png
from ganatomy.runs.run import RUNS, Run, free_name
from ganatomy.system import machine
from ganatomy.theory.game import game, points_of
from ganatomy.theory.lab import picture
from ganatomy.theory.lab.moment import Moment, look
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.targets import TARGETS, Ground, ground
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
    """Play a game on a target and draw it: samples/, lab.webp and report.html of a new run.

    target: line, two, segments, ring, grid, spiral or moons; options: of `LabOptions`. Raises UserError for what the
    caller can mend.
    """
    if target not in TARGETS:
        raise unknown("target", target, list(TARGETS))
    chosen = _options({"lab": target, **options})
    objective = build.objective(Objective(name=chosen.objective))
    penalties = [build.penalty(name, weight) for name, weight in chosen.penalties.items()]
    console = console or Console(quiet=True)
    run = Run.create(name or free_name(target, Path(runs)), chosen, Path(runs))
    run.update(
        status="running",
        lab=chosen.lab,
        objective=chosen.objective,
        versions=machine.versions(),
        machine=machine.describe(),
    )
    run.event("started")

    place = ground(chosen.lab)
    table = game(
        place.dimension,
        objective,
        penalties,
        batch=chosen.batch,
        width=chosen.width,
        learning_rates=(chosen.learning_rate_generator, chosen.learning_rate_discriminator),
        seed=chosen.seed,
        discriminator_steps=chosen.k,
        clip=chosen.clip,
    )
    budget, state = Budget(steps=chosen.steps), State(table)
    watch = Watch(run, place, chosen)
    every = max(1, chosen.steps // 100)
    watchers = [watch, Recorder(run, every), ShowProgress(console, budget)]
    fit(table, points_of(place.density, table), state, budget, watchers)
    save_animation(run.path / "lab.webp", watch.frames, LENGTH)
    run.update(status="finished", step=state.step, images=state.images, seconds=round(state.seconds, 1))
    run.event("finished", step=state.step)
    report.write(run)
    return run


class Watch(Callback):
    """Looks at the game so many times, from the first to the last step: samples/STEP.png, and numbers in the record."""

    def __init__(self, run: Run, place: Ground, options: LabOptions) -> None:
        self.run, self.place, self.options = run, place, options
        self.wanted = {round(share * options.steps / (options.pictures - 1)) for share in range(options.pictures)}
        self.moments: list[Moment] = []
        self.frames: list[Pixels] = []

    def begin(self, state: State) -> None:
        self._look(state)

    def after_step(self, state: State) -> None:
        if state.step in self.wanted:
            self._look(state)

    def _look(self, state: State) -> None:
        game = state.method
        assert isinstance(game, Adversarial)
        moment = look(self.place, game, state.step)
        self.moments.append(moment)
        title = f"{self.options.lab}, {self.options.objective.replace('_', ' ')}"
        self.frames.append(
            picture.draw(self.place, self.moments, game.objective.probabilistic, self.options.steps, title)
        )
        save_png(self.run.path / "samples" / f"{state.step:06d}.png", self.frames[-1])
        self.run.event("snapshot", step=state.step)
        seen = {"value": moment.value, "best_value": moment.best_value, "divergence": moment.divergence.value}
        if moment.modes:
            seen |= {"modes": moment.modes.covered.value, "high_quality": moment.modes.high_quality.value}
        state.record |= {f"lab/{name}": torch.tensor(number) for name, number in seen.items()}


def _options(values: Mapping[str, Any]) -> LabOptions:
    """The options, or UserError naming the one that is wrong."""
    try:
        return LabOptions.model_validate(values)
    except ValidationError as error:
        raise settings.explain(error, "lab") from None
