"""`make gpu`: the recipes on a GPU, their speed against a plain loop, and a short training with scores and export.

Every part has a share of the time, stops when it is spent, and says how far it came: planned are six and a half
minutes, and one more for `pytest -m gpu`, the other half of `make gpu`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

import ganatomy
from bench import plain
from bench.measure import Row, take_turns
from ganatomy import UserError, build
from ganatomy.config.options import Config
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.settings import change
from ganatomy.errors import first_line
from ganatomy.experiments.diagnosis_exam.drawn_sets.drawn import drawn_set, drawn_style
from ganatomy.gan.method import Batch
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import number
from ganatomy.system import runtime
from ganatomy.system.runtime import Runtime
from ganatomy.training.autotune import noise

FAULT = "FAULT"  # one of `bench.torture.made.HARM`: `python -m bench` ends with an error
NONE = "python -m bench gpu needs a CUDA GPU, and this machine (or this build of torch) has none: nothing was measured."
TURN = 4  # steps, between two waits for the device
# As large as R3GAN's networks for faces (Huang et al. 2025, arXiv:2501.05441); at 256 unchecked.
R3GAN = {
    64: {"widths": [768, 768, 768, 768, 384], "cardinality": [96, 96, 96, 96, 48]},
    256: {"widths": [768, 768, 768, 768, 384, 192, 96], "cardinality": [96, 96, 96, 96, 48, 24, 12]},
}


@dataclass(frozen=True)
class Case:
    """A recipe whose speed is measured on images of `side` pixels, `batch` a step."""

    recipe: str
    side: int
    batch: int
    changes: dict[str, Any] = field(default_factory=dict)


def _r3gan(side: int, batch: int) -> Case:
    players = ("generator", "discriminator")
    return Case("r3gan", side, batch, {f"{player}.{k}": v for player in players for k, v in R3GAN[side].items()})


CASES = (_r3gan(64, 32), Case("stylegan2", 64, 32), _r3gan(256, 8), Case("stylegan2", 256, 8))


@dataclass(frozen=True)
class Data:
    """What the short training learns from: a place or pixels uint8 [N, H, W, C], with labels [N] beside pixels."""

    words: str
    images: Any
    labels: Any = None


def gpu() -> list[Row]:
    """All parts on the GPU, with CIFAR-10 where the environment variable CIFAR10 says that it is, else drawn images."""
    if not torch.cuda.is_available():
        sys.exit(NONE)
    data = _data()
    with runtime.start("cuda") as here:
        rows = recipes(here, seconds=45)
        for case in CASES:
            rows += attempted(f"speed: {case.recipe}, {case.side}×{case.side}", lambda case=case: speed(here, case, 15))
    return rows + attempted("training", lambda: training(str(here.device), data, minutes=3))


def facts(device: str = "cuda") -> dict[str, str]:
    """The GPU, its driver, and the versions of torch, CUDA and cuDNN."""
    versions = {
        "torch": torch.__version__,
        "CUDA": str(torch.version.cuda),
        "cuDNN": str(torch.backends.cudnn.version()),
    }
    if device == "cpu":
        return {"GPU": "none", "driver": "none", **versions}
    memory = torch.cuda.get_device_properties(device).total_memory / 2**30
    return {"GPU": f"{torch.cuda.get_device_name(device)}, {memory:.0f} GiB", "driver": _driver(), **versions}


def _driver() -> str:
    ask = ("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    try:
        return subprocess.run(ask, capture_output=True, text=True, timeout=20, check=True).stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "unknown"


def attempted(what: str, part: Callable[[], list[Row]]) -> list[Row]:
    """The rows of a part, or one that says why there are none: the other parts are measured all the same."""
    try:
        return part()
    except torch.OutOfMemoryError:
        return [Row(what, "not measured: the GPU has too little memory", "", {})]
    except Exception as error:
        return [Row(what, f"{FAULT}: {type(error).__name__}, {first_line(error)}", "", {})]
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def recipes(
    here: Runtime,
    seconds: float,
    side: int = 32,
    steps: int = 50,
    shrunk: Callable[[str], dict[str, Any]] | None = None,
) -> list[Row]:
    """Every recipe for images for so many steps on noise, in float32: its own networks, at most 64 images a batch.

    shrunk: options that make a recipe smaller, by its name.
    """
    rows, until = [], time.perf_counter() + seconds
    names = [name for name in RECIPES if recipe(name).modality == "images"]
    for done, name in enumerate(names):
        config = recipe(name)
        config = change(config, {"training.batch": min(64, config.training.batch), **(shrunk(name) if shrunk else {})})
        share = (until - time.perf_counter()) / (len(names) - done)
        what = f"recipe: {name}, {side}×{side}"
        rows += attempted(
            what, lambda what=what, config=config, share=share: [_recipe(here, what, config, side, steps, share)]
        )
    return rows


def _recipe(here: Runtime, what: str, config: Config, side: int, steps: int, seconds: float) -> Row:
    image = (3, side, side)
    if config.method in ("diffusion", "gsn"):  # whose latent vectors are images of noise
        config = change(config, {"prior.dimension": 3 * side * side})
    game, real = build.method(config, image, here), noise(config, image, here)
    finite, done, began = torch.tensor(True, device=here.device), 0, time.perf_counter()
    while done < steps and (not done or time.perf_counter() - began < seconds):
        record = game.step(done, lambda step, turn: real)
        finite &= torch.stack([value.float() for value in record.values()]).isfinite().all()
        done += 1
        here.wait()
    taken = time.perf_counter() - began
    game.check()
    rate = done * game.images_per_step / taken
    words = f"{done} of {steps} steps, {rate:,.0f} images/s with the first one" + (
        "" if finite else f", {FAULT}: not finite"
    )
    return Row(what, words, "", {"steps": done, "seconds": taken, "images_per_second": rate})


def speed(here: Runtime, case: Case, seconds: float) -> list[Row]:
    """Images a second of a recipe's training step against the plain loop's, in each precision, in alternation."""
    config = change(recipe(case.recipe), {"training.batch": case.batch, **case.changes})
    image = (3, case.side, case.side)
    batch = noise(config, image, here)
    real = batch.images.contiguous()
    penalties = config.penalties
    cycle = max(penalties.every, penalties.path_length_every if penalties.path_length else 1)
    ways = {f"plain, {way}": plain.training_step(config, real, way) for way in ("float32", "tf32", "bfloat16")}
    ways |= {f"ours, {way}": _ours(config, here, batch, way) for way in ("float32", "bfloat16")}
    turns = {name: lambda step=step: [step() for _ in range(TURN)] for name, step in ways.items()}
    taken, rounds = take_turns(turns, seconds, here.wait, -(-cycle // TURN))
    rates = {name: TURN * case.batch / value for name, value in taken.items()}
    rows = []
    for name, rate in rates.items():
        way = name.partition(", ")[2]
        words = f"{rate:,.1f} images/s"
        if name.startswith("ours"):
            words += (
                f", {rate / rates[f'plain, {way}']:.2f}× the plain loop, {rate / rates['plain, tf32']:.2f}× with TF32"
            )
        words += f" (batch {case.batch}, {rounds * TURN} steps)"
        rows.append(
            Row(f"speed: {case.recipe}, {case.side}×{case.side}, {name}", words, "", {"images_per_second": rate})
        )
    return rows


def _ours(config: Config, here: Runtime, real: Batch, precision: str) -> Callable[[], object]:
    own = Runtime(here.device, precision)
    game, steps = (
        build.method(change(config, {"runtime.precision": precision}), tuple(real.images.shape[1:]), own),
        count(),
    )
    return lambda: game.step(next(steps), lambda step, turn: real)


def training(
    device: str,
    data: Data,
    minutes: float,
    samples: int = 5_000,
    features: str = "auto",
    start: str = "auto",
    settings: dict[str, Any] | None = None,
) -> list[Row]:
    """A training of so many minutes from a recipe, `start`, then its scores and its export."""
    quiet = Console(quiet=True)
    with tempfile.TemporaryDirectory() as folder:
        given = {"training.minutes": minutes, "runtime.device": device, **(settings or {})}
        run = ganatomy.train(
            data.images, labels=data.labels, recipe=start, settings=given, runs=folder, console=quiet, anyway=True
        )
        info, config = run.info(), run.config()
        rate = info["images"] / max(info["seconds"], 0.1)  # which are rounded to that
        words = (
            f"{info['step']:,} steps, {info['images']:,} images in {info['seconds']:.0f} s: {rate:,.0f} images/s, "
            f"{config.generator.family}, {config.runtime.precision}"
        )
        rows = [Row(f"training: {start}, {data.words}", words, "", {"images_per_second": rate, "steps": info["step"]})]
        rows += attempted("scores", lambda: _scores(run, device, samples, features))
        return rows + attempted("export", lambda: [_exported(run, device)])


def _scores(run: Run, device: str, samples: int, features: str) -> list[Row]:
    card = ganatomy.evaluate(run, metrics=["fd", "kd", "prdc"], n=samples, features=features, device=device)
    what = f"{samples:,} images, features: {card.protocol['features']['name']}"
    return [
        Row(
            f"score: {name}",
            f"{score.interval()}, real data {number(score.floor)} ({what})",
            "",
            {"value": score.value},
        )
        for name, score in card.scores.items()
    ]


def _exported(run: Run, device: str) -> Row:
    """The generator on a CPU, from its run and from what was exported of it, against the same on the device."""
    there = ganatomy.load(run, device=device).sample(range(16)).astype(int)
    exported = ganatomy.export(run, "safetensors").file
    kinds = {"the CPU": ganatomy.load(run), "safetensors": ganatomy.load(exported.parent)}
    if find_spec("onnxruntime"):
        try:
            kinds["ONNX"] = ganatomy.load(ganatomy.export(run, "onnx").file)
        except UserError as error:
            return Row("export", f"{FAULT}: {error}", "", {})
    largest = {
        name: int(np.abs(there - sampler.sample(range(16)).astype(int)).max()) for name, sampler in kinds.items()
    }
    words = ", ".join(f"{name} {levels}" for name, levels in largest.items())
    fault = f"{FAULT}: " if max(largest.values()) > 1 else ""
    return Row("export: largest difference from the device's images", f"{fault}{words} grey levels", "≤ 1", largest)


def _data() -> Data:
    """CIFAR-10, or drawn images. Ends the process where it is said to be somewhere and is not."""
    if place := os.environ.get("CIFAR10"):
        if not Path(place).exists():
            sys.exit(f"CIFAR10={place}: there is no such file or folder; without CIFAR10, drawn images are learnt.")
        return Data("CIFAR-10", place)
    return drawn(20_000)


def drawn(images: int) -> Data:
    """So many drawn colour images of 32×32, of five classes at least."""
    seed = next(each for each in count() if _is_like_cifar(each))
    chosen = drawn_set(seed, images)
    return Data(f"{images:,} drawn images, {chosen.about}", chosen.pixels, chosen.labels)


def _is_like_cifar(seed: int) -> bool:
    style = drawn_style(seed)
    return (
        (style.size, style.channels, style.palette) == (32, 3, "coloured")
        and style.classes >= 5
        and style.variety > 0.5
    )
