"""What is in a folder of sounds: `ganatomy data inspect`."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ganatomy.config.options import DataOptions
from ganatomy.data.sounds import prepare_sounds


@dataclass(frozen=True)
class SoundInspection:
    """Sounds as a training reads them.

    sounds, unseen   how many are trained on, and how many in a folder `test` beside `train` are not
    silent, repeated how many of the former are silent, and how many are the same as an earlier one
    rate, seconds    of a sound, as `data.rate` and `data.seconds` have them
    classes          how many sounds each class has; none without folders
    notes            sentences on what is done to them, and what is left out
    """

    source: str
    sounds: int
    unseen: int
    silent: int
    repeated: int
    rate: int
    seconds: float
    classes: dict[str, int]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        counted = ", ".join(f"{name} {count:,}" for name, count in self.classes.items())
        beside = f" and {self.unseen:,} that are not trained on" if self.unseen else ""
        lines = [
            self.source,
            f"{self.sounds:,} sounds{beside}, read as {self.seconds:g} s at {self.rate:,} Hz",
            f"classes: {counted or 'none; put the sounds of each into a folder of its own'}",
            *([f"{self.silent:,} are silent"] if self.silent else []),
            *([f"{self.repeated:,} are the same as an earlier one"] if self.repeated else []),
        ]
        return "\n".join([*lines, *self.notes])

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self)


def inspect(path: str) -> SoundInspection:
    """Look at a folder of sounds, or the named set. Raises UserError where none can be read."""
    options = DataOptions(path=path)
    sounds, unseen = prepare_sounds(path, options.rate, options.seconds)
    counts = {}
    if sounds.labels is not None and sounds.classes is not None:
        numbers = np.bincount(sounds.labels, minlength=len(sounds.classes)).tolist()
        counts = dict(zip(sounds.classes, numbers, strict=True))
    return SoundInspection(
        path,
        len(sounds),
        0 if unseen is None else len(unseen),
        int((~sounds.stored.any(axis=1)).sum()),
        len(sounds) - len({wave.tobytes() for wave in sounds.stored}),
        options.rate,
        options.seconds,
        counts,
        sounds.notes,
    )
