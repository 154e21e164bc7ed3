"""A session, from the verb to a step of the game."""

import random
from pathlib import Path
from traceback import extract_stack

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor
from torch.nn.functional import softplus

import ganatomy
from ganatomy.errors import UserError
from ganatomy.training.loop import Callback, State
from tiny import PLAIN, TINY, go_on, quick

WILD = {
    "penalties__r1": 1e6,
    "discriminator__norm": "none",
    "discriminator_optimiser__learning_rate": 10.0,
    "discriminator_optimiser__name": "sgd",
    "training__steps": 50,
    "diagnosis__on": False,
}  # diverges
PACKAGE = Path(ganatomy.__file__).parent


def test_a_step_is_four_frames_below_the_verb(images: Path, tmp_path: Path) -> None:
    """What a newcomer steps through: ganatomy.train, the session, the loop, Algorithm 1."""
    stacks: list[list[str]] = []

    def logistic(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        frames = [frame for frame in extract_stack() if PACKAGE in Path(frame.filename).parents]
        stacks.append([f"{Path(frame.filename).relative_to(PACKAGE)}:{frame.name}" for frame in frames])
        return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()

    settings = {**TINY, **PLAIN, "training.steps": 1, "diagnosis.on": False}
    quiet = Console(quiet=True)
    ganatomy.train(images, objective=logistic, settings=settings, runs=tmp_path, console=quiet)
    step = "gan/adversarial.py:step"
    steps = [stack[: stack.index(step) + 1] for stack in stacks if step in stack]
    assert len(steps) == 2  # the loss of either player
    for frames in steps:
        assert frames == ["training/api.py:train", "training/session.py:train", "training/loop.py:fit", step]


def test_the_callers_random_numbers_and_threads_stay(images: Path, tmp_path: Path) -> None:
    def state() -> tuple[object, ...]:
        words = np.random.get_state()
        return torch.get_rng_state().tolist(), str(words), random.getstate(), torch.get_num_threads()

    before = state()
    run = quick(images, tmp_path, runtime__threads=2, training__steps=2)
    assert state() == before
    go_on(run, training__steps=3)
    assert state() == before
    with pytest.raises(UserError):
        quick(images, tmp_path, "diverges", generator_optimiser__learning_rate=10.0, training__retries=0, **WILD)
    assert state() == before
    ganatomy.lab("ring", steps=2, runs=tmp_path)
    assert state() == before


def test_a_callback_can_end_a_session(images: Path, tmp_path: Path) -> None:
    class Enough(Callback):
        def after_step(self, state: State) -> None:
            state.stop = state.step == 3

    run = quick(images, tmp_path, callbacks=[Enough()], diagnosis__on=False)
    assert (run.info()["status"], run.info()["step"]) == ("stopped", 3)
    assert max(run.checkpoints()) == 3
