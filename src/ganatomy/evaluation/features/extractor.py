"""What an extractor is, and how it reads a whole stream of images. No torch here."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import UserError

Pixels = NDArray[np.uint8]  # [N, H, W, C]
Size = tuple[int, ...]  # height, width
BATCH = 64
CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Extracted:
    """Features [N, D], and class probabilities [N, K] where the extractor is a classifier; float32 both."""

    features: NDArray[np.float32]
    probabilities: NDArray[np.float32] | None = None


class Extractor(Protocol):
    """A function of uint8 pixels [B, H, W, C], C 1 (grey), 3 or 4.

    It raises UserError for images that it cannot read.

    name      ends the names of its scores: fd_lenet, …
    protocol  all that decides its numbers, such as the SHA-256 of the weights; JSON values
    classes   the number of classes in its probabilities; None if it has none
    official  whether its weights are the ones that the names FID, KID and IS are kept for
    """

    name: str
    protocol: dict[str, Any]
    classes: int | None
    official: bool

    def __call__(self, pixels: Pixels, /) -> Extracted:
        """Features [B, D] of pixels [B, H, W, C], in new memory: that of the pixels is used again."""
        ...


@dataclass
class FunctionExtractor:
    """An extractor made from a function of uint8 pixels [B, H, W, C] → features [B, D]."""

    name: str
    function: Callable[[Pixels], NDArray[Any]]
    protocol: dict[str, Any] = field(default_factory=dict)
    classes: int | None = None
    official: bool = False

    def __call__(self, pixels: Pixels, /) -> Extracted:
        """Features [B, D] of pixels [B, H, W, C]. Raises UserError for anything else than such pixels."""
        check(pixels, self.name)
        return Extracted(np.asarray(self.function(pixels)))


def extract(extractor: Extractor, batches: Iterable[Pixels], count: int | None = None) -> Extracted:
    """Features [N, D] and probabilities [N, K] of a stream of pixels, each batch [any number, H, W, C].

    count: N, the first images of a stream that may be endless; None takes all. With a count, the result is the only
    large array that is made.

    The extractor gets batches of 64 however the stream is cut, so the cut does not change a bit of the result. Raises
    UserError when there are no images, fewer than `count`, or images of different shapes, and where the extractor
    does not return one row of features an image.
    """
    if count is not None and count < 1:
        raise UserError(f"Features of {count} images cannot be extracted: at least 1 is needed.")
    parts: Iterable[Extracted] = (_read(extractor, batch) for batch in _recut(batches, extractor.name, count))
    if count is None:
        parts = list(parts)
        count = sum(len(part.features) for part in parts)
    whole, done = None, 0
    for part in parts:
        whole = whole or _empty(count, part)
        rows = slice(done, done := done + len(part.features))
        whole.features[rows] = part.features
        if whole.probabilities is not None:
            whole.probabilities[rows] = part.probabilities
    if whole is None:
        raise UserError(f"{extractor.name}: there are no images to read.")
    if done < count:
        raise UserError(f"{extractor.name}: {count:,} images are needed, but there are only {done:,}.")
    return whole


def _read(extractor: Extractor, batch: Pixels) -> Extracted:
    """Features of a batch. Raises UserError where an extractor does not return one row an image."""
    found = extractor(batch)
    shapes = {"features": found.features.shape}
    if extractor.classes is not None:
        shapes["probabilities"] = () if found.probabilities is None else found.probabilities.shape
    for name, shape in shapes.items():
        if len(shape) != 2 or shape[0] != len(batch):
            raise UserError(
                f"The feature extractor {extractor.name} returned {name} of shape {list(shape)} for {len(batch)} "
                f"images; it must return one row an image."
            )
    return found


def check(pixels: Pixels, name: str, channels: Sequence[int] = CHANNELS, sizes: Sequence[Size] = ()) -> None:
    """Raise UserError unless the pixels are uint8 [N, H, W, C] of one of these numbers of channels and sizes.

    No sizes: any size.
    """
    if pixels.dtype != np.uint8:
        raise UserError(
            f"{name} reads uint8 pixels from 0 to 255, not {pixels.dtype}; "
            "ganatomy.modalities.images.to_uint8 makes them from images in [−1, 1]."
        )
    if pixels.ndim != 4:
        raise UserError(f"{name} reads pixels [N, H, W, C], not an array of shape {list(pixels.shape)}.")
    if pixels.shape[3] not in channels or 0 in pixels.shape[1:3]:
        allowed = " or ".join(map(str, channels))
        raise UserError(f"{name} reads images of {allowed} channels; these are {_by(pixels.shape[1:])}.")
    if sizes and pixels.shape[1:3] not in sizes:
        allowed = " or ".join(map(_by, sizes))
        raise UserError(f"{name} reads images of {allowed} pixels; these are {_by(pixels.shape[1:3])}.")


def _recut(batches: Iterable[Pixels], name: str, count: int | None) -> Iterator[Pixels]:
    """The first `count` images in batches of BATCH, the last one smaller; all in the same memory."""
    buffer, filled, left = np.empty((0, 0, 0, 0), np.uint8), 0, count
    for batch in batches:
        check(batch, name)
        if not buffer.size:
            buffer = np.empty((BATCH, *batch.shape[1:]), np.uint8)
        if batch.shape[1:] != buffer.shape[1:]:
            first, other = _by(buffer.shape[1:]), _by(batch.shape[1:])
            raise UserError(f"{name}: images of different shapes cannot be mixed: {first} and {other}.")
        batch = batch[:left]
        left = None if left is None else left - len(batch)
        while len(batch):
            taken = batch[: BATCH - filled]
            buffer[filled : filled + len(taken)] = taken
            batch, filled = batch[len(taken) :], filled + len(taken)
            if filled == BATCH:
                yield buffer
                filled = 0
        if left == 0:
            break
    if filled:
        yield buffer[:filled]


def _empty(count: int, part: Extracted) -> Extracted:
    rows = [
        None if array is None else np.empty((count, array.shape[1]), np.float32)
        for array in (part.features, part.probabilities)
    ]
    assert rows[0] is not None
    return Extracted(rows[0], rows[1])


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
