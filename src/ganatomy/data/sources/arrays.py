"""Images that are numbers already: .npy (memory-mapped), .npz and IDX (the format of MNIST)."""

from __future__ import annotations

import gzip
import math
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, cast

from ganatomy.data.items import MAX_BYTES, Items, Numbered, numbered
from ganatomy.data.layout import no_split
from ganatomy.data.sources import Found, file_with, register_source, stamp
from ganatomy.data.values import Numbers
from ganatomy.errors import UserError, first_line
from ganatomy.system.files import READING_ARRAYS
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ganatomy.data.decode import Pixels

MAX_LOADED = 4 * 2**30  # bytes; a .npy has no such limit, for it is mapped, not loaded
UNSUSPICIOUS, MAX_RATIO = 64 * 2**20, 50  # bytes; and how far compressed ones above that may expand
MAX_HEADER = 2**16  # bytes
MAX_LABEL = 1024  # bytes of one label
IN_PIECES = "save it as a .npy, which is read piece by piece"
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
    matches = {folder / file: match for folder, file in listings if (match := IDX.match(file))}
    files = {path: match for path, match in matches.items() if path.is_file()}  # a pipe would wait for ever
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
    with _readable(where):
        with open(path, "rb") as file:
            header = _header(file, path.stat().st_size, where)
        if header.dtype.hasobject:
            raise _python_objects(where)
        order: Literal["F", "C"] = "F" if header.fortran else "C"
        array = np.memmap(path, header.dtype, "r", header.length, header.shape, order)
    return from_array(array, None, where)


def _npz(path: Path, split: str, where: str) -> Items:
    """Images under images, x, x_train, data, arr_0 (or the only array of rank 3 or more), labels likewise."""
    with _readable(where), zipfile.ZipFile(path) as archive:
        members = {
            info.filename.removesuffix(".npy"): info for info in archive.infolist() if info.filename.endswith(".npy")
        }
        headers: dict[str, _Header] = {}
        for name, info in members.items():
            with archive.open(info) as file:
                headers[name] = _header(file, info.file_size, f"{name} in {where}")

        def load(name: str) -> NDArray:
            info = members[name]
            if headers[name].dtype.hasobject:
                raise _python_objects(where)
            check_unpacked(headers[name].size, info.compress_size, f"{name} in {where}", IN_PIECES)
            with archive.open(info) as file, READING_ARRAYS:
                array: NDArray = np.lib.format.read_array(file, allow_pickle=False)
            return array

        splits = sorted(name.removeprefix("x_") for name in headers if name.startswith("x_"))
        if split not in (splits or ["train"]):
            raise no_split(where, split, splits)
        pictures = [name for name, header in headers.items() if len(header.shape) >= 3]
        usual = (f"x_{split}", "images", "x", "data", "arr_0")
        key = next((name for name in usual if name in headers), pictures[0] if len(pictures) == 1 else None)
        if key is None:
            raise UserError(f"Which array of {where} holds the images? It has {', '.join(headers)}; name it images.")
        items = from_array(load(key), None, where, splits)
        label_key = next((name for name in (f"y_{split}", "labels", "y") if name in headers), None)
        if label_key:
            _label(items, headers[label_key].shape, headers[label_key].dtype, lambda: load(label_key), where)
        return items


def from_array(array: NDArray, labels: NDArray | None, where: str, splits: list[str] | None = None) -> Items:
    """Items of an array of images [N, H, W], [N, H, W, C] or [N, C, H, W], and labels [N].

    Numbers are scaled as each image is read, as `Items.scale` decides. Raises UserError for anything that is not a set
    of images.
    """
    if array.dtype.hasobject:
        raise _python_objects(where)
    if array.size == 0:
        raise UserError(f"{where} holds an empty array (shape {list(array.shape)}); give at least two images.")
    array = _channels_last(array, where)
    size = array[0].nbytes
    if size > MAX_BYTES:
        raise UserError(
            f"Each image of {where} takes {size // 2**20:,} MB, more than {MAX_BYTES // 2**20}; cut them up."
        )
    if array.dtype.kind not in "buif":
        raise UserError(f"{where} holds {array.dtype} values; images are uint8, uint16, or fractions from 0 to 1.")
    numbers = Numbers(array.dtype.newbyteorder("=").name, *_extremes(array, where))

    def read(i: int) -> Pixels:
        image = array[i]
        plain = image.dtype == np.uint8 and numbers.given is None
        return np.ascontiguousarray(image) if plain else numbers.to_uint8(image)

    items = Items(Numbered(len(array)), read, splits=splits or [], numbers=numbers, where=where, size=lambda i: size)
    if labels is not None:
        _label(items, labels.shape, labels.dtype, lambda: labels, where)
    return items


