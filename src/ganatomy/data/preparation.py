"""Decode once, train many times: any source → a cache folder with pixels.npy, labels.npy and manifest.json.

<cache>/data/index/<stamp>   the fingerprint of files that look like this (names, sizes, times), prepared in one way
<cache>/data/<fingerprint>/  the prepared set
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from math import inf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, get_args

from filelock import FileLock
from numpy.typing import ArrayLike

from ganatomy.config.options import BUFFER, CACHE_GB, LARGEST, SMALLEST
from ganatomy.data import memory, notes
from ganatomy.data.amounts import SIZES
from ganatomy.data.decode import MODES, Fit, Padding, Size, quiet
from ganatomy.data.decoding import Decoded, How
from ganatomy.data.items import Items
from ganatomy.data.kinds import unread_files
from ganatomy.data.memory import Data
from ganatomy.data.shards import Shards
from ganatomy.data.sources import Found
from ganatomy.data.sources.prepared import FINGERPRINT, PREFIX
from ganatomy.data.store import Images, described, entry, kept, write
from ganatomy.data.streaming import some_of, with_stream
from ganatomy.data.survey import Survey, survey
from ganatomy.data.values import BITS, Numbers, Range
from ganatomy.errors import UserError, unknown
from ganatomy.system import sealed
from ganatomy.system.files import cache_folder, cached, write_bytes

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 2  # raise when the same source would be decoded to other pixels, and tell `_fingerprints` when it would not
HIDDEN = "white"  # colours of transparent pixels, which were once those of the file: see `decode`

Progress = Callable[[int, int], object]


def prepare(
    data: Data,
    *,
    labels: ArrayLike | Tensor | None = None,
    classes: Sequence[str] | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    fit: Fit = "crop",
    padding: Padding = "background",
    range: Range | None = None,
    split: str = "train",
    classes_from: int | None = None,
    first: int | None = None,
    stream: bool | None = None,
    buffer: int = BUFFER,
    cache_gb: float = CACHE_GB,
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
    fit       "crop" to the centre, "pad" with bars, or "stretch"
    padding   the bars' colour: "background", which is transparent with four channels, else white as behind transparent
              images; or "border", the median colour of the image's border
    range     the values of black and white, for all images; None: as their type has them, or as all of them suggest
    split     of files that have several
    classes_from  the level of folders whose names are the classes, 1 the outermost; None: the one that is clear, if any
    first     at most so many of the images, the first ones; None: all
    stream    of tar shards: prepare some of the images now, and decode others as they are needed, by `Images.stream`;
              None: where the shards take more than cache_gb
    buffer    with it, about so many images are prepared now, and shuffled together later
    cache_gb  with it, gigabytes of decoded shards that stay on disk; those that were not used for longest go first
    progress  called with (done, total); every image counts twice, once hashed and once decoded

    A second call with unchanged files reads none of them. Raises UserError when fewer than two images can be read.
    """
    how = _checked(size, channels, fit, padding, range)
    root = Path(cache).expanduser() if cache is not None else cache_folder()
    found = memory.find(data, split, root, labels, classes)
    streamed = _streamed(found, stream, first, cache_gb)
    if streamed is not None:
        found = some_of(found, streamed, buffer)
    images = _as_asked(found.prepared, how)
    index = None
    if images is None and found.stamp is not None:
        hidden = [HIDDEN] if channels == 4 else []
        index = root / "data" / "index" / _hash(found.stamp, astuple(how), FORMAT, classes_from, *hidden)
        images = _indexed(index, root, found.name)
    if images is None:
        images = _prepared(found, classes_from, how, root, index, progress)
    if streamed is not None:
        return with_stream(images, streamed, how, classes_from, buffer, cache_gb)
    return images if first is None else images.first(first)


