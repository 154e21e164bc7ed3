"""What a kind of sample must offer, so that one loop, one run folder and every verb work for it.

A sample has two forms: stored, as an array of all samples, [N, …], on disk and in scores; and the floats [B, …] that
networks see. A run folder's previews are pictures, whatever the samples are.
"""

from abc import abstractmethod
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray
from torch import Tensor


class Modality(Protocol):
    """What a sample is: how networks see it, and how it is stored and shown."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of one sample as networks see it, without the batch axis."""

    @property
    @abstractmethod
    def previewed(self) -> int:
        """How many samples a preview shows."""

    @abstractmethod
    def stored(self, outputs: Tensor) -> NDArray[Any]:
        """Floats [N, …], of a generator, as samples are stored, [N, …]: the one way from one form to the other."""

    @abstractmethod
    def preview(self, path: Path, stored: NDArray[Any]) -> None:
        """Write a picture of generated samples, as they are stored, [N, …], as a PNG file."""

    def write(self, folder: Path) -> None:
        """Write into a run's folder what the same modality needs beside the configuration: often nothing."""
        return

    def preview_real(self, path: Path, stored: NDArray[Any]) -> None:
        """Write a picture of real samples [N, …] as a PNG file."""
        self.preview(path, stored)
