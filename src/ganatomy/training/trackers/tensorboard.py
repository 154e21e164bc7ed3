"""TensorBoard: events in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ganatomy.modalities.alpha import on_white
from ganatomy.training.trackers.tracker import TrackedRun, register_tracker


@register_tracker("tensorboard", package="torch.utils.tensorboard", extra="tensorboard")
class TensorBoard:
    """Events in RUN/tensorboard, for `tensorboard --logdir runs`."""

    def __init__(self, run: TrackedRun) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = run.folder / "tensorboard"
        self.key, self.place = "tensorboard", f"{folder}; `tensorboard --logdir {folder.parents[1]}` shows it"
        # From here on TensorBoard forgets later steps of earlier files.
        self.writer = SummaryWriter(str(folder), purge_step=run.step + 1)
        if run.key is None:
            table = [f"| {name} | {value} |" for name, value in run.parameters.items()]
            self.writer.add_text("options", "\n".join(["| option | value |", "|---|---|", *table]), 0)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Each under its name."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def picture(self, step: int, file: Path) -> None:
        """As `samples`."""
        import numpy as np
        from PIL import Image

        with Image.open(file) as image:
            pixels = on_white(np.asarray(image.convert("RGBA")))  # TensorBoard shows no transparency
            self.writer.add_image("samples", pixels, step, dataformats="HWC")

    def note(self, step: int, title: str, text: str, alarm: bool) -> None:
        """As text, `notes`."""
        self.writer.add_text("notes", f"**{title}** {text}", step)

    def close(self, whole: bool) -> None:
        """Close the file of events."""
        self.writer.close()
