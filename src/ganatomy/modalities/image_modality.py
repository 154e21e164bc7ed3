"""Images as a modality."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ganatomy.modalities.images import Pixels, enlarge, grid, save_png, to_uint8
from ganatomy.modalities.modality import Modality

PREVIEWED = 64  # images
SIDE = 480  # pixels of a preview's height, at least


@dataclass(frozen=True)
class ImageModality(Modality):
    """Images of one shape: uint8 [N, H, W, C] are stored, networks see float [B, C, H, W] in [−1, 1]."""

    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    @property
    def previewed(self) -> int:
        """As many as a square grid of eight a side shows."""
        return PREVIEWED

    def stored(self, outputs: Tensor) -> Pixels:
        """Float [N, C, H, W] in [−1, 1] → uint8 [N, H, W, C]."""
        return to_uint8(outputs)

    def preview(self, path: Path, stored: Pixels) -> None:
        """Write images uint8 [N, H, W, C] as a grid."""
        save_preview(path, stored)


def save_preview(path: Path, pixels: Pixels) -> None:
    """Write images uint8 [N, H, W, C] as a grid that is large enough for people."""
    save_png(path, enlarge(grid(pixels), SIDE))
