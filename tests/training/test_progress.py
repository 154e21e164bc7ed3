"""What is shown while a training goes on, in a terminal and in a pipe."""

import io
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console

from ganatomy.training.callbacks.progress import ShowProgress
from ganatomy.training.loop import Budget, State


def shown(console: Console, verdict: str = "healthy") -> str:
    """What a training of one step of two shows."""
    state = State(SimpleNamespace(), seconds=3.0)
    progress = ShowProgress(console, Budget(steps=2), lambda: verdict)
    progress.begin(state)
    state.step, state.images, state.seconds = 1, 64, 5.0
    state.record = {"loss/discriminator": torch.tensor(1.234), "loss/generator": torch.tensor(0.5)}
    progress.after_step(state)
    progress.end(state)
    progress.close()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_step_share_and_time_survive_a_narrow_terminal(width: int) -> None:
    text = shown(Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None))
    lines = text.replace("\r", "\n").splitlines()
    *_, line = (each for each in lines if "step 1" in each)
    for part in ("step 1", "50%", " left"):
        assert part in line
    assert ("generator 0.500" in line) == (width == 200)


def test_a_line_in_a_pipe_is_whole() -> None:
    verdict = "healthy, and a long sentence that would not fit into eighty columns beside all the numbers"
    first, *_ = shown(Console(file=io.StringIO(), width=80), verdict).splitlines()
    for part in ("step 1 (50%)", "images/s", "discriminator 1.234", "generator 0.500", verdict, "left"):
        assert part in first


def test_a_game_on_points_counts_points() -> None:
    console = Console(file=io.StringIO(), width=80)
    progress = ShowProgress(console, Budget(steps=2), samples="points")
    state = State(SimpleNamespace(), seconds=3.0)
    progress.begin(state)
    state.step, state.images = 1, 64
    progress.end(state)
    assert isinstance(console.file, io.StringIO)
    assert " points/s" in (line := console.file.getvalue())
    assert "images" not in line
