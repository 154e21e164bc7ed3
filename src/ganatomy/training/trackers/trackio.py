"""Trackio."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from ganatomy.training.trackers.tracker import PROJECT, TrackedRun, register_tracker


@register_tracker("trackio", package="trackio", extra="trackio")
class Trackio:
    """Trackio: an SQLite file on this machine, or $TRACKIO_SPACE_ID."""

    def __init__(self, run: TrackedRun) -> None:
        import trackio

        # Trackio resumes a run by its name, which another folder's run may have.
        self.key = run.key or f"{run.name}-{uuid4().hex[:8]}"
        project = os.environ.get("TRACKIO_PROJECT", PROJECT)
        self.trackio, self.run = (
            trackio,
            trackio.init(
                project, name=self.key, config=dict(run.parameters), resume="allow", embed=False, auto_log_gpu=False
            ),
        )
        self.place = f"run {self.key}; `trackio show --project {project}` shows it"

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Each under its name."""
        self.run.log(dict(values), step=step)

    def picture(self, step: int, file: Path) -> None:
        """As `samples`."""
        self.run.log({"samples": self.trackio.Image(str(file))}, step=step)

    def note(self, step: int, title: str, text: str, alarm: bool) -> None:
        """As an alert."""
        level = self.trackio.AlertLevel.WARN if alarm else self.trackio.AlertLevel.INFO
        self.run.alert(title, text or None, level=level, step=step)

    def close(self, whole: bool) -> None:
        """Finish the run."""
        self.run.finish()
