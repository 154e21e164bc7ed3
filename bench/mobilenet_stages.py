"""Which stage of MobileNetV2, at which size of its input, tells faulty images from real ones.

    python -m bench.mobilenet_stages CIFAR10.zip --side 96

Prints, for each stage, the Fréchet distance between two halves of real images (its floor), and by how much faults of
growing severity exceed what equally many faultless images score. DATA: 30,000 or more labelled images of ten classes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.cluster import KMeans

from ganatomy import data as datasets
from ganatomy.evaluation import features
from ganatomy.evaluation.features import Extractor, extract, mobilenetv2
from ganatomy.evaluation.features.network import normalised
from ganatomy.evaluation.metrics.frechet import frechet_distance
from ganatomy.experiments.score_exam import FAULTS, Fault, Pixels, Pool, divided, perfect
from ganatomy.runs.scorecard import number
from ganatomy.system.terminal import show

BATCH = 50
HALVES = (1_000, 2_500, 5_000)
Stages = dict[str, NDArray[np.float32]]  # channels of the stage → features [N, channels]; beside them the classifier's


def compressed(pool: Pool, n: int, quality: float) -> Pixels:
    """Fresh images out of JPEG files of this quality."""
    return np.stack([_decoded(pixels, int(quality)) for pixels in perfect(pool, n)])


def _decoded(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def blended(pool: Pool, n: int, share: float) -> Pixels:
    """Fresh images, each with a share of the one before it."""
    pixels = perfect(pool, n).astype(float)
    return ((1 - share) * pixels + share * np.roll(pixels, 1, 0)).round().astype(np.uint8)


def warped(pool: Pool, n: int, shift: float) -> Pixels:
    """Fresh images whose pixels are moved smoothly, by a standard deviation of `shift` pixels."""
    pixels, random = perfect(pool, n), np.random.default_rng(0)
    size, made = pixels.shape[1:3], np.empty_like(pixels)
    places = np.indices(size).astype(float)
    for image, out in zip(pixels, made, strict=True):
        field = ndimage.gaussian_filter(random.standard_normal((2, *size)), (0, 4, 4))
        moved = places + field * shift / field.std()
        for channel in range(pixels.shape[3]):
            out[..., channel] = ndimage.map_coordinates(image[..., channel], moved, order=1, mode="reflect")
    return made


def scrambled(pool: Pool, n: int, tiles: float) -> Pixels:
    """Fresh images of tiles × tiles squares, each square taken from a random place of the same grid."""
    pixels, random, count = perfect(pool, n), np.random.default_rng(0), int(tiles)
    side, made = pixels.shape[1] // count, np.empty_like(pixels)
    for to in np.ndindex(count, count):
        y, x = random.integers(0, count, 2) * side
        made[:, to[0] * side : (to[0] + 1) * side, to[1] * side : (to[1] + 1) * side] = pixels[
            :, y : y + side, x : x + side
        ]
    return made


def averaged(pool: Pool, n: int, members: float) -> Pixels:
    """Means of some `members` training images each, by k-means of 2,500, as often as images belong to them."""
    rows = pool.train.pixels[:2500].reshape(2500, -1).astype(np.float32)
    found = KMeans(int(2500 / members), init="random", n_init=1, max_iter=8, random_state=0).fit(rows)
    chosen = np.random.default_rng(0).choice(found.labels_, n)
    return found.cluster_centers_[chosen].round().astype(np.uint8).reshape(n, *pool.train.pixels.shape[1:])


SHOWN: dict[str, Fault] = {
    "drop": Fault(FAULTS["drop"].about, FAULTS["drop"].make, (1, 3, 5, 9)),
    "blur": Fault(FAULTS["blur"].about, FAULTS["blur"].make, (0.5, 1, 2)),
    "noise": Fault(FAULTS["noise"].about, FAULTS["noise"].make, (8, 32)),
    "jpeg": Fault("JPEG, quality", compressed, (50, 15, 5)),
    "blend": Fault("share of another image", blended, (0.2, 0.5)),
    "warp": Fault("warp, pixels", warped, (1, 2, 4)),
    "tiles": Fault("squares a side, shuffled", scrambled, (2, 4)),
    "means": Fault("images to a k-means centroid", averaged, (5, 125)),
}


@dataclass(frozen=True)
class Reader:
    """Every stage of a network, of images resized to side × side; and an extractor to compare with."""

    network: mobilenetv2.MobileNetV2
    other: Extractor
    side: int

    def __call__(self, pixels: Pixels) -> Stages:
        """Means of the maps behind every stage, and the other extractor's features, of pixels [N, H, W, C]."""
        parts = [self._stages(pixels[start : start + BATCH].copy()) for start in range(0, len(pixels), BATCH)]
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return {**found, self.other.name: extract(self.other, [pixels]).features}

    def _stages(self, pixels: Pixels) -> Stages:
        maps = mobilenetv2.resized(normalised(torch.from_numpy(pixels)), self.side)
        found: Stages = {}
        for layer in self.network.features:
            stage, maps = isinstance(layer, mobilenetv2.InvertedResidual), layer(maps)
            if stage or maps.shape[1] == mobilenetv2.LAST:
                found[str(maps.shape[1])] = maps.mean((2, 3)).numpy()  # of a stage's layers the last remains
        return found


def rows(pool: Pool, read: Reader, n: int) -> Iterator[tuple[str, list[Any]]]:
    """The rows of the table: floors, then each fault at each severity, by stage."""
    real = read(pool.train.pixels[: 2 * HALVES[-1]])
    yield "channels", list(real)
    for half in HALVES:
        floors = [frechet_distance(x[:half], x[half : 2 * half]) for x in real.values()]
        yield f"{half:,} real images beside {half:,}", floors
    yield "the trace of the covariance", [float(x.var(0, ddof=1).sum()) for x in real.values()]

    def scores(pixels: Pixels) -> list[float]:
        return [frechet_distance(real[name][: HALVES[-1]], x) for name, x in read(pixels).items()]

    usual = scores(perfect(pool, n))
    yield f"{n:,} other real images beside {HALVES[-1]:,}", usual
    for name, fault in SHOWN.items():
        for severity in fault.severities:
            found = scores(fault.make(pool, n, severity))
            yield f"{name} {severity:g}, times that", [one / other for one, other in zip(found, usual, strict=True)]


@torch.no_grad()
def main(data: str, side: int = 96, n: int = 1_000) -> None:
    """Print the table."""
    images = datasets.prepare(data)
    network = mobilenetv2.with_weights(mobilenetv2.official())
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    read = Reader(network, features.make("classifier", labelled=images), side)
    for name, values in rows(divided(images, n), read, n):
        cells = (value if isinstance(value, str) else number(value) for value in values)
        show(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    typer.run(main)
