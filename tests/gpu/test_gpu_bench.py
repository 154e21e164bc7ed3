"""`python -m bench gpu` at sizes that say nothing of speed: that its code runs, stops in time, and says what it did."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from bench import gpu
from bench.measure import take_turns

from ganatomy.networks.r3 import Residual
from ganatomy.system import runtime
from tiny import OF_IMAGES, tiny, waves

ROOT = Path(__file__).parents[2]


def test_without_a_gpu_it_says_so_and_fails() -> None:
    if torch.cuda.is_available():
        pytest.skip("There is a GPU.")
    done = subprocess.run([sys.executable, "-m", "bench", "gpu"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == gpu.NONE
    assert not done.stdout


def test_every_recipe_has_a_row_and_stops_when_its_time_is_over(device: str) -> None:
    with runtime.start(device, threads=1) as here:
        rows = gpu.recipes(here, seconds=0.0, side=16, shrunk=tiny)
    assert [row.what for row in rows] == [f"recipe: {name}, 16×16" for name in OF_IMAGES]
    assert all(row.value.startswith("1 of 50 steps") and gpu.FAULT not in row.value for row in rows)


@pytest.mark.parametrize("name", ["r3gan", "stylegan2"])
def test_the_step_is_compared_with_the_plain_loops(name: str, device: str) -> None:
    case = gpu.Case(name, 16, 8, tiny(name))
    with runtime.start(device, threads=1) as here:
        rows = gpu.speed(here, case, seconds=0.0)
    ways = ["plain, float32", "plain, tf32", "plain, bfloat16", "ours, float32", "ours, bfloat16"]
    assert [row.what for row in rows] == [f"speed: {name}, 16×16, {way}" for way in ways]
    rates = [row.numbers["images_per_second"] for row in rows]
    assert f"{rates[3] / rates[0]:.2f}× the plain loop, {rates[3] / rates[1]:.2f}× with TF32" in rows[3].value


@pytest.mark.parametrize("side", [64, 256])
def test_the_published_networks_have_two_blocks_at_each_of_their_sizes(side: int) -> None:
    (case,) = (case for case in gpu.CASES if (case.recipe, case.side) == ("r3gan", side))
    config = gpu.change(gpu.recipe("r3gan"), case.changes)
    with torch.device("meta"):
        networks = [make(config, (3, side, side)) for make in (gpu.build.generator, gpu.build.discriminator)]
    for network in networks:
        blocks = [module.branch[0].in_channels for module in network.modules() if isinstance(module, Residual)]
        assert sorted(blocks) == sorted(2 * gpu.R3GAN[side]["widths"])


def test_a_training_is_scored_and_exported(device: str) -> None:
    settings = {**tiny("dcgan"), "training.steps": 3, "diagnosis.on": False}
    data = gpu.Data("waves", waves(40, 16, 16))
    rows = gpu.training(device, data, minutes=5, samples=32, features="random", start="dcgan", settings=settings)
    names = [row.what.partition(":")[0] for row in rows]
    assert names[0] == "training"
    assert names.count("score") >= 3
    assert names[-1] == "export"
    assert rows[0].value.startswith("3 steps, 24 images")
    assert all(gpu.FAULT not in row.value for row in rows)


def test_drawn_images_stand_in_for_cifar() -> None:
    data = gpu.drawn(24)
    assert data.images.shape == (24, 32, 32, 3)
    assert len(data.labels) == 24


def test_what_fails_is_a_row_and_the_rest_is_measured() -> None:
    def broken() -> list[gpu.Row]:
        raise RuntimeError("no such kernel.\nTrace")

    (row,) = gpu.attempted("speed", broken)
    assert (row.what, row.value) == ("speed", "FAULT: RuntimeError, no such kernel")


def test_turns_alternate_and_a_cycle_is_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, order, costs = [0.0], [], {"a": [9.0, 1.0, 2.0, 3.0, 4.0], "b": [9.0, 1.0, 1.0, 1.0, 1.0]}
    monkeypatch.setattr("bench.measure.time.perf_counter", lambda: clock[0])

    def turn(name: str) -> None:
        order.append(name)
        clock[0] += costs[name][order.count(name) - 1]

    works = {name: (lambda name=name: turn(name)) for name in costs}
    seconds, rounds = take_turns(works, 9.5, lambda: None, cycle=2)
    assert (order, rounds) == (["a", "b"] * 5, 4)  # the first turn is not counted
    assert seconds == {"a": ((1 + 3) / 2 + (2 + 4) / 2) / 2, "b": 1.0}
