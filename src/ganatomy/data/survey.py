"""What images are, before any is decoded: their content, sizes, kinds and numbers."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from PIL import Image

from ganatomy.data.decode import (
    GREY,
    WIDE,
    Raw,
    Size,
    in_memory,
    number_type,
    numbers_of,
    opened,
    reading,
    reasons,
    upright_size,
)
from ganatomy.data.items import ImageError, Items
from ganatomy.data.threads import in_order
from ganatomy.data.values import Numbers, Range


@dataclass
class Survey:
    """What a first reading of all images finds.

    content  hash of every image, in order, with its name and label
    sizes    (height, width) of upright images, and how many have each
    modes    Pillow's
    types    of the numbers in files, as `number_type` calls them
    numbers  of the types that do not fit into 8 bits: one scale for all images of a type
    jpegs    (height, width) of JPEG files
    """

    content: str = ""
    sizes: Counter[Size] = field(default_factory=Counter)
    modes: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    jpegs: set[Size] = field(default_factory=set)

    @property
    def grey(self) -> bool:
        """Whether no image has colours."""
        return self.modes <= GREY

    def limits(self, given: Range | None) -> dict[str, Range]:
        """Black and white by the type of number, for `decode`; given: what a person chose, for all types."""
        for numbers in self.numbers.values():
            numbers.given = given
        limits = {kind: numbers.limits for kind, numbers in sorted(self.numbers.items())}
        return limits | ({"uint8": given} if given and "uint8" in self.types else {})


class _Looked(NamedTuple):
    digest: bytes
    size: Size | None = None
    mode: str = ""
    type: str = ""
    numbers: Numbers | None = None
    jpeg: Size | None = None


def survey(items: Items, tick: Callable[[], object] = lambda: None) -> Survey:
    """Read every image and its header once, decoding only numbers that do not fit into 8 bits.

    tick: called after each image.
    """

    def look(i: int) -> _Looked:
        digest = _digest(None)
        try:
            with reading(items, i) as raw:
                digest = _digest(raw)
                return _look(raw, digest)
        except ImageError:
            return _Looked(digest)

    found, content = Survey(), hashlib.sha256(json.dumps(items.classes).encode())
    for i, looked in enumerate(in_order(look, len(items.names))):
        label = None if items.labels is None else int(items.labels[i])
        content.update(json.dumps([items.names[i], label]).encode() + looked.digest)
        if looked.size:
            found.sizes[looked.size] += 1
            found.modes.add(looked.mode)
            found.types.add(looked.type)
        if looked.jpeg:
            found.jpegs.add(looked.jpeg)
        if new := looked.numbers:
            old = found.numbers.get(new.type, new)
            found.numbers[new.type] = Numbers(new.type, min(old.low, new.low), max(old.high, new.high))
        tick()
    found.content = content.hexdigest()
    return found


def _look(raw: Raw, digest: bytes) -> _Looked:
    image = opened(raw)
    jpeg = (image.height, image.width) if image.format in ("JPEG", "MPO") else None
    size, mode, kind, numbers = upright_size(image), image.mode, number_type(image), None
    if kind in WIDE:
        try:
            with reasons(), in_memory(image.width * image.height):
                image.load()
                numbers = numbers_of(image)
        except ImageError:  # decoding says why
            pass
    return _Looked(digest, size, mode, kind, numbers, jpeg)


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
