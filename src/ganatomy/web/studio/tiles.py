"""The tiles of a snapshot, and the real image nearest to one. No torch: pictures and the prepared set, as they lie."""

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
from ganatomy.data.store import Images, kept
from ganatomy.errors import UserError
from ganatomy.system.files import cache_folder

GAP, LEAST = 2, 480  # as `images.grid` and the snapshots have them
TOGETHER = 4096  # real images compared at a time
NEAREST = 5


@dataclass(frozen=True)
class TileLayout:
    """Where the tiles are in a snapshot, in its pixels: tile t is seed t, row by row.

    pitch is from tile to tile, first where the first one begins, times how often each pixel is repeated.
    """

    count: int
    columns: int
    height: int
    width: int
    times: int

    @property
    def words(self) -> dict[str, Any]:
        """For a page."""
        return {**asdict(self), "gap": GAP * self.times}

    def cut(self, picture: NDArray[np.uint8], tile: int) -> NDArray[np.uint8]:
        """The tile as it was generated: [H, W, C] of a snapshot [h, w, C]."""
        row, column = divmod(tile, self.columns)
        sheet = picture[:: self.times, :: self.times]
        top, left = GAP + row * (self.height + GAP), GAP + column * (self.width + GAP)
        return sheet[top : top + self.height, left : left + self.width]


def tiling(snapshot: Path, config: Config, count: int = 64) -> TileLayout | None:
    """The tiles of a snapshot; None where it is not a grid of that run's images."""
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
    """A picture as [h, w, C]."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert(mode)).reshape(picture.height, picture.width, channels)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path.name} is not a picture that can be read ({error}).") from None


def real_images(info: Mapping[str, Any], config: Config) -> Images:
    """The images that a run was trained on, from the cache: found by their fingerprint, never by a path.

    So a run's folder cannot name what is to be read. UserError if the cache does not hold them any more.
    """
    data = info.get("data")
    wanted = data.get("fingerprint") if isinstance(data, dict) else None
    for entry in sorted((cache_folder() / "data").glob("*/manifest.json")):
        found = kept(entry.parent, config.data.path)
        if found and config.data.first:
            found = found.first(config.data.first)
        if found and found.fingerprint == wanted:
            return found
    raise UserError("The real images are not in the cache any more; any command that reads them brings them back.")


def nearest(real: NDArray[np.uint8], image: NDArray[np.uint8], count: int = NEAREST) -> list[tuple[int, float]]:
    """(index, root mean square difference in grey levels) of the real images [N, H, W, C] nearest to [H, W, C]."""
    wanted = image.astype(np.float32).ravel()
    squares = np.concatenate(
        [
            np.square(part.reshape(len(part), -1).astype(np.float32) - wanted).mean(1)
            for part in np.array_split(real, ceil(len(real) / TOGETHER))
        ]
    )
    order = np.argsort(squares, kind="stable")[:count]
    return [(int(i), float(np.sqrt(squares[i]))) for i in order]


def png(image: NDArray[np.uint8]) -> bytes:
    """One image [H, W, C]."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()
