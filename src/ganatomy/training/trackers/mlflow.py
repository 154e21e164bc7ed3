"""MLflow."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from ganatomy.training.trackers.tracker import PROJECT, TrackedRun, register_tracker

PARAMETERS, METRICS = 100, 1000  # of one request, at most
LONGEST = 500  # characters of a parameter, in all versions


@register_tracker("mlflow", package="mlflow", extra="mlflow")
class MLflow:
    """MLflow: $MLFLOW_TRACKING_URI, or where MLflow keeps runs on this machine."""

    def __init__(self, run: TrackedRun) -> None:
        from mlflow import entities
        from mlflow.tracking import MlflowClient

        self.entities, self.client = entities, MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        found = self.client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else self.client.create_experiment(name)
        if run.key is None:
            self.key = self.client.create_run(experiment, run_name=run.name).info.run_id
            parameters = [entities.Param(name, str(value)[:LONGEST]) for name, value in run.parameters.items()]
            for first in range(0, len(parameters), PARAMETERS):  # which MLflow lets nobody change
                self.client.log_batch(self.key, params=parameters[first : first + PARAMETERS])
        else:
            self.key = run.key
            self.client.update_run(self.key, status="RUNNING")
        self.place = f"{self.client.tracking_uri}, experiment {name}"

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Each under its name."""
        now = int(time.time() * 1000)
        metrics = [self.entities.Metric(name, value, now, step) for name, value in values.items()]
        for first in range(0, len(metrics), METRICS):
            self.client.log_batch(self.key, metrics=metrics[first : first + METRICS])

    def picture(self, step: int, file: Path) -> None:
        """As `samples`."""
        from PIL import Image

        with Image.open(file) as image:
            self.client.log_image(self.key, image, key="samples", step=step)

    def note(self, step: int, title: str, text: str, alarm: bool) -> None:
        """As the tag `note` and a file."""
        self.client.set_tag(self.key, "note", f"step {step}: {title}")
        name = re.sub(r"\W+", "-", title)[:60].strip("-")
        self.client.log_text(self.key, f"{title}\n\n{text}\n", f"notes/step-{step:08d}-{name}.txt")

    def close(self, whole: bool) -> None:
        """End the run."""
        self.client.set_terminated(self.key, "FINISHED" if whole else "FAILED")
