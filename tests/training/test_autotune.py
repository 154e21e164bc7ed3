"""Precision and convolutions are chosen by timing: which ways are timed, and which of them is chosen."""

from typing import Any

import pytest
import torch

from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.system.runtime import Runtime
from ganatomy.training import autotune
from ganatomy.training.autotune import Timing, Way
from tiny import tiny

OPEN = {"runtime.precision": "auto", "runtime.convolution": "auto"}
IMAGE = (3, 16, 16)


def options(name: str = "dcgan", **changes: Any) -> Config:
    return change(recipe(name), {**tiny(name), **OPEN, **{f"runtime.{name}": value for name, value in changes.items()}})


def timed(name: str = "dcgan", **changes: Any) -> list[Way]:
    return [timing.way for timing in autotune.choose(options(name, **changes), IMAGE, Runtime())[1]]


def test_only_what_is_left_open_is_timed_and_float32_comes_first() -> None:
    native, patches, half = Way("float32", "native"), Way("float32", "patches"), Way("bfloat16", "native")
    assert timed() == [native, patches, half]
    assert timed(precision="float32") == [native, patches]
    assert timed(convolution="native") == [native, half]
    assert timed("goodfellow2014") == [native, patches, half]  # dense layers alone
    assert timed("diffusion") == [native, half]  # neither
    assert timed(precision="bfloat16") == []  # where torch computes all convolutions


def test_the_first_short_timing_has_whole_groups_too() -> None:
    grouped = change(options("stylegan2"), {"training.batch": 12, "discriminator.group": 6})
    assert autotune.choose(grouped, IMAGE, Runtime())[1]


@pytest.mark.parametrize("given", [("bfloat16", "patches"), ("float32", "patches"), ("float32", "native")])
def test_what_is_given_stays(given: tuple[str, str]) -> None:
    chosen, timings = autotune.choose(options(precision=given[0], convolution=given[1]), IMAGE, Runtime())
    assert (chosen.runtime.precision, chosen.runtime.convolution) == given
    assert not timings


def test_nothing_stays_open_and_float32_agrees_with_itself() -> None:
    before = options()
    chosen, timings = autotune.choose(before, IMAGE, Runtime())
    way = timings[autotune.fastest(timings)].way
    assert chosen == change(before, {"runtime.precision": way.precision, "runtime.convolution": way.convolution})
    assert [timing.agreement for timing in timings] == pytest.approx([1, 1, 1], abs=0.05)
    assert timings[0].agreement == pytest.approx(1, abs=1e-6)
    assert all(timing.rate > 0 for timing in timings)


@pytest.mark.parametrize(
    ("rates", "agreements", "index"),
    [
        ([100, 120, 90], [1, 1, 1], 1),
        ([100, 104, 90], [1, 1, 1], 0),  # not by enough
        ([100, 120, 500], [1, 1, 0.8], 1),  # the fastest is wrong
        ([100, 90, 500], [1, 1, 0.8], 0),
        ([], [], 0),
    ],
)
def test_the_fastest_that_agrees_is_chosen(rates: list[float], agreements: list[float], index: int) -> None:
    ways = [Way("float32", "native"), Way("float32", "patches"), Way("bfloat16", "native")]
    timings = [
        Timing(way, rate, torch.ones(1), agreement)
        for way, rate, agreement in zip(ways, rates, agreements, strict=False)
    ]
    assert autotune.fastest(timings) == index
    assert all(("but wrong" in str(timing)) == (timing.agreement < 0.9) for timing in timings)
