"""The ranges of healthy trainings' signals, and what lies outside."""

from typing import Any

import pytest

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.diagnosis import TrainingContext, Window
from ganatomy.diagnosis.healthy import MARGIN, QUANTITIES, SPENT, farthest_outside, quantities, ranges
from ganatomy.experiments.diagnosis_exam.generated.healthy import leaves, ranges_of
from probe_records import HEALTHY, monitored


def window(**changes: Any) -> Window:
    return Window([{"step": float(20 * number), **HEALTHY, **changes} for number in range(1, 9)])


def test_every_quantity_has_a_range() -> None:
    assert set(ranges()) == set(QUANTITIES)
    assert all(low < high for low, high in ranges().values())
    assert farthest_outside(window()) is None


def test_quantities_are_ratios_of_signals() -> None:
    found = quantities(window(spread=0.4, spread_floor=0.8, batch_spread=0.04, twins=9.0, twins_floor=0.9))
    assert found["spread, where it does not grow, over its floor"] == pytest.approx(0.5)
    assert found["batch_spread over spread"] == pytest.approx(-1)
    assert found["twins, where they do not grow, over its floor"] == pytest.approx(1)
    assert found["distance, no longer falling, over that at the start"] == 1.0
    falling = Window([{**HEALTHY, "step": float(step), "distance": 1 / step} for step in range(1, 40)])
    assert quantities(falling)["distance, no longer falling, over that at the start"] == 0.0
    growing = Window([{**HEALTHY, "step": float(step), "spread": step / 40} for step in range(1, 40)])
    assert "spread, where it does not grow, over its floor" not in quantities(growing)
    assert "gap" not in quantities(Window([{"step": 20.0, "auc": 0.9}]))


def test_real_images_that_are_all_alike_have_no_ratios() -> None:
    found = quantities(window(spread_floor=0.0, distance=0.0))
    assert "spread, where it does not grow, over its floor" not in found
    assert "distance, no longer falling, over that at the start" not in found


def test_the_farthest_counts_and_only_beyond_the_margin() -> None:
    known = {"auc": (0.5, 0.7), "coherence": (0.0, 1.0)}
    assert farthest_outside(window(auc=0.7 + 0.2 * MARGIN - 0.001), known) is None
    found = farthest_outside(window(auc=0.9, coherence=-3.0), known)
    assert found is not None
    assert (found.quantity, found.bound) == ("coherence", 0.0)
    assert found.excess == pytest.approx(3.0)
    other = farthest_outside(window(auc=0.9, coherence=-3.0), {"auc": (0.5, 0.7)})
    assert other is not None
    assert (other.bound, other.value) == (0.7, 0.9)


def test_ranges_come_from_trainings_and_leaving_them_takes_probes_in_a_row() -> None:
    some = [[window(auc=value) for value in values] for values in ([0.5, 0.6], [0.55, 0.7])]
    known = ranges_of(some)
    assert known == {"auc": (0.5, 0.7)}, "what never differs has no range"
    outside, inside = window(auc=0.99), window(auc=0.6)
    assert not leaves([outside] * 5 + [inside] + [outside] * 5, known)
    assert leaves([inside, *[outside] * 6], known)


def test_the_rule_waits_and_gives_way_to_others() -> None:
    short = TrainingContext.of_config(change(recipe("dcgan"), {"training.steps": 600}))
    steps = int(600 * SPENT) // 20
    strange: dict[str, Any] = {"coherence": 5.0}
    assert not monitored(steps + 4, short, **strange).present
    found = monitored(30, short, **strange).present[0]
    assert (found.name, found.detail) == ("unlike healthy trainings", "coherence")
    assert [each.name for each in monitored(30, short, gap=1.0, **strange).present] == ["train and eval differ"]
