"""Generators of other samples than images, by what they draw."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ganatomy.errors import UserError
from ganatomy.generators import pretrained, weights
from ganatomy.generators.rows import RowSampler
from ganatomy.generators.seed_blocks import BlockSampler
from ganatomy.generators.sounds import SoundSampler
from ganatomy.runs.run import RUNS, Run

KINDS: dict[str, type[BlockSampler]] = {each.MODALITY: each for each in (RowSampler, SoundSampler)}


class FoundGenerator(NamedTuple):
    """A run or an exported folder, and what draws of it."""

    kind: type[BlockSampler]
    origin: Run | Path

    def __str__(self) -> str:
        return str(self.origin.path if isinstance(self.origin, Run) else self.origin)

    def load(
        self, step: int | None = None, raw: bool = False, truncation: float | None = None, device: str = "cpu"
    ) -> Any:
        """Its generator, a `BlockSampler`; the arguments are those of `generators.api.load`, and so are the errors.

        Raises UserError for a step of an exported generator.
        """
        if isinstance(self.origin, Run):
            return self.kind.of_run(self.origin, step, raw, truncation, device)
        pretrained.check_one(self.origin, step, raw)
        return self.kind.of_folder(self.origin, truncation, device)


def find(place: str | Path | Run, runs: Path = RUNS) -> FoundGenerator | None:
    """What is meant; None where it draws images, or is no run.

    Raises UserError for an exported folder whose config.json is damaged.
    """
    if not isinstance(place, Run):
        if Path(place).suffix == ".onnx":  # there are no graphs of other samples, and others say whether it is there
            return None
        if folder := pretrained.find(place):
            kind = KINDS.get(weights.modality(folder))
            return FoundGenerator(kind, folder) if kind else None
    with suppress(UserError):
        run = place if isinstance(place, Run) else Run.find(place, runs)
        kind = KINDS.get(run.config().modality)
        return FoundGenerator(kind, run) if kind else None
    return None
