"""Training on a GPU: what it promises there as on a CPU, and that it agrees with one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

import ganatomy
from ganatomy import build
from ganatomy.config import inactive
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data.batches import RealBatches
from ganatomy.gan.method import Method
from ganatomy.gan.objectives import OBJECTIVES, Losses, non_saturating
from ganatomy.runs.run import Run
from ganatomy.system import runtime
from ganatomy.system.runtime import Randomness, Runtime
from ganatomy.training import autotune
from ganatomy.training.loop import Callback, State
from tiny import OF_IMAGES, assert_same_tensors, go_on, quick, tiny, waves

IMAGE = (3, 16, 16)
DRAWS_ON_DEVICE = ("gsn",)  # its chains' coins and noise, which a GPU draws by another generator
# Other noise inside layers, which is left out where a GPU is compared with a CPU.
DROPOUTS = [
    f"{player}.dropout{kind}" for player in ("generator", "discriminator") for kind in ("", "_input", "_hidden")
]
NOISES = dict.fromkeys(["generator.mixing", "penalties.path_length", *DROPOUTS], 0.0)


def options(name: str, **changes: Any) -> Config:
    config = change(recipe(name), {**tiny(name), **changes})
    return change(config, {"prior.dimension": 3 * 16 * 16}) if config.method in ("diffusion", "gsn") else config


def prepared(config: Config, here: Runtime) -> tuple[Method, RealBatches]:
    """A training before its first step, and its batches."""
    training, pixels = config.training, waves(37, 16, 16)
    method = build.method(config, IMAGE, here)
    build.start_from_data(method, pixels)
    turns, random = training.discriminator_steps, Randomness(training.seed)
    return method, RealBatches(pixels, training.batch, turns, random, here, flip=True)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", OF_IMAGES)
def test_every_recipe_trains(name: str, precision: str, device: str) -> None:
    with runtime.start(device, threads=1) as here:
        method, batches = prepared(options(name), replace(here, precision=precision))
        before = {key: value.clone() for key, value in method.generator.network.named_parameters()}
        for step in range({"cpu": 2, "cuda": 50 if precision == "float32" else 10}[device]):
            record = method.step(step, batches)
        method.check()
        assert all(value.device.type == device and value.isfinite() for value in record.values())
        after = dict(method.generator.network.named_parameters())
        assert any(not torch.equal(after[key], value) for key, value in before.items())
        assert method.sample(method.prior.of_seeds(range(2))).isfinite().all()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("dcgan", {"data__flip": True, "augmentation__policies": ["colour", "translation", "cutout"]}),
        ("dcgan", {"runtime__precision": "bfloat16"}),
        ("stylegan2", {"data__size": 18, "penalties__every": 2, "penalties__path_length_every": 2}),
        ("stylegan2", {"runtime__precision": "bfloat16"}),
        ("r3gan", {"data__size": 18}),  # padded
        ("sngan", {}),
        ("wgan", {}),  # RMSprop
        ("goodfellow2014", {}),  # SGD with momentum, dropout
    ],
)
def test_a_resumed_run_equals_one_that_never_stopped(
    images: Path, tmp_path: Path, name: str, changes: dict[str, Any], device: str
) -> None:
    if device == "cpu" and "data__flip" not in changes:
        pytest.skip("tests/training/test_resume.py resumes on CPUs.")
    changes = {**changes, "runtime__device": device, "diagnosis__on": False}
    whole = quick(images, tmp_path, "whole", name, **changes, training__steps=12)
    parts = quick(images, tmp_path, "parts", name, **changes, training__steps=7)
    go_on(parts, training__steps=12)
    assert_same_tensors(whole, parts, step=12)
    clocks = ("seconds", "images_per_second")
    assert _without(clocks, whole) == _without(clocks, parts)


def _without(names: tuple[str, ...], run: Run) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name not in names} for record in run.records()]


@pytest.mark.parametrize("name", [name for name in OF_IMAGES if name not in DRAWS_ON_DEVICE])
def test_the_first_step_agrees_with_a_cpus(name: str, device: str) -> None:
    """Losses to 1e-3 and gradients to 1% of their length: float32 with the products in another order.

    A discriminator that Adam has moved by the sign of its gradients has moved the other way where one was near 0, so
    the generator's gradient agrees less closely than the arithmetic.
    """
    config = options(name)
    config = change(config, {option: value for option, value in NOISES.items() if _exists(config, option)})
    records, gradients = [], []
    for place in ("cpu", device):
        with runtime.start(place, threads=1) as here:
            method, batches = prepared(config, here)
            records.append({key: value.item() for key, value in method.step(0, batches).items()})
            gradients.append([_gradient(player.network) for player in method.players])
    for key, value in records[0].items():
        assert records[1][key] == pytest.approx(value, rel=1e-3 if "gradient" not in key else 1e-2, abs=1e-4), key
    for expected, found in zip(*gradients, strict=True):
        assert (found - expected).norm() <= 0.01 * expected.norm()


def _exists(config: Config, option: str) -> bool:
    part, name = option.split(".")
    return hasattr(getattr(config, part), name) and inactive.why_not(config, option) is None


def _gradient(network: torch.nn.Module) -> torch.Tensor:
    """All gradients, flat, but those of strengths of noise, which are the noise's."""
    parameters = dict(network.named_parameters())
    kept = [each.grad.flatten().cpu() for key, each in parameters.items() if not key.endswith("strength")]
    return torch.cat(kept).double()


