"""Short sounds, and trainings on them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganatomy.modalities.sounds import files
from ganatomy.runs.run import Run
from tiny import quick

RATE = 8000


def sine(frequency: float, samples: int = 4000, rate: int = RATE, amplitude: float = 0.5) -> NDArray[np.float64]:
    """[samples]."""
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency * np.arange(samples) / rate))


def sines(*frequencies: float, samples: int = 4000, rate: int = RATE) -> files.Waves:
    """int16 [N, samples]."""
    return files.quantised(np.stack([sine(frequency, samples, rate) for frequency in frequencies]))


def folder_of(root: Path, classes: int = 2, each: int = 15, samples: int = 800) -> Path:
    """WAV files of sines, in a folder for each class."""
    for i in range(classes):
        for j in range(each):
            files.write(root / "ab"[i] / f"{j}.wav", sines(200 * (i + 1) + 5 * j, samples=samples)[0], RATE)
    return root


def sounding(runs: Path, name: str = "run", recipe: str = "wavegan", **changes: Any) -> Run:
    """Train a tiny generator on notes of a tenth of a second."""
    return quick("notes", runs, name, recipe, **{"data__seconds": 0.1, **changes})
