"""Decode once, train many times: any source → a cache folder with pixels.npy, labels.npy and manifest.json.

<cache>/data/index/<stamp>   the fingerprint of files that look like this (names, sizes, times), prepared in one way
<cache>/data/<fingerprint>/  the prepared set
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np
from filelock import FileLock
from numpy.typing import ArrayLike
from PIL import Image

from ganatomy.data import memory
from ganatomy.data.decode import (
    GREY,
    MODES,
    Fit,
    Pixels,
    Raw,
    Size,
    decode,
    opened,
    quiet,
    reading,
    upright_size,
)
from ganatomy.data.items import ImageError, Items
from ganatomy.data.memory import Data
from ganatomy.data.sources import Found
from ganatomy.data.sources.prepared import FINGERPRINT, PREFIX
from ganatomy.data.store import Images, entry, kept, write
from ganatomy.errors import UserError, unknown
from ganatomy.system.files import cache_folder, cached, write_text

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1  # raise when the same source would be decoded to other pixels
SIZES = (32, 64, 128, 256)
SMALLEST, LARGEST = 16, 256
CHUNK = 16  # images a thread takes at once: fewer, and handing over costs more than decoding

Progress = Callable[[int, int], object]
Result = TypeVar("Result")


def prepare(
    data: Data,
    *,
    labels: ArrayLike | Tensor | None = None,
    classes: Sequence[str] | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    fit: Fit = "crop",
    split: str = "train",
    first: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Images:
    """Images of a folder, archive, array file or named set, or in memory: decoded, fitted and kept in the cache.

    data      a path or a name; or an array, a tensor or a Dataset, as for `from_memory`, which does not stay in memory:
              `Images.source` of the result, prepared:FINGERPRINT, is a name by which it is found in the cache
    labels    [N], of images in memory: whole numbers or names
    classes   names of the classes that labels number from 0
    size      one side or (height, width), 16 to 256 pixels; None keeps a size that all images share, else chooses
    channels  1 (grey), 3 (colour), 4 (with transparency); None: 1 if all images are grey, else 3
    fit       "crop" to the centre, "pad" with black, or "stretch"
    split     of files that have several
    first     at most so many of the images, the first ones; None: all
    progress  called with (done, total); every image counts twice, once hashed and once decoded

    A second call with unchanged files reads none of them. Raises UserError when fewer than two images can be read.
    """
    height_width = _checked(size, channels, fit)
    root = Path(cache).expanduser() if cache is not None else cache_folder()
    found = memory.find(data, split, root, labels, classes)
    images = _as_asked(found.prepared, height_width, channels)
    index = None
    if images is None and found.stamp is not None:
        index = root / "data" / "index" / _hash(found.stamp, height_width, channels, fit, FORMAT)
        images = _indexed(index, root, found.name)
    if images is None:
        images = _prepared(found, height_width, channels, fit, root, index, progress)
    return images if first is None else images.first(first)


def _as_asked(images: Images | None, size: Size | None, channels: int | None) -> Images | None:
    """A prepared set, if nothing is left to do to it."""
    if images is None or size not in (None, images.pixels.shape[1:3]) or channels not in (None, images.pixels.shape[3]):
        return None
    return images


def _indexed(index: Path, root: Path, source: str) -> Images | None:
    """The set that the index names, if the cache holds it."""
    try:
        fingerprint, values = json.loads(index.read_text(encoding="utf-8"))
        images = kept(entry(root, fingerprint), source) if FINGERPRINT.fullmatch(fingerprint) else None
    except (OSError, ValueError, TypeError):  # not there, or damaged
        return None
    return images and replace(images, values=values)


def _prepared(
    found: Found,
    size: Size | None,
    channels: int | None,
    fit: Fit,
    root: Path,
    index: Path | None,
    progress: Progress | None,
) -> Images:
    """Read the images once to know them, and again to decode them unless the cache holds them."""
    with quiet(), found.load() as items:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            if progress:
                progress(done, 2 * len(items.names))

        survey = _survey(items, tick)
        shape = *(size or suggested_size(survey.sizes)), channels or (1 if survey.grey else 3)
        fingerprint = _hash(survey.content, shape, fit, FORMAT)
        place = entry(root, fingerprint)
        source = found.name if found.stamp is not None else f"{PREFIX}{fingerprint}"
        with cached(root):
            (root / "data" / "index").mkdir(parents=True, exist_ok=True)
            with FileLock(place.with_suffix(".lock")):  # so that of several processes one decodes and the others wait
                if kept(place, source) is None:
                    write(place, found.name, items, _decoded(items, shape, fit, tick), shape, fingerprint)
            if index is not None:
                write_text(index, json.dumps([fingerprint, items.values]))
    images = kept(place, source)
    assert images
    return replace(images, values=items.values)


def suggested_size(sizes: Counter[Size]) -> Size:
    """The size all images share if it can be trained on; else the largest usual square within the median short side."""
    if len(sizes) == 1 and all(SMALLEST <= side <= LARGEST for side in next(iter(sizes))):
        return next(iter(sizes))
    short = median(min(size) for size in sizes.elements()) if sizes else 0
    side = max((side for side in SIZES if side <= short), default=SIZES[0])
    return side, side


def in_order(work: Callable[[int], Result], count: int) -> Iterator[Result]:
    """work(0), work(1), …, done by threads (Pillow lets go of the GIL), with a bounded number in memory."""
    threads = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[list[Result]]] = deque()
        for start in range(0, count, CHUNK):
            waiting.append(pool.submit(lambda chunk: [work(i) for i in chunk], range(count)[start : start + CHUNK]))
            if len(waiting) > threads + 1:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _checked(size: int | Sequence[int] | None, channels: int | None, fit: str) -> Size | None:
    if fit not in get_args(Fit):
        raise unknown("way to fit images", fit, get_args(Fit))
    if channels not in (None, *MODES):
        raise UserError(f"Images cannot have {channels} channels; choose 1 (grey), 3 (colour) or 4 (with alpha).")
    if size is None:
        return None
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2 or not all(SMALLEST <= side <= LARGEST for side in sides):
        raise UserError(f"Size {size} cannot be trained on; give a side, or height and width, of 16 to 256 pixels.")
    return sides[0], sides[1]


@dataclass
class _Survey:
    content: str  # hash of every image, in order, with its name and label
    sizes: Counter[Size]
    grey: bool


def _survey(items: Items, tick: Callable[[], None]) -> _Survey:
    """Read every image and its header once, decoding none."""

    def look(i: int) -> tuple[bytes, Size | None, str]:
        digest = _digest(None)
        try:
            with reading(items, i) as raw:
                digest = _digest(raw)
                image = opened(raw)
                return digest, upright_size(image), image.mode
        except ImageError:
            return digest, None, ""

    content = hashlib.sha256(json.dumps(items.classes).encode())
    sizes: Counter[Size] = Counter()
    modes = set()
    for i, (digest, size, mode) in enumerate(in_order(look, len(items.names))):
        label = None if items.labels is None else int(items.labels[i])
        content.update(json.dumps([items.names[i], label]).encode() + digest)
        if size:
            sizes[size] += 1
            modes.add(mode)
        tick()
    return _Survey(content.hexdigest(), sizes, modes <= GREY)


def _decoded(
    items: Items, shape: tuple[int, int, int], fit: Fit, tick: Callable[[], None]
) -> Iterator[Pixels | ImageError]:
    """uint8 [H, W, C] of every image in order, or why it cannot be read."""

    def work(i: int) -> Pixels | ImageError:
        try:
            with reading(items, i) as raw:
                return decode(raw, shape[2], shape[:2], fit)
        except ImageError as reason:
            return reason

    for image in in_order(work, len(items.names)):
        yield image
        tick()


def _digest(raw: Raw | None) -> bytes:
    content = hashlib.sha256()
    if isinstance(raw, Image.Image):
        content.update(f"{raw.mode} {raw.size}".encode() + raw.tobytes())
    elif isinstance(raw, np.ndarray):
        content.update(str(raw.shape).encode())
        content.update(np.ascontiguousarray(raw).data)
    else:
        content.update(raw or b"")
    return content.digest()


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
