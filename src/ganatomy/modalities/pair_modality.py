"""Pairs of images as a modality: one is given, the other is drawn of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from ganatomy.modalities.image_modality import SIDE
from ganatomy.modalities.images import Pixels, enlarge, grid, save_png, to_uint8
from ganatomy.modalities.modality import Modality
from ganatomy.networks.pair_shape import PairShape

PREVIEWED = 8  # pairs


@dataclass(frozen=True)
class PairModality(Modality):
    """Pairs of images: targets uint8 [N, H, W, C] are stored, networks see float [B, C, H, W] in [−1, 1].

    given, targets  the pairs of the preview, uint8 [n, h, w, C] and [n, H, W, C]
    paired          each target is that of the given image above it
    """

    given: Pixels
    targets: Pixels
    paired: bool = True

    @property
    def shape(self) -> PairShape:
        """Channels, height and width of a target, and by how much what is given is smaller."""
        _, height, width, channels = self.targets.shape
        return PairShape(channels, height, width, height // self.given.shape[1])

    @property
    def previewed(self) -> int:
        """As many pairs as there are in the preview."""
        return len(self.targets)

    def stored(self, outputs: Tensor) -> Pixels:
        """Float [N, C, H, W] in [−1, 1] → uint8 [N, H, W, C]."""
        return to_uint8(outputs)

    def preview(self, path: Path, stored: Pixels) -> None:
        """Write rows: the given images, those drawn of them, uint8 [n, H, W, C], and the targets, if there are any."""
        save_rows(path, [self.given, stored, *([self.targets] if self.paired else [])])

    def preview_real(self, path: Path, stored: Pixels) -> None:
        """Write two rows, given images and targets: of the preview's pairs, whatever is stored, [N, H, W, C]."""
        save_rows(path, [self.given, self.targets])


def save_rows(path: Path, rows: list[Pixels]) -> None:
    """Write rows of as many images, uint8 [n, h, w, C] each, below each other; small ones as large as the last."""
    height = rows[-1].shape[1]
    same = [enlarge(row, height) for row in rows]
    sheet = grid(np.concatenate(same), columns=len(same[0]))
    save_png(path, enlarge(sheet, SIDE))
