"""Images that are numbers already: .npy (memory-mapped), .npz and IDX (the format of MNIST)."""

from __future__ import annotations

import gzip
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ganatomy.data.items import Items, numbered
from ganatomy.data.layout import no_split
from ganatomy.data.sources import Found, file_with, register_source, stamp
from ganatomy.data.values import to_uint8, understood
from ganatomy.errors import UserError, first_line
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ganatomy.data.decode import Pixels

MAX_LOADED = 4 * 2**30  # bytes; a .npy has no such limit, for it is mapped, not loaded
BLOCK = 16 * 2**20  # values looked at together
IDX = re.compile(r"^(.*)-(images|labels)([-.])idx\d-ubyte(\.gz)?$")
IDX_SPLITS = {"train": ("train",), "test": ("t10k", "test")}


@register_source(".npy", example="images.npy")
def npy(name: str, split: str, cache: Path) -> Found | None:
    """An array `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]`."""
    if (path := file_with(name, ".npy")) is None:
        return None
    return Found(name, stamp(path, split), lambda: _npy(path, split, name))


@register_source(".npz", example="images.npz")
def npz(name: str, split: str, cache: Path) -> Found | None:
    """Such an array, with labels beside it."""
    if (path := file_with(name, ".npz")) is None:
        return None
    return Found(name, stamp(path, split), lambda: _npz(path, split, name))


@register_source("IDX files", example="MNIST/raw")
def idx(name: str, split: str, cache: Path) -> Found | None:
    """IDX files, such as MNIST's, gzipped or not."""
    place = Path(name).expanduser()
    if not os.path.exists(place):
        return None
    folders = [place, place / "raw"] if place.is_dir() else [place.parent]
    listings = [(folder, file) for folder in folders if folder.is_dir() for file in sorted(os.listdir(folder))]
    files = {folder / file: match for folder, file in listings if (match := IDX.match(file))}
    if place.is_dir():
        images = [file for file in files if files[file][2] == "images"]
        if not images:
            return None
        prefixes = IDX_SPLITS.get(split, (split,))
        chosen = next((file for file in images if files[file][1].endswith(prefixes)), None)
        if chosen is None:
            raise no_split(name, split, sorted({files[file][1] for file in images}))
    elif place in files:
        chosen = place
    else:
        return None
    stem = files[chosen][1]
    labels = next((file for file in files if files[file][2] == "labels" and files[file][1] == stem), None)
    used = [file for file in (chosen, labels) if file]
    listing = "\n".join(f"{file.resolve()} {(i := file.stat()).st_size} {i.st_mtime_ns}" for file in used)
    return Found(name, listing, lambda: from_array(_idx(chosen), _idx(labels) if labels else None, name))


def _npy(path: Path, split: str, where: str) -> Items:
    if split != "train":
        raise no_split(where, split, [])
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise _unreadable(where, error) from error
    return from_array(array, None, where)


def _npz(path: Path, split: str, where: str) -> Items:
    """Images under images, x, x_train, data, arr_0 (or the only array of rank 3 or more), labels likewise."""
    try:
        with zipfile.ZipFile(path) as archive:
            headers = {name.removesuffix(".npy"): _header(archive, name) for name in archive.namelist()}
        splits = sorted(name.removeprefix("x_") for name in headers if name.startswith("x_"))
        if split not in (splits or ["train"]):
            raise no_split(where, split, splits)
        pictures = [name for name, (shape, _) in headers.items() if len(shape) >= 3]
        usual = (f"x_{split}", "images", "x", "data", "arr_0")
        key = next((name for name in usual if name in headers), pictures[0] if len(pictures) == 1 else None)
        if key is None:
            raise UserError(f"Which array of {where} holds the images? It has {', '.join(headers)}; name it images.")
        shape, dtype = headers[key]
        if int(np.prod(shape, dtype=object)) * dtype.itemsize > MAX_LOADED:
            raise UserError(f"{key} in {where} is larger than 4 GiB; save it as a .npy, which is read piece by piece.")
        label_key = next((name for name in (f"y_{split}", "labels", "y") if name in headers), None)
        with np.load(path, allow_pickle=False) as content:
            labels = content[label_key] if label_key else None
            return from_array(content[key], labels, where, splits)
    except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(where, error) from error


