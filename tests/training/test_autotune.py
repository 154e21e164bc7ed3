"""Precision and convolutions are chosen by timing: which ways are timed, and which of them is chosen."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.system.runtime import Runtime
from ganatomy.training import autotune, measurements
from ganatomy.training.measurements import Timing, Way
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


def test_a_speed_is_measured_once_for_a_machine_and_a_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    loads = iter(["busy", "busy", None, None, None, None, None])
    monkeypatch.setattr(measurements.machine, "busy", lambda own=0.0: next(loads))
    counts = itertools.count(1)

    def speed(config: Config, image: tuple[int, int, int] = IMAGE) -> float:
        way = Way("float32", "native")
        return measurements.kept(config, image, Runtime(), [way], lambda: [Timing(way, float(next(counts)))])[0].rate

    assert [speed(options()), speed(options())] == [1, 1]
    assert speed(options()) == 2  # the first was measured on a busy machine, which is idle now
    assert speed(change(options(), {"training.steps": 77, "generator_optimiser.learning_rate": 0.5})) == 2
    assert speed(change(options(), {"training.batch": 6})) == 3
    assert speed(options(), (3, 16, 20)) == 4
    assert speed(options()) == 2
    (tmp_path / "speed").rename(tmp_path / "gone")
    loads = iter([None])
    assert speed(options()) == 5


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
    timings = [Timing(way, rate, agreement) for way, rate, agreement in zip(ways, rates, agreements, strict=False)]
    assert autotune.fastest(timings) == index
    assert all(("but wrong" in str(timing)) == (timing.agreement < 0.9) for timing in timings)


def test_the_clock_starts_when_the_device_has_finished_what_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    clock = autotune.time.perf_counter
    monkeypatch.setattr(Runtime, "wait", lambda self: events.append("wait"))
    monkeypatch.setattr(autotune.time, "perf_counter", lambda: events.append("clock") or clock())
    monkeypatch.setattr(measurements, "kept", lambda config, image, runtime, ways, measure: measure())
    autotune.images_per_second(options(), IMAGE, Runtime())
    assert events[:2] == ["wait", "clock"]
    assert events.count("wait") == 2 + events.count("clock") / 2  # before the short timing, and before the whole one


def test_the_ways_take_their_steps_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a machine that becomes busy meanwhile slows all of them alike."""
    steps: list[int] = []
    built = autotune.build.method

    def spied(*given: Any) -> Any:
        method = built(*given)
        step = method.step
        monkeypatch.setattr(method, "step", lambda *given: steps.append(id(method)) or step(*given))
        return method

    monkeypatch.setattr(autotune.build, "method", spied)
    monkeypatch.setattr(measurements, "kept", lambda config, image, runtime, ways, measure: measure())
    monkeypatch.setattr(autotune, "SCREENED_OUT", float("inf"))
    autotune.choose(options(), IMAGE, Runtime())
    last = steps[-3 * autotune.STEPS :]
    assert last == last[:3] * autotune.STEPS
    assert len(set(last)) == 3


def test_where_a_step_would_take_long_the_short_timing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    noise = autotune.noise
    monkeypatch.setattr(
        autotune, "noise", lambda config, *given: batches.append(config.training.batch) or noise(config, *given)
    )
    monkeypatch.setattr(measurements, "kept", lambda config, image, runtime, ways, measure: measure())
    large = change(options(), {"training.batch": 64})
    autotune.choose(large, IMAGE, Runtime())
    assert batches == [autotune.SCREENING_BATCH, 64]
    monkeypatch.setattr(autotune, "LONG", 0.0)
    chosen, timings = autotune.choose(large, IMAGE, Runtime())
    assert batches[2:] == [autotune.SCREENING_BATCH]
    assert [timing.agreement for timing in timings] == pytest.approx([1, 1, 1], abs=0.05)
    assert chosen.training.batch == 64
