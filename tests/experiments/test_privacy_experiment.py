"""What privacy costs: the table of the trainings that were measured."""

from typing import Any

from ganatomy.experiments import privacy


def entry(digits: int, noise: float, seed: int, distance: float) -> dict[str, Any]:
    return {
        "made": "yesterday, a machine",
        "digits": digits,
        "steps": 1500,
        "noise": noise,
        "seed": seed,
        "epsilon": 3.21 if noise else None,
        "fd": {"value": distance, "low": distance - 0.5, "high": distance + 0.5},
        "floor": 0.08,
        "membership": {"value": 0.5, "low": 0.45, "high": 0.55},
    }


def test_more_digits_come_first_and_then_less_noise() -> None:
    found = {"a": entry(200, 0.0, 0, 4.0), "b": entry(4000, 1.0, 0, 9.0), "c": entry(4000, 0.0, 0, 2.0)}
    lines = privacy.text(found).splitlines()
    assert lines[2:5] == [
        "| 4,000 | 1,500 | 0 | – | 2 [1.5, 2.5] | 0.5 [0.45, 0.55] |",
        "| 4,000 | 1,500 | 1 | 3.21 | 9 [8.5, 9.5] | 0.5 [0.45, 0.55] |",
        "| 200 | 1,500 | 0 | – | 4 [3.5, 4.5] | 0.5 [0.45, 0.55] |",
    ]
    assert lines[-1].endswith("real digits against each other: 0.08 (yesterday, a machine; one training a row).")


def test_of_several_seeds_the_mean_is_shown() -> None:
    found = {"a": entry(200, 1.0, 0, 4.0), "b": entry(200, 1.0, 1, 5.0)}
    text = privacy.text(found)
    assert "| 200 | 1,500 | 1 | 3.21 | 4.5 | 0.5 |" in text
    assert text.endswith("the means of 2 seeds).")