def from_array(array: NDArray, labels: NDArray | None, where: str, splits: list[str] | None = None) -> Items:
    """Items of an array of images [N, H, W], [N, H, W, C] or [N, C, H, W], of any usual range, and labels [N].

    Numbers are scaled as each image is read. Raises UserError for anything that is not clearly a set of images.
    """
    if array.dtype.hasobject:
        raise UserError(f"{where} holds Python objects, not numbers; save the images as one uint8 array [N, H, W, C].")
    if array.size == 0:
        raise UserError(f"{where} holds an empty array (shape {list(array.shape)}); give at least two images.")
    array = _channels_last(array, where)
    (black, white), values = understood(array.dtype, *_extremes(array, where), where)

    def read(i: int) -> Pixels:
        image = array[i]
        return np.ascontiguousarray(image) if image.dtype == np.uint8 else to_uint8(image, black, white)

    items = Items([f"image {i}" for i in range(len(array))], read, splits=splits or [], values=values)
    if labels is not None:
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1 or labels.dtype.kind not in "biufUS":
            items.notes.append(f"Labels of shape {list(labels.shape)} are not one class per image: they are not used.")
        elif len(labels) != len(array):
            raise UserError(f"{where} has {len(array):,} images but {len(labels):,} labels; they must go together.")
        else:
            if labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
                labels = labels.astype(np.int64)
            items.labels, items.classes = numbered(labels.astype(str).tolist())
    return items


def _channels_last(array: NDArray, where: str) -> NDArray:
    """A view [N, H, W, C]."""
    shape = list(array.shape)
    if array.ndim == 3 and shape[-1] not in (1, 3, 4):
        return array[..., None]
    if array.ndim == 4:
        last, first = shape[-1] in (1, 3, 4), shape[1] in (1, 3, 4)
        if last and first:
            raise UserError(f"{where} has shape {shape}: it may be [N, H, W, C] or [N, C, H, W]; give [N, H, W].")
        if last or first:
            return array if last else np.moveaxis(array, 1, -1)
    raise UserError(f"{where} has shape {shape}; images are [N, H, W], [N, H, W, C] or [N, C, H, W], with C 1, 3 or 4.")


def _extremes(array: NDArray, where: str) -> tuple[float, float]:
    """(smallest, largest) value of all images, for one may lie about the others; UserError if one is not finite."""
    low, high = np.inf, -np.inf
    if array.dtype.kind not in "buif":
        return low, high
    for start, block in _blocks(array):
        if array.dtype.kind == "f" and not np.isfinite(block).all():
            bad = start + int(np.argmin(np.isfinite(block).reshape(len(block), -1).all(axis=1)))
            raise UserError(f"Image {bad} of {where} holds NaN or infinite values; mend it or leave it out.")
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high


def _blocks(array: NDArray) -> Iterator[tuple[int, NDArray]]:
    step = max(1, BLOCK * len(array) // array.size)
    return ((start, array[start : start + step]) for start in range(0, len(array), step))


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        old = version == (1, 0)
        shape, _, dtype = (np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0)(file)
    return shape, dtype


def _idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file: two zero bytes, 8 for uint8, the rank, the sides as big-endian int32, the values."""
    opening = cast(Callable[..., IO[bytes]], gzip.open if path.suffix == ".gz" else open)
    try:
        with opening(path, "rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != b"\0\0\x08":
                raise UserError(f"{path} is no IDX file of uint8 values; download it again.")
            shape = [int(side) for side in np.frombuffer(file.read(4 * head[3]), ">u4")]
            count = int(np.prod(shape, dtype=object))
            if count > MAX_LOADED:
                raise UserError(f"{path} claims {count:,} values, more than 4 GiB; download it again.")
            data = file.read(count)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _unreadable(str(path), error) from error
    if len(shape) != head[3] or len(data) < count:
        raise UserError(f"{path} is cut short: {len(data):,} of {count:,} values; download or copy it again.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _unreadable(where: str, error: Exception) -> UserError:
    if "Python objects" in str(error) or "Object arrays" in str(error):
        return UserError(f"{where} holds Python objects, not numbers; save the images as one uint8 array [N, H, W, C].")
    return UserError(f"{where} is cut short or damaged ({first_line(error)}); make or download it again.")
