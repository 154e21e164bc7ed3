"""Small networks and small images: what most tests train."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from ganatomy.config import inactive
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.training.api import resume, train
from ganatomy.training.loop import Callback

# Small enough for a step in milliseconds, and nothing left to be measured.
PLAIN: dict[str, Any] = {
    "prior.dimension": 8,
    "training.batch": 8,
    "training.share_fakes": False,
    "runtime.device": "cpu",
    "runtime.precision": "float32",
    "runtime.convolution": "native",
    "runtime.threads": 1,
    "log.every": 2,
    "log.snapshot": 5,
    "log.checkpoint": 5,
}
WIDTHS: dict[str, dict[str, Any]] = {
    "dcgan": {"width": 4},
    "mlp": {"hidden": [16]},
    "resnet": {"width": 4},
    "r3": {"widths": [8], "blocks": [1], "cardinality": [2]},
    "stylegan2": {"channels_base": 64, "channels_most": 8, "mapping_layers": 2},
    "unet": {"width": 4, "multipliers": [1, 2]},
    "gsn": {"hidden": [16, 16], "sampling_steps": 4},
    "rows": {"hidden": [8]},
    "residual_copula": {"hidden": [8]},
    "edsr": {"width": 4, "blocks": 1},
    "cut": {"width": 4, "levels": 1, "blocks": 2},
    "pix2pix": {"width": 4, "levels": 2},
    "patchgan": {"width": 4, "layers": 1},
    "wave": {"width": 2},
}
OF_IMAGES = [name for name in RECIPES if recipe(name).modality == "images"]


def tiny(name: str) -> dict[str, Any]:
    """Changes that make a recipe small."""
    config = recipe(name)
    changes = {**PLAIN, "training.batch": max(PLAIN["training.batch"], config.training.pack)}
    for role in ("generator", "discriminator"):
        changes |= {f"{role}.{option}": value for option, value in WIDTHS[getattr(config, role).family].items()}
    if config.method == "diffusion":
        changes["diffusion.sampling_steps"] = 2
    changes = {name: value for name, value in changes.items() if inactive.why_not(config, name) is None}
    return changes | ({"generator.style": 8} if config.generator.family == "stylegan2" else {})


TINY = tiny("dcgan")


def waves(count: int, height: int, width: int, channels: int = 3) -> np.ndarray:
    """Smooth coloured waves, uint8 [N, H, W, C]."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width][..., None]
    phase, pitch = random.uniform(0, 7, (count, 1, 1, channels)), random.uniform(0.1, 0.6, (2, count, 1, 1, channels))
    return ((np.sin(phase + pitch[0] * y + pitch[1] * x) + 1) * 127.5).astype(np.uint8)


def quick(
    data: str | Path,
    runs: Path,
    name: str = "run",
    recipe: str = "dcgan",
    callbacks: Sequence[Callback] = (),
    **changes: Any,
) -> Run:
    """Train a tiny network in silence, on however few images; part__option=value stands for part.option."""
    settings = {**tiny(recipe), "training.steps": 10, **dotted(changes)}
    quiet = Console(quiet=True)
    return train(
        data,
        recipe=recipe,
        settings=settings,
        callbacks=callbacks,
        anyway=True,
        name=name,
        runs=runs,
        console=quiet,
    )


def go_on(run: Run, **changes: Any) -> Run:
    """Resume in silence."""
    return resume(run, settings=dotted(changes), console=Console(quiet=True))


def dotted(changes: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in changes.items()}


def assert_same_tensors(one: Run, other: Run, step: int) -> None:
    """Every file, every tensor, every bit, of what the weights depend on."""
    left, right = (checkpoint.load(run.checkpoint(step)) for run in (one, other))
    for groups in (left, right):
        groups.pop(checkpoint.WINDOW, None)
        groups.pop(checkpoint.PROBE, None)
    assert left.keys() == right.keys() == {"generator", "average", "discriminator", "optimisers"}
    for group, tensors in left.items():
        assert tensors.keys() == right[group].keys()
        for name, tensor in tensors.items():
            assert torch.equal(tensor, right[group][name]), f"{group}: {name}"
