"""The forecast: closed forms on made-up calibrations, and that what is printed follows from them."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from ganatomy.config.options import TrainingOptions
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.training import forecast
from ganatomy.training.callbacks.forecast import AFTER, ForecastAgain
from ganatomy.training.forecast import CalibratedSet, CalibrationRun, expectation, images_in, near, sentences
from ganatomy.training.loop import State


def calibrated_set(name: str, side: int, *scores: tuple[int, float]) -> CalibratedSet:
    """A set whose untrained generator scores 100, whose real images score 1, and 10 once they are coarse."""
    runs = tuple(CalibrationRun(seen, 1.0, 16, score, None, None) for seen, score in scores)
    return CalibratedSet(name, side, 1, 5000, "fd_random", 100.0, 10.0, 1.0, "one day", runs)


SMALL = calibrated_set("small", 32, (3200, 10.0), (320_000, 2.0))
LARGE = calibrated_set("large", 64, (3200, 50.0), (320_000, 20.0))


def test_progress_is_a_share_of_the_logarithm() -> None:
    assert SMALL.progress(3200) == pytest.approx(0.5)
    assert SMALL.progress(320) == pytest.approx(0.25)  # √(32 · 3200): half the way to it
    assert [SMALL.progress(seen) for seen in (0, 32)] == [0, 0]
    assert SMALL.progress(10**9) == SMALL.progress(320_000) == pytest.approx(0.8495, abs=1e-4)  # log 50 / log 100
    assert SMALL.needed(0.5) == pytest.approx(3200)
    assert SMALL.needed(0.25) == pytest.approx(320)
    assert SMALL.needed(0.9) is None
    assert SMALL.best == pytest.approx(0.8010, abs=1e-4)  # log(100 / 2.5) / log 100
    worse = calibrated_set("worse", 32, (3200, 10.0), (320_000, 90.0))  # what was reached stays reached
    assert worse.progress(320_000) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("options", "before", "images"),
    [
        ({"steps": 17}, (0, 0), 17 * 32),
        ({"steps": 17, "discriminator_steps": 5}, (0, 0), 17 * 32 * 5),
        ({"minutes": 2}, (0, 0), 2 * 60 * 50),
        ({"minutes": 2}, (600, 60), 600 + 60 * 50),
        ({"minutes": 2}, (600, 150), 600),
        ({"minutes": 2, "images": 1000}, (0, 0), 1000),
    ],
)
def test_what_a_budget_holds(options: dict[str, float], before: tuple[int, float], images: float) -> None:
    assert images_in(TrainingOptions(batch=32, **options), 50, *before) == images


def test_what_is_expected_of_images_by_size() -> None:
    sets = [SMALL, LARGE]
    assert near(32, sets) == near(28, sets) == near(44, sets) == [SMALL]
    assert near(64, sets) == near(48, sets) == [LARGE]
    assert near(200, sets) == [LARGE]
    assert near(16, sets) == [SMALL]
    bright = replace(SMALL, name="bright", channels=3)
    assert near(32, [SMALL, bright], colour=True) == near(64, [SMALL, LARGE, bright], colour=True) == [bright]
    assert near(32, [SMALL, bright]) == [SMALL]
    assert expectation(17 * 32, [SMALL]) == "noise"
    assert expectation(5000, [SMALL]) == "rough shapes"
    assert expectation(5000, sets) == "noise to rough shapes"
    assert expectation(10**6, [SMALL]) == "about the best that was measured"


def said(side: int, seen: float, **changes: object) -> str:
    config = change(recipe("auto"), {"training.images": None, "training.minutes": 1.0, **changes})
    return " ".join(sentences(config, side, 100.0, seen, at_32=lambda: 400.0))


def test_a_training_of_seventeen_steps_is_told_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "calibrated", lambda: (SMALL, LARGE))
    words = said(64, 17 * 32)
    assert "Expect noise: of large at 64 pixels: auto drew no more than noise" in words
    # 25 = 1.25 · 20 is reached after 3200 · 100^((log 4 − log 2)/(log 5 − log 2)) = 104,254 images.
    assert "and about its best of up to 320,000 after 100,000 (by interpolation" in words
    assert "--minutes 18; with --size 32 the same time holds about 2,176 images: noise." in words
    assert "with --size 32 the same time holds about 12,000 images: rough shapes." in said(64, 3000)
    assert said(64, 400_000).endswith("docs/FORECAST.md).")
    assert "Expect rough shapes: of small at 32 pixels: auto draws rough shapes after 3,200 images" in said(32, 5000)
    assert "--size" not in said(32, 5000)
    far = said(200, 17 * 32)
    assert "Expect noise at best: nothing was measured near 200 pixels, which need more images than large" in far
    assert "at least --minutes 18; with --size 32" in far
    coloured = said(32, 5000, **{"data.channels": 3})
    assert "Expect rough shapes at best: only grey images were measured, which need fewer than colour ones" in coloured
    assert "Enough for the best that was measured: at least --minutes" in coloured
    assert "12,000 images: rough shapes at best." in said(64, 3000, **{"data.channels": 3})
    assert "Expect rough shapes or better: nothing was measured near 16 pixels, which need fewer" in said(16, 5000)


def test_without_a_calibration_few_steps_are_noise_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "calibrated", lambda: ())
    assert said(64, 17 * 32).startswith("Expect noise")
    assert said(64, 10**6) == "How good that will be was not measured."


def test_schedules_of_another_length_than_the_training_are_named() -> None:
    config = change(recipe("sngan"), {"training.steps": 2000})
    words = list(sentences(config, 32, 100.0, 2000 * config.training.batch * config.training.discriminator_steps))
    assert len(words) == 2
    assert words[0].startswith("generator_optimiser.learning_rate falls over 50,000 steps, and this training has about")
    rates = {f"{player}_optimiser.learning_rate.steps": 0 for player in ("generator", "discriminator")}
    assert not list(sentences(change(config, rates), 32, 100.0, 2000 * 64))


def test_after_a_minute_the_forecast_follows_from_the_speed_so_far() -> None:
    console = Console(file=io.StringIO(), width=20)
    again = ForecastAgain(console, lambda speed, state: [f"{speed:.1f} images/s at step {state.step}, [not] broken"])
    state = State(SimpleNamespace(), images=1000, seconds=500.0)
    again.begin(state)
    for seconds in (10.0, AFTER - 0.5, AFTER + 20, AFTER + 40):
        state.step, state.images, state.seconds = state.step + 1, state.images + 400, 500 + seconds
        again.after_step(state)
    assert console.file.getvalue() == "15.0 images/s at step 3, [not] broken\n"  # type: ignore[attr-defined]


def test_the_calibration_that_is_shipped_can_be_read() -> None:
    for each in forecast.calibrated():
        assert 0 < each.floor < each.coarse < each.untrained
        assert [run.seen for run in each.runs] == sorted({run.seen for run in each.runs})
