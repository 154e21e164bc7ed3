"""Weights & Biases."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from ganatomy.errors import UserError
from ganatomy.training.trackers.tracker import PROJECT, TrackedRun, register_tracker


@register_tracker("wandb", package="wandb", extra="wandb")
class WeightsAndBiases:
    """Weights & Biases: offline, unless $WANDB_MODE is online."""

    def __init__(self, run: TrackedRun) -> None:
        """Raises UserError where it is to be online and nobody has logged in: it would ask while training."""
        import wandb

        mode: Any = os.environ.get("WANDB_MODE", "offline")  # a wrong word is for wandb to refuse
        if mode == "online" and not wandb.login(prompt=False):
            raise UserError("nobody has logged in: wandb login")
        self.key = run.key or uuid4().hex[:8]
        self.wandb, self.run = (
            wandb,
            wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                id=self.key,
                name=run.name,
                config=dict(run.parameters),
                resume="allow",
                mode=mode,
                settings=wandb.Settings(console="off", silent=True, x_disable_stats=True, disable_git=True),
            ),
        )
        self.run.config.update(dict(run.parameters), allow_val_change=True)
        # Weights & Biases drops a step that is not later than the last one, as those of a resumed run may be.
        self.run.define_metric("*", step_metric="step")
        folder = Path(self.run.dir).parent
        self.place = self.run.url if mode == "online" else f"{folder}; `wandb sync {folder}` sends it"

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Each under its name, beside the step."""
        self.run.log({"step": step, **values})

    def picture(self, step: int, file: Path) -> None:
        """As `samples`."""
        self.run.log({"step": step, "samples": self.wandb.Image(str(file))})

    def note(self, step: int, title: str, text: str, alarm: bool) -> None:
        """As the run's summary and, if something is wrong, an alert."""
        self.run.summary["note"] = f"step {step}: {title}. {text}"
        if alarm:
            self.run.alert(title, text or title, level="WARN")

    def close(self, whole: bool) -> None:
        """Finish the run."""
        self.run.finish(exit_code=0 if whole else 1)
