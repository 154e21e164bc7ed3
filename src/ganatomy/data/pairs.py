"""Pairs of images, ready for training: one that is given, and the one that is to be drawn of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ganatomy.config.options import SMALLEST, DataOptions
from ganatomy.data.decode import Pixels
from ganatomy.data.sources import find
from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.modalities.images import resized
from ganatomy.networks.pair_shape import PairShape
from ganatomy.system.files import cache_folder

HALVES = ("left", "right")  # of an image, one of which is given
Load: TypeAlias = Callable[[DataOptions], Images]


@dataclass(frozen=True)
class Pairs:
    """Pairs of images that are trained on.

    images   the prepared images that they are made of
    targets  what is to be drawn
    given    what is given, images of the same size; None: the targets made smaller
    paired   each given image belongs to the target of its place; else they are two sets, of any numbers of images
    scale    how many times smaller these are
    filter   by which they are made smaller: area or bicubic
    """

    images: Images
    targets: Images
    given: Images | None = None
    scale: int = 1
    filter: str = "bicubic"
    paired: bool = True

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def shape(self) -> PairShape:
        """Channels, height and width of a target, and by how much what is given is smaller."""
        _, height, width, channels = self.targets.pixels.shape
        return PairShape(channels, height, width, self.scale)

    @property
    def fingerprint(self) -> str:
        """The same for the same pairs."""
        how = f"{self.targets.fingerprint}, {self.filter} {self.scale}"
        if self.given is not None:
            how = f"{self.targets.fingerprint} {'of' if self.paired else 'like'} {self.given.fingerprint}"
        return hashlib.sha256(how.encode()).hexdigest()

    @property
    def source(self) -> str:
        """The path that was given."""
        return self.targets.source

    @property
    def values(self) -> str | None:
        """How numbers of more or other than 8 bits were understood."""
        return self.targets.values

    @property
    def classes(self) -> None:
        """Pairs have no classes."""

    @property
    def stored(self) -> Pixels:
        """The targets, uint8 [N, H, W, C]."""
        return self.targets.pixels

    def at(self, indices: NDArray[np.int64]) -> tuple[Pixels, Pixels]:
        """Given images uint8 [n, h, w, C] and targets uint8 [n, H, W, C] of indices [n] below `different`."""
        targets = self.targets.pixels[indices * len(self.targets) // self.different]
        if self.given is not None:
            return self.given.pixels[indices * len(self.given) // self.different], targets
        return smaller(targets, self.scale, self.filter), targets

    @property
    def different(self) -> int:
        """How many pairs there are with no image twice: of two sets as many as the smaller one has."""
        return min(len(self.targets), len(self.given or self.targets))

    @property
    def words(self) -> str:
        """Which images are given, in words."""
        _, height, width = self.shape.given
        if self.given is None:
            return f"{height}×{width} pixels are given, made of {self.shape[1]}×{self.shape[2]} ({self.filter})"
        if not self.paired:
            return f"{len(self.given):,} images of {self.given.source} are given, to be drawn like these"
        return f"{height}×{width} pixels are given, of {self.given.source}, and as many drawn"

    def evenly(self, count: int) -> NDArray[np.int64]:
        """The indices [M] of at most `count` pairs, evenly chosen: many sets are sorted."""
        return np.linspace(0, self.different - 1, min(count, self.different)).astype(np.int64)


def whole(options: DataOptions) -> DataOptions:
    """The options by which images are prepared that hold both of a pair: so large that each half has `size`."""
    if options.given not in HALVES or options.size is None:
        return options
    height, width = options.size
    return options.model_copy(update={"size": (height, 2 * width)})


def pairs_of(images: Images, options: DataOptions, load: Load) -> Pairs:
    """The pairs that options make of images.

    load: prepares images by other options in the way in which these were prepared. Raises UserError where there are no
    pairs.
    """
    if options.given is None and options.scale is None:
        raise UserError(
            "data.given or data.scale is required: where the given images are, as in data.given=left or "
            "data.given=FOLDER, or how many times larger the drawn image is, as in data.scale=4."
        )
    if options.given is not None and options.scale is not None:
        raise UserError("Pairs are of data.given or of data.scale: give one of them.")
    if images.pixels.shape[3] == 4:
        raise UserError("Pairs have no transparency: leave data.channels=4 out, and it is laid on white.")
    if options.scale is not None:
        return _enlarged(images, options.scale, options.downscaling)
    if options.given in HALVES:
        if not options.paired:
            raise UserError(f"The halves of an image are a pair: data.paired=false needs a place, not {options.given}.")
        return _halved(images, options.given)
    assert options.given is not None
    _, height, width, channels = images.pixels.shape
    as_these = {"path": options.given, "size": (height, width), "channels": channels}
    given = load(options.model_copy(update=as_these))
    if options.paired:
        _check_names(images, given, options.split)
    return Pairs(images, images, given, paired=options.paired)


def _enlarged(images: Images, scale: int, filter: str) -> Pairs:
    _, height, width, _ = images.pixels.shape
    if height % scale or width % scale:
        down, right = (side // scale * scale for side in (height, width))
        raise UserError(
            f"{images.source} has images of {height}×{width} pixels, which cannot be made {scale} times "
            f"smaller: give --size {down}x{right}."
        )
    return Pairs(images, images, None, scale, filter)


def _halved(images: Images, given: str) -> Pairs:
    width = images.pixels.shape[2]
    if width % 2 or width // 2 < SMALLEST:
        raise UserError(
            f"{images.source} has images {width} pixels wide, which have no two halves of {SMALLEST} pixels at least: "
            "give --size HEIGHTxWIDTH, that of a half."
        )
    left, right = (
        replace(images, pixels=part, fingerprint=f"{images.fingerprint}-{half}", former=None)
        for half, part in zip(HALVES, np.split(images.pixels, 2, axis=2), strict=True)
    )
    return Pairs(images, right, left) if given == "left" else Pairs(images, left, right)


def _check_names(images: Images, given: Images, split: str) -> None:
    """Images of two places are pairs where all can be read and their names are the same but for their endings."""
    for each in (images, given):
        if each.skipped:
            raise UserError(f"{each.warning} Pairs need both images: mend these, or remove them and their partners.")
    names, others = (_stems(each.source, split) for each in (images, given))
    for part in sorted(names.keys() | others.keys()):
        here, there = names.get(part, []), others.get(part, [])
        if here != there:
            alone = sorted(set(here) ^ set(there))
            which = f": {alone[0]} is alone" if alone else ""
            raise UserError(
                f"{images.source} has {len(here):,} images of the split {part} and {given.source} {len(there):,}, "
                f"which are no pairs{which}. Give both images of a pair the same name."
            )


def _stems(source: str, split: str) -> dict[str, list[str]]:
    """The names of a source's images without their endings, in their order: of a split, and of `test` beside it."""
    found, cache = {}, cache_folder()
    with find(source, split, cache).load() as items:
        found[split], splits = _without_endings(items.names), items.splits
    if split != "test" and "test" in splits:
        with find(source, "test", cache).load() as items:
            found["test"] = _without_endings(items.names)
    return found


def _without_endings(names: Sequence[str]) -> list[str]:
    return [str(PurePosixPath(name).with_suffix("")) for name in names]


def smaller(pixels: Pixels, scale: int, filter: str) -> Pixels:
    """Images uint8 [N, H, W, C] made `scale` times smaller, [N, H/scale, W/scale, C], rounded to grey levels.

    filter: area, the mean of scale × scale pixels; or bicubic, Keys' kernel (a = −½) over scale times its width, as
    Pillow's and MATLAB's imresize have it.
    """
    if scale == 1:
        return pixels
    count, height, width, channels = pixels.shape
    if filter == "area":
        blocks = pixels.reshape(count, height // scale, scale, width // scale, scale, channels)
        return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)
    return resized(pixels, height // scale, width // scale)
