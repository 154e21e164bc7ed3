"""Inspect images before training on them: what is there, what is broken, what to do about it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ganatomy.config.options import BUFFER, CACHE_GB, LARGEST
from ganatomy.data import amounts, memory, notes
from ganatomy.data.decode import (
    GREY,
    Raw,
    Seen,
    Size,
    decode,
    in_memory,
    opened,
    orientation,
    quiet,
    reading,
    reasons,
    upright_size,
)
from ganatomy.data.items import ImageError, Items
from ganatomy.data.kinds import unread_files
from ganatomy.data.memory import Data
from ganatomy.data.preparation import suggested_size
from ganatomy.data.streaming import some_of
from ganatomy.data.survey import survey
from ganatomy.data.threads import in_order
from ganatomy.data.values import Numbers, Range
from ganatomy.system.files import cache_folder
from ganatomy.system.terminal import printable_name

if TYPE_CHECKING:
    from torch import Tensor

EXAMPLES = 5


@dataclass
class Inspection:
    """What was found in a source. Sizes are of upright images, in pixels; all counts are of readable images."""

    source: str
    split: str
    splits: list[str]  # all there are; empty when the source is not divided
    images: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)  # (member, reason)
    unread: dict[str, int] = field(default_factory=dict)  # other files, by their endings
    heights: tuple[int, float, int] | None = None  # smallest, median, largest
    widths: tuple[int, float, int] | None = None
    sizes: dict[str, int] = field(default_factory=dict)  # the most frequent, "height×width"
    modes: dict[str, int] = field(default_factory=dict)  # Pillow's: L grey, RGB colour, …
    formats: dict[str, int] = field(default_factory=dict)
    classes: dict[str, int] | None = None
    duplicates: int = 0  # images whose pixels equal those of an earlier one
    duplicate_groups: list[list[str]] = field(default_factory=list)  # first examples
    animated: int = 0
    rotated: int = 0  # by EXIF
    plain: int = 0  # images of one single colour
    transparent: int = 0  # wholly or in part
    colourless: int = 0  # stored as colour, but grey in every pixel
    values: str | None = None  # how numbers of more or other than 8 bits are understood
    suggested_size: Size | None = None  # height, width
    notes: list[str] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return asdict(self)

    def text(self) -> str:
        """The report for a person."""
        rows = [("images", f"{self.images:,}" + (f", {len(self.broken):,} more are broken" if self.broken else ""))]
        if self.unread:
            rows.append(("not read", unread_files(Counter(self.unread))))
        if self.splits:
            rows.append(("split", f"{self.split} (of {', '.join(self.splits)})"))
        if self.heights and self.widths:
            rows += [("height", _spread(self.heights)), ("width", _spread(self.widths))]
            rows.append(("sizes", _counts(self.sizes)))
        rows += [("modes", _counts(self.modes)), ("formats", _counts(self.formats)), ("values", self.values or "")]
        rows.append(("classes", _counts(self.classes or {}) or "none"))
        counts = {"rotated by EXIF": self.rotated, "animated": self.animated, "of one plain colour": self.plain}
        counts["transparent"] = self.transparent
        rows.append(("of these", _counts({name: count for name, count in counts.items() if count})))
        lines = [self.source, *(f"  {name:<9}{value}" for name, value in rows if value)]
        groups = [" = ".join(map(printable_name, group)) for group in self.duplicate_groups]
        broken = [f"{printable_name(member)}: {reason}" for member, reason in self.broken]
        for title, entries in (("Equal images", groups), ("Broken images", broken)):
            if entries:
                lines += ["", title, *(f"  {entry}" for entry in entries)]
        if self.notes or self.suggestions:
            lines += ["", "What to know", *(f"  • {sentence}" for sentence in (*self.notes, *self.suggestions))]
        return "\n".join(lines)

    __str__ = text


@dataclass
class _Looked:
    size: Size
    mode: str
    format: str
    digest: bytes
    animated: bool
    rotated: bool
    plain: bool
    colourless: bool
    seen: Seen


def inspect(
    data: Data,
    split: str = "train",
    *,
    classes_from: int | None = None,
    labels: ArrayLike | Tensor | None = None,
    classes: Sequence[str] | None = None,
) -> Inspection:
    """Decode every image and report on them; nothing is kept. Raises UserError if there are none.

    Of tar shards that a training streams because of their size, some are looked at; a note says how many.

    data, labels [N], classes and classes_from: as for `prepare`.
    """
    found = memory.find(data, split, cache_folder(), labels, classes)
    if found.shards is not None and found.shards.size > CACHE_GB * 1e9:
        found = some_of(found, found.shards, BUFFER)
    with quiet(), found.load() as items:
        items.label(classes_from)
        items.scale(None)
        known = survey(items)  # one scale for all images, before they are compared
        limits = known.limits(None)
        numbers = [items.numbers] if items.numbers else list(known.numbers.values())
        report = Inspection(found.name, split, items.splits, notes=list(items.notes))
        report.values = "; ".join(map(str, numbers)) or None
        report.unread = dict(items.unread.most_common())

        def look(i: int) -> _Looked | ImageError:
            try:
                with reading(items, i) as raw:
                    return _look(raw, limits)
            except ImageError as reason:
                return reason

        seen = _count(report, items, in_order(look, len(items.names)))
    eight = [Numbers("uint8", seen.low, seen.high)] if known.types == {"uint8"} and not numbers else []
    warnings = [warning for each in (*numbers, *eight) if (warning := each.warning)]
    report.suggestions = [*warnings, *_suggestions(report, seen.sizes)]
    return report


def _look(raw: Raw, limits: dict[str, Range]) -> _Looked:
    image = opened(raw)
    # Before decoding, which turns TIFF files and then forgets that they were turned.
    size, mode, rotated = upright_size(image), image.mode, orientation(image) > 1
    with reasons():
        animated = image.format in ("GIF", "WEBP", "PNG", "AVIF") and getattr(image, "is_animated", False)
    with in_memory(image.width * image.height):
        pixels = decode(raw, limits=limits, seen=(seen := Seen()))
        digest = hashlib.sha256(str(pixels.shape).encode())
        digest.update(pixels.data)
        return _Looked(
            size=size,
            mode=mode,
            format=image.format or "array",
            digest=digest.digest(),
            animated=animated,
            rotated=rotated,
            plain=all((row == pixels[0, 0]).all() for row in pixels),
            colourless=pixels.shape[2] >= 3
            and mode not in GREY
            and all((row[:, :3] == row[:, :1]).all() for row in pixels),
            seen=seen,
        )


@dataclass
class _AllSeen:
    """Sizes of all images, and the smallest and largest of their 8-bit values."""

    sizes: Counter[Size]
    low: int = 255
    high: int = 0


def _count(report: Inspection, items: Items, results: Any) -> _AllSeen:
    first_with: dict[bytes, int] = {}
    groups: dict[int, list[str]] = {}
    sizes: Counter[Size] = Counter()
    found = _AllSeen(sizes)
    modes: Counter[str] = Counter()
    formats: Counter[str] = Counter()
    labels: Counter[int] = Counter()
    for i, result in enumerate(results):
        if isinstance(result, ImageError):
            report.broken.append((items.names[i], str(result)))
            continue
        report.images += 1
        sizes[result.size] += 1
        modes[result.mode] += 1
        formats[result.format] += 1
        report.animated += result.animated
        report.rotated += result.rotated
        report.plain += result.plain
        report.transparent += result.seen.transparent
        found.low, found.high = min(found.low, result.seen.low), max(found.high, result.seen.high)
        report.colourless += result.colourless
        if items.labels is not None:
            labels[int(items.labels[i])] += 1
        earlier = first_with.setdefault(result.digest, i)
        if earlier != i:
            report.duplicates += 1
            group = groups.setdefault(earlier, [items.names[earlier]])
            if len(group) < EXAMPLES:
                group.append(items.names[i])
    report.duplicate_groups = list(groups.values())[:EXAMPLES]
    report.sizes = {f"{height}×{width}": count for (height, width), count in sizes.most_common(EXAMPLES)}
    report.modes, report.formats = dict(modes.most_common()), dict(formats.most_common())
    if items.classes is not None:
        report.classes = {name: labels[i] for i, name in enumerate(items.classes)}
    if sizes:
        report.suggested_size = items.usual or suggested_size(sizes)
        heights, widths = (np.repeat([size[axis] for size in sizes], list(sizes.values())) for axis in (0, 1))
        report.heights = int(heights.min()), float(np.median(heights)), int(heights.max())
        report.widths = int(widths.min()), float(np.median(widths)), int(widths.max())
    return found


def _suggestions(report: Inspection, sizes: Counter[Size]) -> list[str]:
    """Plain sentences, what matters most first."""
    n, sentences = report.images, []
    if report.broken:
        total = n + len(report.broken)
        end = "training goes on without them." if n > 1 else "too few are left to train on."
        sentences.append(f"{len(report.broken):,} of {total:,} images cannot be read; {end}")
    if n > 1 and report.duplicates == n - 1:
        sentences.append("All images are the same, so there is nothing to learn: training cannot work.")
    elif report.duplicates:
        sentences.append(
            f"{report.duplicates:,} of {n:,} images repeat another one exactly; remove them if by mistake."
        )
    if n and report.plain == n:
        sentences.append("Every image is of one plain colour: check that they are the right files.")
    elif report.plain:
        sentences.append(f"{report.plain:,} of {n:,} images are of one plain colour; remove them if by mistake.")
    if n and (too_little := amounts.advice(n, 1 if all(mode in GREY for mode in report.modes) else 3)):
        sentences.append(too_little)
    if report.suggested_size and report.heights and report.widths:
        sentences.append(_size_advice(report.suggested_size, report.heights, report.widths))
        if cropped := notes.fitting(sizes, report.suggested_size, "crop", "background", 3):
            sentences.append(f"At that size {cropped}")
    if transparent := notes.transparency(report.transparent, 3):
        sentences.append(transparent)
    if n and report.colourless == n:
        sentences.append("All images are grey though stored as colour: with one channel training is quicker.")
    elif n and 0.05 * n < (grey := report.colourless + sum(report.modes.get(mode, 0) for mode in GREY)) < n:
        sentences.append(f"{grey:,} of {n:,} images are grey among colour ones: the generator will make both.")
    if report.animated:
        sentences.append(f"{report.animated:,} of {n:,} images are animated: the first frame of each is used.")
    if report.classes and len(report.classes) > 1:
        (most, many), (least, few) = (pick(report.classes.items(), key=lambda item: item[1]) for pick in (max, min))
        if many >= 10 * few:
            sentences.append(
                f"Classes are uneven: {most} has {many:,} images, {least} {few:,}; expect few good {least}."
            )
    return sentences


def _size_advice(size: Size, heights: tuple[int, float, int], widths: tuple[int, float, int]) -> str:
    name = f"{size[0]}×{size[1]}"
    if (heights[0], widths[0]) == (heights[2], widths[2]) == size:
        return f"All images are {name}: that size is kept."
    short, most = min(heights[1], widths[1]), amounts.LARGEST_ON_CPU
    if short < min(size):
        return f"Use size {name}; the images are smaller (short side {short:g} pixels), so enlarging adds no detail."
    sentence = f"Use size {name}: half of the images have a short side of about {short:g} pixels or more."
    if short > LARGEST:
        sentence += f" More than {LARGEST} pixels a side cannot be trained."
    if (side := size[0]) > most:
        more = (side // most) ** 2
        sentence += f" Without a GPU use --size {most}, as --recipe auto does: {name} is {more} times as many pixels."
    return sentence


def _spread(values: tuple[int, float, int]) -> str:
    low, median, high = values
    return f"{low:,}" if low == high else f"{low:,} to {high:,}, median {median:,g}"


def _counts(counts: dict[str, int]) -> str:
    shown = [f"{printable_name(name)} {count:,}" for name, count in list(counts.items())[:12]]
    return ", ".join(shown) + (f", … ({len(counts)} in all)" if len(counts) > 12 else "")