def _label(items: Items, shape: tuple[int, ...], dtype: np.dtype, load: Callable[[], NDArray], where: str) -> None:
    """Give the items their labels [N] or [N, 1], which are loaded once shape and type are those of one class an image.

    Raises UserError where their number is another than that of the images.
    """
    if dtype.hasobject:
        raise _python_objects(where)
    count = len(items.names)
    if shape[1:] not in ((), (1,)) or not shape or dtype.kind not in "biufUS" or dtype.itemsize > MAX_LABEL:
        items.unlabelled = f"Labels of shape {list(shape)} are not one class per image: they are not used."
        items.notes.append(items.unlabelled)
        return
    if shape[0] != count:
        raise UserError(f"{where} has {count:,} images but {shape[0]:,} labels; they must go together.")
    labels = load().reshape(count)
    if labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    items.labels, items.classes = numbered(labels.astype(str).tolist())


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
    for start, block in _blocks(array):
        if array.dtype.kind == "f" and not np.isfinite(block).all():
            bad = start + int(np.argmin(np.isfinite(block).reshape(len(block), -1).all(axis=1)))
            raise UserError(f"Image {bad} of {where} holds NaN or infinite values; mend it or leave it out.")
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high


def _blocks(array: NDArray) -> Iterator[tuple[int, NDArray]]:
    step = max(1, BLOCK * len(array) // array.size)
    return ((start, array[start : start + step]) for start in range(0, len(array), step))


class _Header(NamedTuple):  # a dataclass would import numpy for its fields, from Python 3.15 on
    """What the header of a .npy file says, its length in bytes, and the size in bytes of the values behind it."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    length: int
    size: int


def _header(file: IO[bytes], stored: int, where: str) -> _Header:
    """The header of the .npy file of `stored` bytes that begins here; UserError where it claims what is not there."""
    start = BytesIO(file.read(MAX_HEADER))  # a header may claim to be 4 GiB long
    old = np.lib.format.read_magic(start) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
    with READING_ARRAYS:
        shape, fortran, dtype = read(start)
    if any(side < 0 for side in shape):
        raise UserError(f"{where} has the shape {list(shape)}, with a negative side; make or download it again.")
    size = math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and start.tell() + size > stored:
        raise UserError(
            f"{where} is cut short or damaged: {stored:,} of {start.tell() + size:,} bytes; make or download it again."
        )
    return _Header(shape, fortran, dtype, start.tell(), size)


def check_unpacked(size: int, packed: int, where: str, instead: str) -> None:
    """Raises UserError, before anything is allocated, where `packed` bytes unpack to more than images can.

    Photographs shrink to a half, drawings to a tenth; a fiftieth is left to small files only. instead: what helps.
    """
    limit = min(MAX_LOADED, max(UNSUSPICIOUS, MAX_RATIO * packed))
    if size > limit:
        raise UserError(
            f"{where} would unpack from {packed / 2**20:,.1f} to {size / 2**20:,.0f} MiB; at most {limit >> 20:,} MiB "
            f"are read: {instead}."
        )


def _idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file: two zero bytes, 8 for uint8, the rank, the sides as big-endian int32, the values."""
    opening = cast(Callable[..., IO[bytes]], gzip.open if path.suffix == ".gz" else open)
    with _readable(str(path)), opening(path, "rb") as file:
        head = file.read(4)
        if len(head) < 4 or head[:3] != b"\0\0\x08":
            raise UserError(f"{path} is no IDX file of uint8 values; download it again.")
        shape = [int(side) for side in np.frombuffer(file.read(4 * head[3]), ">u4")]
        count = math.prod(shape)
        stored = path.stat().st_size
        if path.suffix == ".gz":
            check_unpacked(count, stored, str(path), "download it again")
            stored = count
        data = file.read(min(count, stored))
    if len(shape) != head[3] or len(data) < count:
        raise UserError(f"{path} is cut short: {len(data):,} of {count:,} values; download or copy it again.")
    return np.frombuffer(data, np.uint8).reshape(shape)


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """Turn whatever a reader of arrays raises into a UserError: damaged files make it raise nearly anything."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise _unreadable(where, error) from error


def _unreadable(where: str, error: Exception) -> UserError:
    return UserError(f"{where} is cut short or damaged ({first_line(error)}); make or download it again.")


def _python_objects(where: str) -> UserError:
    return UserError(f"{where} holds Python objects, not numbers; save the images as one uint8 array [N, H, W, C].")
