"""The tiles of a snapshot, and the real images nearest to one. No torch: PNG files and the prepared data set."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganatomy.config.options import Config
from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.modalities.alpha import on_white
from ganatomy.runs.images import cached

GAP, LEAST = 2, 480  # as in `modalities.images.grid` and `training.callbacks.snapshots`
CHUNK = 4096  # real images compared at a time
NEAREST = 5


@dataclass(frozen=True)
class TileLayout:
    """Where the tiles are in a snapshot: tile t is seed t, row by row.

    count, columns   number of tiles, and of tiles in a row
    height, width    of a tile, in pixels of the generated image
    times            how often each of these pixels is repeated along each axis
    """

    count: int
    columns: int
    height: int
    width: int
    times: int

    def to_json(self) -> dict[str, int]:
        """The layout, with the gap between tiles in pixels of the snapshot."""
        return {**asdict(self), "gap": GAP * self.times}

    def cut(self, picture: NDArray[np.uint8], tile: int) -> NDArray[np.uint8]:
        """The tile as it was generated, uint8 [H, W, C], of a snapshot [h, w, C]."""
        row, column = divmod(tile, self.columns)
        sheet = picture[:: self.times, :: self.times]
        top, left = GAP + row * (self.height + GAP), GAP + column * (self.width + GAP)
        return sheet[top : top + self.height, left : left + self.width]


def tile_layout(snapshot: Path, config: Config, count: int = 64) -> TileLayout | None:
    """The layout of a snapshot's tiles; None where it is not a grid of that run's images."""
    if config.data.size is None:
        return None
    (height, width), columns = config.data.size, ceil(sqrt(count))
    rows = ceil(count / columns)
    sheet = rows * (height + GAP) + GAP, columns * (width + GAP) + GAP
    times = ceil(LEAST / sheet[0])
    try:
        with Image.open(snapshot) as picture:
            found = picture.size
    except (OSError, ValueError):
        return None
    good = found == (times * sheet[1], times * sheet[0])
    return TileLayout(count, columns, height, width, times) if good else None


def pixels(path: Path, channels: int) -> NDArray[np.uint8]:
    """An image file as uint8 [h, w, C]. Raises UserError where it cannot be read."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert(mode)).reshape(picture.height, picture.width, channels)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path.name} is not an image that can be read ({error}).") from None


def real_images(info: Mapping[str, Any], config: Config) -> Images:
    """The images that a run was trained on, from the cache: found by their fingerprint, never by a path.

    So a run's folder cannot choose what is read. Raises UserError if they are no longer in the cache.
    """
    data = info.get("data")
    found = cached(data, config.data) if isinstance(data, dict) else None
    if found is not None:
        return found[1]
    raise UserError("The real images are no longer in the cache; any command that reads them puts them back.")


def nearest(real: NDArray[np.uint8], image: NDArray[np.uint8], count: int = NEAREST) -> list[tuple[int, float]]:
    """The real images [N, H, W, C] nearest to one [H, W, C]: (index, root mean square difference in grey levels).

    Transparent ones are compared on white.
    """
    wanted = on_white(image).astype(np.float32).ravel()
    squares = np.concatenate(
        [
            np.square(on_white(part).reshape(len(part), -1).astype(np.float32) - wanted).mean(1)
            for part in np.array_split(real, ceil(len(real) / CHUNK))
        ]
    )
    order = np.argsort(squares, kind="stable")[:count]
    return [(int(i), float(np.sqrt(squares[i]))) for i in order]


def png(image: NDArray[np.uint8]) -> bytes:
    """One image uint8 [H, W, C] as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()
