"""`ganatomy train --dry-run`: what it counts."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from torch.utils.flop_counter import FlopCounterMode

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.system import runtime as runtimes
from ganatomy.training import api as training
from ganatomy.training import autotune, dryrun
from tiny import OF_IMAGES, tiny, waves


@pytest.mark.parametrize("name", sorted(set(OF_IMAGES) - {"auto"}))
def test_every_recipe_says_what_it_would_take(name: str, tmp_path: Path) -> None:
    np.save(tmp_path / "waves.npy", waves(40, 16, 20, 1))
    changes = {**tiny(name), "training.steps": 100}
    printed = io.StringIO()
    dryrun.show(training.plan(str(tmp_path / "waves.npy"), name, None, changes), Console(file=printed, width=120))
    assert re.search(r"Arithmetic: \d+\.\d\d GFLOP an image", printed.getvalue())
    assert re.search(r"It will take \d", printed.getvalue())
    assert re.search(
        r"auto is made for CPUs: its widest networks see [\d,]+ images/s here, [\d.,e-]+ times as many",
        printed.getvalue(),
    )


@pytest.mark.parametrize("name", ["goodfellow2014", "dcgan", "vae", "diffusion", "gsn"])
def test_operations_are_counted_like_torchs_counter(name: str) -> None:
    """On networks that torch's takes: it fails where a weight is a module's input."""
    options = change(recipe(name), tiny(name))
    with runtimes.start("cpu", 1) as runtime:
        real = autotune.noise(options, (1, 16, 20), runtime)
        ours = dryrun.arithmetic(build.method(options, (1, 16, 20), runtime), real)
        method = build.method(options, (1, 16, 20), runtime)
        with FlopCounterMode(display=False) as counter:
            method.step(0, lambda step, turn: real)
    assert ours == counter.get_total_flops() > 0
