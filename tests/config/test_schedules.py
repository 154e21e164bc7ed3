"""Numbers that change with the step, against their formulas."""

from math import cos, log, pi

import pytest

from ganatomy.config.recipes import recipe
from ganatomy.config.schedules import Schedule, at

LINEAR = Schedule(kind="linear", start=3.0, end=1.0, steps=8)
COSINE = Schedule(kind="cosine", start=3.0, end=1.0, steps=8)


@pytest.mark.parametrize("step", [0, 1, 10**9])
def test_a_plain_number_stays(step):
    assert at(0.25, step) == 0.25


@pytest.mark.parametrize(("step", "value"), [(0, 3), (1, 2.75), (4, 2), (6, 1.5), (8, 1), (9, 1), (10**9, 1)])
def test_linear_goes_straight_and_rests(step, value):
    assert at(LINEAR, step) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("step", range(9))
def test_cosine_is_half_a_period(step):
    assert at(COSINE, step) == pytest.approx(2 + cos(pi * step / 8), rel=1e-15)


@pytest.mark.parametrize("step", [8, 9, 10**9])
def test_cosine_rests(step):
    assert at(COSINE, step) == 1


@pytest.mark.parametrize(("spent", "value"), [(0, 3), (0.25, 2.5), (0.5, 2), (1, 1), (1.3, 1)])
def test_without_steps_linear_ends_with_the_budget(spent, value):
    for step in (0, 7, 10**9):
        assert at(Schedule(start=3.0, end=1.0), step, spent) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("spent", [0, 0.125, 0.6, 1])
def test_without_steps_cosine_ends_with_the_budget(spent):
    assert at(Schedule(kind="cosine", start=3.0, end=1.0), 5, spent) == pytest.approx(2 + cos(pi * spent), rel=1e-15)


@pytest.mark.parametrize("step", range(9))
def test_a_budget_of_as_many_steps_is_the_same_to_the_bit(step):
    for schedule in (LINEAR, COSINE):
        assert at(schedule.model_copy(update={"steps": 0}), step, step / 8) == at(schedule, step)


@pytest.mark.parametrize(("step", "value"), [(0, 8), (1, 4), (3, 1), (4, 0.6), (5000, 0.6)])
def test_exponential_shrinks_by_its_factor_down_to_its_floor(step, value):
    assert at(Schedule(kind="exponential", start=8.0, end=0.6, factor=0.5), step) == value


@pytest.mark.parametrize(("player", "share"), [("generator_optimiser", 1), ("discriminator_optimiser", 0.5)])
def test_the_schedules_of_the_2014_code(player, share):
    """0.1/1.000004^t with the floor 1e-6; momentum 0.5 → 0.7 over 250 epochs of 500 steps; D's loss halved."""
    optimiser = getattr(recipe("goodfellow2014"), player)
    rate, momentum = optimiser.learning_rate, optimiser.momentum
    assert [at(rate, t) for t in (0, 500, 10**6)] == pytest.approx([share * 0.1 / 1.000004**t for t in (0, 500, 10**6)])
    assert [at(momentum, t) for t in (0, 62_500, 125_000, 10**6)] == pytest.approx([0.5, 0.6, 0.7, 0.7], rel=1e-12)

    floor = log(0.1 / 1e-6) / log(1.000004)  # some 5,750 epochs
    assert at(rate, int(floor) - 100) > share * 1e-6
    assert at(rate, int(floor) + 100) == share * 1e-6