def _streamed(found: Found, stream: bool | None, first: int | None, cache_gb: float) -> Shards | None:
    """The shards that are to be streamed, if they are. Raises UserError where they cannot be."""
    if stream and found.shards is None:
        raise UserError(f"data.stream is for tar shards, and {found.name} is none of them.")
    if found.shards is None or not (found.shards.size > cache_gb * 1e9 if stream is None else stream):
        return None
    if first is not None:
        raise UserError(
            "data.first takes the first of all images, and data.stream does not read them all: give one of them."
        )
    return found.shards


def _as_asked(images: Images | None, how: How) -> Images | None:
    """A prepared set, if nothing is left to do to it. Raises UserError where it was read with another range."""
    if images is None:
        return None
    if how.range not in (None, images.range):
        raise UserError(
            f"{images.source} has been read already, and data.range no longer changes it: give the images themselves."
        )
    height, width, channels = images.pixels.shape[1:]
    if how.size not in (None, (height, width)) or how.channels not in (None, channels):
        return None
    return images


def _indexed(index: Path, root: Path, source: str) -> Images | None:
    """The set that the index names, if the cache holds it, and what was said of these files."""
    try:
        facts, whole = sealed.read(index.read_bytes().decode("utf-8", "surrogatepass"))
        fingerprint = facts.pop("fingerprint")
        images = kept(entry(root, fingerprint), source) if whole and FINGERPRINT.fullmatch(fingerprint) else None
        return images and _with(images, **facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # not there, or damaged
        return None


def _with(
    images: Images, values: str | None, range: Range | None, former: str | None, said: list[str], unlabelled: str | None
) -> Images:
    """The set with what is known of its source, which other sources of the same pixels may not share."""
    return replace(
        images,
        values=values,
        range=range and (range[0], range[1]),
        former=former,
        notes=(*said, *images.notes),
        unlabelled=unlabelled,
    )


def _prepared(
    found: Found, classes_from: int | None, how: How, root: Path, index: Path | None, progress: Progress | None
) -> Images:
    """Read the images once to know them, and again to decode them unless the cache holds them."""
    with quiet(), found.load() as items:
        items.label(classes_from)
        said = [*items.notes]
        if items.unread:
            said.append(f"{found.name}: not read are {unread_files(items.unread)}.")
        mended: tuple[str, ...] = ()
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            if progress:
                progress(done, 2 * len(items.names))

        items.scale(how.range)
        known = survey(items, tick)
        shape = *(how.size or items.usual or suggested_size(known.sizes)), how.channels or (1 if known.grey else 3)
        limits = known.limits(None if items.numbers else how.range)  # an array's numbers are scaled as they are read
        fingerprint, former = _fingerprints(known, shape, how, limits)
        place = entry(root, fingerprint)
        source = found.name if found.stamp is not None else f"{PREFIX}{fingerprint}"
        numbers = [items.numbers] if items.numbers else list(known.numbers.values())
        facts: dict[str, Any] = {
            "values": "; ".join(map(str, numbers)) or None,
            "range": how.range or _guessed(items, known),
            "former": former,
            "said": said,
            "unlabelled": items.unlabelled,
        }
        with cached(root):
            (root / "data" / "index").mkdir(parents=True, exist_ok=True)
            with FileLock(place.with_suffix(".lock")):  # so that of several processes one decodes and the others wait
                whole = kept(place, source) is not None
                if place.exists() and not whole:
                    mended = ("The decoded images in the cache were damaged: they are decoded again.",)
                if not whole or not described(place):
                    decoded = Decoded(items, shape, how, limits, tick)

                    def describe() -> list[str]:
                        return _notes(known, shape, how, numbers, decoded)

                    write(place, found.name, items, decoded, shape, fingerprint, facts["range"], describe)
            if index is not None:
                text = sealed.to_text({"fingerprint": fingerprint, **facts})
                write_bytes(index, text.encode("utf-8", "surrogatepass"))
    images = kept(place, source)
    assert images
    images = _with(images, **facts)
    return replace(images, notes=(*mended, *images.notes))


def _fingerprints(
    known: Survey, shape: tuple[int, int, int], how: How, limits: dict[str, Range]
) -> tuple[str, str | None]:
    """The fingerprint of a set, and the one that it had before if that was of other pixels.

    What the first format prepared in the same way keeps its fingerprint, so that runs of it go on: it decoded large
    JPEG files at a reduced size, padded with black, and scaled numbers without a usual range image by image. Both
    formats kept the hidden colours of transparent pixels at first.
    """
    first = _hash(known.content, shape, how.fit, 1)
    side = 2 * max(shape[:2])
    padded = how.fit == "pad" and any(notes.kept(size, shape[:2]) < 1 for size in known.sizes)
    changed = {
        "reduced": any(min(size) // side >= 2 for size in known.jpegs),
        "padding": how.padding if padded else "",
        "limits": {kind: each for kind, each in limits.items() if each != BITS.get(kind)},
    }
    before, former = first, None
    if any(changed.values()):
        before, former = _hash(known.content, shape, how.fit, FORMAT, changed), first
    if shape[2] != 4:
        return before, former
    return _hash(known.content, shape, how.fit, FORMAT, {**changed, "hidden": HIDDEN}), before


def _guessed(items: Items, known: Survey) -> Range | None:
    """The one scale of a set whose type of numbers does not have one: other images of it shall be read alike."""
    numbers = items.numbers or (known.numbers.get(next(iter(known.types))) if len(known.types) == 1 else None)
    return numbers.limits if numbers and numbers.type not in BITS else None


def _notes(known: Survey, shape: tuple[int, int, int], how: How, numbers: list[Numbers], decoded: Decoded) -> list[str]:
    """What a person should know of the preparation."""
    height, width, channels = shape
    only_eight = not numbers and "uint8" in known.types and known.types <= {"uint8", "bool"}
    eight = [Numbers("uint8", decoded.low, decoded.high, how.range)] if only_eight else []
    sentences = [
        *(f"Values: {each}." for each in eight if how.range),
        *(each.warning for each in (*numbers, *eight)),
        notes.transparency(decoded.transparent, channels),
        notes.fitting(known.sizes, (height, width), how.fit, how.padding, channels),
        notes.larger(known.sizes, (height, width)),
    ]
    return [sentence for sentence in sentences if sentence]


def suggested_size(sizes: Counter[Size]) -> Size:
    """The size all images share if it can be trained on; else the largest usual square within the median short side."""
    if len(sizes) == 1 and all(SMALLEST <= side <= LARGEST for side in next(iter(sizes))):
        return next(iter(sizes))
    short = median(min(size) for size in sizes.elements()) if sizes else 0
    side = max((side for side in SIZES if side <= short), default=SIZES[0])
    return side, side


def _checked(
    size: int | Sequence[int] | None, channels: int | None, fit: Fit, padding: Padding, limits: Sequence[float] | None
) -> How:
    if fit not in get_args(Fit):
        raise unknown("way to fit images", fit, get_args(Fit))
    if padding not in get_args(Padding):
        raise unknown("padding", padding, get_args(Padding))
    if channels not in (None, *MODES):
        raise UserError(f"Images cannot have {channels} channels; choose 1 (grey), 3 (colour) or 4 (with alpha).")
    if limits is not None and not (len(limits) == 2 and -inf < limits[0] < limits[1] < inf):
        raise UserError(f"The range {limits} is none: give the values of black and white, the smaller one first.")
    given = None if limits is None else (float(limits[0]), float(limits[1]))
    return How(_side_or_sides(size), channels, fit, padding, given)


def _side_or_sides(size: int | Sequence[int] | None) -> Size | None:
    if size is None:
        return None
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2 or not all(SMALLEST <= side <= LARGEST for side in sides):
        raise UserError(f"Size {size} cannot be trained on; give a side, or height and width, of 16 to 256 pixels.")
    return sides[0], sides[1]


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
