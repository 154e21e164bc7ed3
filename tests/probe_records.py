"""Probe records of trainings that never took place."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ganatomy.config.recipes import recipe
from ganatomy.diagnosis import Monitor, TrainingContext
from ganatomy.runs.run import Run

HEALTHY: dict[str, float] = {
    "spread": 0.9,
    "spread_floor": 0.93,
    "twins": 0.95,
    "twins_floor": 0.9,
    "kinds": 10.0,
    "kinds_real": 10.0,
    "kinds_floor": 9.0,
    "distance": 0.05,
    "distance_floor": 0.01,
    "low": -1.0,
    "high": 1.0,
    "low_real": -1.0,
    "high_real": 1.0,
    "saturated": 0.1,
    "saturated_real": 0.1,
    "checkerboard": 2.0,
    "grid": 0.02,
    "movement": 0.25,
    "sway": 0.1,
    "turn": -0.3,
    "place_1": 0.0,
    "place_2": 0.0,
    "place_3": 0.0,
    "copies": 1.2,
    "gap": 0.05,
    "latent": 0.9,
    "batch_spread": 0.9,
    "real_variety": 1.0,
    "average_distance": 0.06,
    "average_distance_floor": 0.03,
    "range_lost": 0.01,
    "held_out_distance": 0.005,
    "held_out_distance_floor": 0.01,
    "class_accuracy": 0.8,
    "class_accuracy_real": 0.85,
    "class_accuracy_chance": 0.1,
    "auc": 0.75,
    "auc_memory": 0.52,
    "auc_mixed": 0.7,
    "score_size": 1.0,
    "sign": 0.5,
    "response": 0.6,
    "pull": 1.0,
    "push": 1.0,
    "coherence": 0.4,
    "slope": 1.0,
    "at_clip": 0.1,
}
EVERY = 20


def record(step: int, losses: dict[str, float] | None = None, **changes: Any) -> dict[str, Any]:
    """A healthy probe's record, except for changed signals: numbers, or functions of the step."""
    signals = {**HEALTHY, **{name: value(step) if callable(value) else value for name, value in changes.items()}}
    return {"step": step, "images": 64.0 * step, **(losses or {}), **{f"signals/{k}": v for k, v in signals.items()}}


def records(count: int, losses: dict[str, float] | None = None, **changes: Any) -> list[dict[str, Any]]:
    """Records of `count` probes, one every 20 steps."""
    return [record(EVERY * number, losses, **changes) for number in range(1, count + 1)]


def monitored(
    count: int, context: TrainingContext | None = None, losses: dict[str, float] | None = None, **changes: Any
) -> Monitor:
    """A monitor that has observed `count` probes, one every 20 steps."""
    monitor = Monitor(context or TrainingContext.of_objective("non_saturating"))
    for each in records(count, losses, **changes):
        monitor.observe(each)
    return monitor


def recorded(folder: Path, probes: Iterable[dict[str, Any]], name: str = "run", **info: Any) -> Run:
    """A run of the recipe `dcgan` with these records; info: what run.json says besides."""
    run = Run.create(name, recipe("dcgan"), folder)
    run.update(status="finished", **info)
    for each in probes:
        run.append(each)
    return run