def test_precision_is_chosen_by_measuring(device: str) -> None:
    config = options("dcgan", **{"runtime.precision": "auto", "runtime.convolution": "auto"})
    with runtime.start(device, threads=1) as here:
        chosen, timings = autotune.choose(config, IMAGE, here)
    ways = [timing.way for timing in timings]
    assert {way.precision for way in ways} == {"float32", "bfloat16"}
    assert (device == "cpu") == any(way.convolution == "patches" for way in ways)
    best = timings[autotune.fastest(timings)]
    assert (chosen.runtime.precision, chosen.runtime.convolution) == best.way
    assert timings[0].agreement == pytest.approx(1, abs=1e-6)
    assert all(timing.agreement > 0.9 and timing.rate > 0 for timing in timings)


class FailingOnce:
    """The non-saturating game, except that its `call`-th discriminator loss is not a number."""

    def __init__(self, call: int) -> None:
        self.calls, self.call = 0, call

    def __call__(self, real: torch.Tensor, fake: torch.Tensor) -> Losses:
        self.calls += 1
        losses = non_saturating(real, fake)
        return losses if self.calls != self.call else Losses(losses.discriminator * torch.nan, losses.generator)


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "rmsprop"])
def test_a_run_goes_back_to_before_what_was_not_finite(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimiser: str, device: str
) -> None:
    """Two losses a step, the discriminator's first: call 15 is its loss at step 7; a GPU finds out at the next save."""
    failing = replace(OBJECTIVES["non_saturating"], losses=FailingOnce(call=15))
    monkeypatch.setattr(build, "objective", lambda config: failing)
    names = {f"{player}_optimiser__name": optimiser for player in ("generator", "discriminator")}
    run = quick(images, tmp_path, training__steps=12, runtime__device=device, diagnosis__on=False, **names)
    assert run.info()["status"] == "finished"
    (fault,) = [event for event in run.events() if event["event"] == "not finite"]
    assert (fault["network"], fault["step"]) == ("discriminator", 7)
    assert [event["step"] for event in run.events() if event["event"] == "resumed"] == [5]
    assert [record["step"] for record in run.records()] == [2, 4, 6, 8, 10, 12]


class Noting(Callback):
    """Adds a number of its own, made on the CPU."""

    def after_step(self, state: State) -> None:
        state.record["mine/step"] = torch.tensor(float(state.step))


def test_a_whole_run_with_diagnosis_and_a_callback_of_ones_own(images: Path, tmp_path: Path, device: str) -> None:
    changes = {"runtime__device": device, "diagnosis__every": 4, "diagnosis__samples": 16, "data__flip": True}
    run = quick(images, tmp_path, callbacks=[Noting()], training__steps=8, **changes)
    assert run.info()["status"] == "finished"
    assert run.config().runtime.device == device
    assert [record["mine/step"] for record in run.records()] == [1.5, 3.5, 5.5, 7.5]
    assert "signals/auc" in run.records()[-1]
    assert (run.path / "samples" / "000008.png").is_file()


@pytest.mark.parametrize("name", ["dcgan", "stylegan2", "r3gan", "diffusion"])
def test_a_generator_draws_the_same_everywhere(images: Path, tmp_path: Path, name: str, device: str) -> None:
    if device == "cpu" and name != "dcgan":
        pytest.skip("tests/generators draw on CPUs.")
    run = quick(images, tmp_path, recipe=name, training__steps=3, runtime__device=device, diagnosis__on=False)
    there = ganatomy.load(run, device=device).sample(range(4)).astype(int)
    exported = ganatomy.export(run, "safetensors").file.parent
    kinds = [ganatomy.load(run), ganatomy.load(exported)]
    if name == "dcgan":  # a graph of the others says as much, and takes longer to make
        pytest.importorskip("onnxruntime")
        kinds.append(ganatomy.load(ganatomy.export(run, "onnx").file))
    for sampler in kinds:
        assert np.abs(sampler.sample(range(4)).astype(int) - there).max() <= 1  # a grey level, where rounding decides


def test_scores_are_the_cpus(images: Path, tmp_path: Path, device: str) -> None:
    run = quick(images, tmp_path, training__steps=2, runtime__device=device, diagnosis__on=False)
    cards = [
        ganatomy.evaluate(run, metrics=["fd"], n=32, features="random", device=place, console=Console(quiet=True))
        for place in ("cpu", device)
    ]
    (expected,), (found,) = (card.scores.values() for card in cards)
    assert found.value == pytest.approx(expected.value, rel=0.01)


@pytest.fixture
def watchful(cuda: str) -> Iterator[str]:
    """Inside, whatever makes the CPU wait for the GPU raises RuntimeError."""
    torch.cuda.init()
    yield cuda
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", [name for name in OF_IMAGES if recipe(name).generator_optimiser.name != "rmsprop"])
def test_a_step_does_not_wait_for_the_gpu(watchful: str, name: str) -> None:
    with runtime.start(watchful) as here:
        method, batches = prepared(options(name), here)
        for step in range(2):  # kernels are loaded, and optimisers make their tensors
            method.step(step, batches)
        here.wait()
        torch.cuda.set_sync_debug_mode("error")
        method.step(2, batches)
        torch.cuda.set_sync_debug_mode("default")
        method.check()


def test_a_gpus_float32_is_float32(cuda: str) -> None:
    x, weight = (
        torch.randn(shape, generator=torch.Generator().manual_seed(0)) for shape in ((8, 256, 16, 16), (64, 256, 3, 3))
    )
    exact = torch.nn.functional.conv2d(x.double(), weight.double())
    with runtime.start(cuda) as here:
        found = torch.nn.functional.conv2d(x.to(here.device), weight.to(here.device)).cpu().double()
    assert (found - exact).norm() / exact.norm() < 5e-6  # TF32: some 3e-4
