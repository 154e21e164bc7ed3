"""The Toronto Face Database (Susskind, Anderson & Hinton 2010), as a MATLAB file: faces in Goodfellow et al. 2014.

MATLAB's format 5 to 7 is read here, numbers only: scipy's reader takes the process down on some damaged files.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ganatomy.data.items import Items, numbered
from ganatomy.data.layout import SAME_SPLIT, no_split
from ganatomy.data.sources import Found, file_with, register_source, stamp
from ganatomy.data.sources.arrays import check_unpacked, from_array
from ganatomy.errors import UserError, first_line
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS = {"train": 0, "unlabelled": 0, "labelled": 1, "valid": 2, "test": 3}  # as the column of a fold numbers them
ARRAYS = ("images", "labs_ex", "folds")
FOLDS = 5
HEADER = 128  # bytes
HEAD = 4096  # bytes, of an array: its name is among the first
MATRIX, COMPRESSED = 14, 15  # kinds of elements
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
NUMERIC = range(6, 16)  # classes of arrays: not cells, structures, objects, text, sparse


@register_source("TFD_48x48.mat", example="TFD_48x48.mat")
def tfd(name: str, split: str, cache: Path) -> Found | None:
    """The Toronto Face Database; split `train` is its images without labels."""
    if (path := file_with(name, ".mat")) is None:
        return None
    return Found(name, stamp(path, split), lambda: _tfd(path, split, name))


def _tfd(path: Path, split: str, where: str) -> Items:
    """A split of TFD_48x48.mat or TFD_96x96.mat: images [N, H, W], labs_ex [N, 1] (1 to 7), folds [N, 5].

    "train" is what a generative model is trained on, as in the code of Goodfellow et al. 2014: the images without a
    label, "unlabelled" by their other name; "labelled" are those that a classifier is trained on. "labelled", "valid"
    and "test" are those of the first of the five official folds, "test-2" … "test-5" of the others; the published
    Parzen scores are means over all five. Labels are facial expressions. Nothing is transposed: MATLAB's third axis is
    a picture's columns.

    Raises UserError for a file that is damaged, is no MATLAB file, or has not these arrays.
    """
    name, dash, fold = split.partition("-")
    kind = SPLITS.get("valid" if name in SAME_SPLIT else name)
    if kind is None or (dash and not re.fullmatch(f"[1-{FOLDS}]", fold)):
        raise no_split(where, split, list(SPLITS))
    images, labels, folds = _arrays(path, where)
    chosen = folds[:, int(fold or 1) - 1] == kind
    if not chosen.any():
        raise UserError(f"{where} has no images in the split {split!r}; give the whole Toronto Face Database.")
    items = from_array(images[chosen], None, where, list(SPLITS))
    if kind:
        known = np.unique(labels[folds[:, 0] > 0]).astype(int).tolist()
        items.labels, items.classes = numbered(labels[chosen].astype(int).tolist(), known)
    return items


def _arrays(path: Path, where: str) -> tuple[NDArray, NDArray, NDArray]:
    """Images [N, H, W], labels [N], folds [N, 5]."""
    try:
        found = dict(_matrices(np.memmap(path, mode="r").data, where))
    except UserError:
        raise
    except Exception as error:  # a damaged file makes readers raise nearly anything
        raise UserError(
            f"{where} is damaged or no MATLAB file ({first_line(error)}); copy it, or save it with -v7, again."
        ) from error
    missing = [name for name in ARRAYS if name not in found]
    if missing:
        raise UserError(
            f"{where} has no array of numbers called {' nor '.join(missing)}: of MATLAB files only the Toronto Face "
            "Database's can be read; save other images as a .npy."
        )
    images, labels, folds = (found[name] for name in ARRAYS)
    if (
        images.ndim != 3
        or images.dtype != np.uint8
        or labels.size != len(images)
        or folds.shape != (len(images), FOLDS)
    ):
        shapes = ", ".join(f"{array.dtype} {list(array.shape)}" for array in (images, labels, folds))
        raise UserError(
            f"{where} is not the Toronto Face Database: its {', '.join(ARRAYS)} are {shapes} instead of uint8 "
            f"[N, H, W], numbers [N, 1] and numbers [N, {FOLDS}]."
        )
    return images, labels.ravel(), folds


def _matrices(data: memoryview, where: str) -> Iterator[tuple[str, NDArray]]:
    """The wanted arrays of a file, by name: MathWorks, "MAT-File Format", level 5. Others are not unpacked."""
    if bytes(data[:10]) == b"MATLAB 7.3":
        raise ValueError("it is of format 7.3")
    order = {b"IM": "<", b"MI": ">"}[bytes(data[HEADER - 2 : HEADER])]
    for kind, content in _elements(data[HEADER:], order, 1):
        if kind == COMPRESSED:
            head = memoryview(zlib.decompressobj().decompress(content[:HEAD], HEAD))
            kind, size = struct.unpack_from(f"{order}II", head)
            if kind == MATRIX and (name := _name(head[8:], order)) in ARRAYS:
                check_unpacked(size, len(content), f"{name} in {where}", "save it with -v6, which packs nothing")
                opened = zlib.decompressobj().decompress(content, 8 + size)
                yield _matrix(next(content for _, content in _elements(memoryview(opened), order, 1)), order)
        elif kind == MATRIX and _name(content, order) in ARRAYS:
            yield _matrix(content, order)


def _name(content: memoryview, order: str) -> str | None:
    """The name of an array, of which the beginning is enough, or None of an empty one and of one without numbers."""
    if not len(content):
        return None
    parts = _elements(content, order, 8)
    flags = next(part for _, part in parts)
    if struct.unpack_from(f"{order}I", flags)[0] & 0xFF not in NUMERIC:
        return None
    _, (_, name) = islice(parts, 2)
    return bytes(name).decode("ascii", "replace")


def _matrix(content: memoryview, order: str) -> tuple[str, NDArray]:
    """Name and values of an array of numbers."""
    _, (_, sides), (_, name), (kind, numbers) = islice(_elements(content, order, 8), 4)
    shape = struct.unpack(f"{order}{len(sides) // 4}I", sides)
    values = np.frombuffer(numbers, np.dtype(order + NUMBERS[kind]))
    return bytes(name).decode("ascii", "replace"), values.reshape(shape, order="F")  # down the columns first


def _elements(data: memoryview, order: str, step: int) -> Iterator[tuple[int, memoryview]]:
    """Kind and content of one element after the other; each begins at a multiple of `step` bytes."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        at += 8
        if kind >> 16:  # a small one: kind and size share a word, the content is in the other
            kind, size, at = kind & 0xFFFF, kind >> 16, at - 4
        if at + size > len(data):
            raise ValueError("it is cut short")
        yield kind, data[at : at + size]
        at += size
        at += -at % step
