"""Experiment trackers, which show many runs beside each other: what a run folder records, told to one of them."""

from ganatomy.training.trackers import mlflow, tensorboard, trackio, wandb  # registers ours
from ganatomy.training.trackers.tracker import TRACKERS, TrackedRun, Tracker, check, register_tracker

__all__ = [
    "TRACKERS",
    "TrackedRun",
    "Tracker",
    "check",
    "mlflow",
    "register_tracker",
    "tensorboard",
    "trackio",
    "wandb",
]
