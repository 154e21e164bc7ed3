"""Prepared sets on disk: a folder each with pixels.npy, labels.npy and manifest.json, there whole or not at all."""

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.data.decode import Labels, Pixels
from ganatomy.data.items import ImageError, Items
from ganatomy.data.values import Range
from ganatomy.errors import UserError
from ganatomy.modalities.alpha import on_white
from ganatomy.system import sealed
from ganatomy.system.files import READING_ARRAYS, new_folder
from ganatomy.system.terminal import printable_name

if TYPE_CHECKING:
    from ganatomy.data.streaming import ShardStream

BLOCK = 2**20  # bytes
LAID = 256  # images that are laid on white at a time


@dataclass(frozen=True)
class Images:
    """A prepared set.

    pixels       uint8 [N, H, W, C], memory-mapped, read-only
    labels       int64 [N], indices into `classes`; both None for images without classes
    fingerprint  the same for the same images prepared in the same way, on every machine and in every folder
    source       the path or name that was given; of images that were given in memory, prepared:FINGERPRINT
    skipped      (member, reason) of each image that could not be read
    values       how numbers of more or other than 8 bits were understood, in words
    unlabelled   why there are no labels, where something like labels was found
    notes        sentences for a person: what was done to the images, and what was left out
    range        the values of black and white, where they were chosen or do not follow from the type of the numbers
    stream       the whole set, of which these are some images: tar shards that are decoded as they are needed
    former       the fingerprint that the first format gave these images, if it prepared them to other pixels
    """

    pixels: Pixels
    labels: Labels | None
    classes: list[str] | None
    fingerprint: str
    source: str
    skipped: list[tuple[str, str]]
    values: str | None = None
    notes: tuple[str, ...] = ()
    range: Range | None = None
    former: str | None = None
    unlabelled: str | None = None
    stream: "ShardStream | None" = None

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def total(self) -> int:
        """Images of the whole set: their number, or, of a stream that was not read to its end, an estimate."""
        return len(self) if self.stream is None else self.stream.total

    @property
    def stored(self) -> Pixels:
        """The pixels."""
        return self.pixels

    def on_white(self) -> "Images":
        """Transparent images laid on white, in memory and as a set of their own; others as they are."""
        if self.pixels.shape[3] != 4:
            return self
        pixels = np.empty((*self.pixels.shape[:3], 3), np.uint8)
        for begin in range(0, len(pixels), LAID):
            pixels[begin : begin + LAID] = on_white(self.pixels[begin : begin + LAID])
        fingerprint = hashlib.sha256(f"{self.fingerprint} on white".encode()).hexdigest()
        return replace(self, pixels=pixels, fingerprint=fingerprint, former=None, stream=None)

    def first(self, count: int) -> "Images":
        """The first `count` of them, or all if there are no more."""
        if count >= len(self):
            return self
        chosen = replace(
            self,
            pixels=self.pixels[:count],
            labels=None if self.labels is None else self.labels[:count],
            fingerprint=_of_first(self.fingerprint, count),
            former=self.former and _of_first(self.former, count),
        )
        left, present = f"{len(self) - count:,} left out", set(chosen.present)
        if lost := [name for name in self.present if name not in present]:
            left += f", among them all of {classes_named(lost)}"
        note = f"data.first={count}: the first {count:,} of {len(self):,} images are used, {left}."
        return replace(chosen, notes=(*self.notes, note))

    @property
    def present(self) -> list[str]:
        """The classes of which there is an image, in their order; none where images have no classes."""
        if self.labels is None or self.classes is None:
            return []
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return [name for name, count in zip(self.classes, counts, strict=True) if count]

    def of_classes(self, names: Sequence[str]) -> "Images":
        """Those of the classes `names`, whose labels number `names`; images without labels are none of any class."""
        if self.labels is None or self.classes is None:
            return self.some(np.arange(0))
        place = {name: i for i, name in enumerate(names)}
        number = np.array([place.get(name, -1) for name in self.classes], np.int64)[self.labels]
        wanted = np.flatnonzero(number >= 0)
        chosen = self if len(wanted) == len(self) else self.some(wanted)
        return replace(chosen, labels=number[wanted], classes=list(names))

    def some(self, indices: NDArray[np.intp]) -> "Images":
        """Those of the indices, in memory."""
        digest = hashlib.sha256(np.ascontiguousarray(indices, np.int64).tobytes()).hexdigest()
        return replace(
            self,
            pixels=self.pixels[indices],
            labels=None if self.labels is None else self.labels[indices],
            fingerprint=hashlib.sha256(f"{self.fingerprint}, {digest}".encode()).hexdigest(),
            stream=None,
        )

    @property
    def warning(self) -> str | None:
        """A sentence about the images that were set aside, or None."""
        if not self.skipped:
            return None
        (member, reason), total = self.skipped[0], len(self) + len(self.skipped)
        return (
            f"{self.source}: {len(self.skipped):,} of {total:,} images cannot be read "
            f"(first: {printable_name(member)}, {reason}). "
            f"Training goes on without them; `ganatomy data inspect {self.source}` lists them."
        )


def _of_first(fingerprint: str, count: int) -> str:
    return hashlib.sha256(f"{fingerprint}, the first {count}".encode()).hexdigest()


def classes_named(names: Sequence[str], most: int = 10) -> str:
    """'the class dog', 'the classes cat and dog', or 'the 1,000 classes a, b, …'."""
    if len(names) > most:
        return f"the {len(names):,} classes {', '.join(names[:most])}, …"
    *others, last = names
    return f"the classes {', '.join(others)} and {last}" if others else f"the class {last}"


def entry(cache: Path, fingerprint: str) -> Path:
    """The folder of a prepared set in a cache."""
    return cache / "data" / fingerprint


def described(entry: Path) -> bool:
    """Whether the prepared set in the folder `entry` says what was done to it; those of the first format do not."""
    try:
        return "notes" in json.loads((entry / "manifest.json").read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def kept(entry: Path, source: str, check: bool = True) -> Images | None:
    """The prepared set in the folder `entry`, or None if there is none or it is damaged, be it by one bit.

    check: False to leave out the checksums of the files, for which they are read, once in a process.
    """
    try:
        text = (entry / "manifest.json").read_bytes().decode("utf-8", "surrogatepass")
        manifest, whole = sealed.read(text)
        whole = whole and (f'"{sealed.SEAL}": ' in text) == ("crc32" in manifest)  # earlier versions wrote neither
        if not whole or any((entry / file).stat().st_size != size for file, size in manifest["files"].items()):
            return None
        if check and any(_crc(entry / file) != crc for file, crc in manifest.get("crc32", {}).items()):
            return None
        labels = None
        with READING_ARRAYS:
            pixels = np.load(entry / "pixels.npy", mmap_mode="r", allow_pickle=False)
            if "labels.npy" in manifest["files"]:
                labels = np.load(entry / "labels.npy", allow_pickle=False)
                labels.flags.writeable = False
        skipped = [(member, reason) for member, reason in manifest["skipped"]]
        notes, limits = tuple(manifest.get("notes", ())), manifest.get("range")
        images = Images(pixels, labels, manifest["classes"], manifest["fingerprint"], source, skipped, notes=notes)
        return replace(images, range=limits and (limits[0], limits[1]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(
    entry: Path,
    source: str,
    items: Items,
    images: Iterable[Pixels | ImageError],
    shape: tuple[int, int, int],
    fingerprint: str,
    limits: Range | None,
    notes: Callable[[], list[str]] = list,
    least: int = 2,
) -> None:
    """Make the folder `entry` of `images` (uint8, each of `shape`), leaving out those that could not be read.

    limits: the `range` of the set; notes: asked for once all images are written. Memory does not grow with their
    number. After an error nothing is left behind; the caller holds a lock.
    Raises UserError when fewer than `least` images are readable.
    """
    with new_folder(entry) as part:
        good, skipped = [], []
        # Written, not mapped: on a full disk a write raises an error, where touching a mapped page kills the process.
        with open(part / "pixels.npy", "wb") as file:
            _header(file, (0, *shape))
            for i, image in enumerate(images):
                if isinstance(image, ImageError):
                    skipped.append((items.names[i], str(image)))
                else:
                    file.write(image.tobytes())
                    good.append(i)
            file.seek(0)
            _header(file, (len(good), *shape))  # of the same length: numpy leaves room for N to grow
        if len(good) < least:
            _enough(source, len(good), skipped)
        if items.labels is not None:
            np.save(part / "labels.npy", items.labels[good])
        files = {file.name: file.stat().st_size for file in part.iterdir()}
        manifest = {
            "fingerprint": fingerprint,
            "files": files,
            "classes": items.classes,
            "skipped": skipped,
            "range": limits,
            "notes": notes(),
            "crc32": {file: _crc(part / file) for file in files},
        }
        # Names of files may be no text: what stands for their bytes passes.
        (part / "manifest.json").write_bytes(sealed.to_text(manifest).encode("utf-8", "surrogatepass"))
        shutil.rmtree(entry, ignore_errors=True)  # a damaged one


def _crc(path: Path) -> int:
    """CRC-32 of a file, which is read once in a process as long as it looks the same."""
    info = path.stat()
    return _crc_of(path, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)


@lru_cache(256)
def _crc_of(path: Path, *looks: int) -> int:
    crc = 0
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            crc = zlib.crc32(block, crc)
    return crc


def _enough(source: str, readable: int, skipped: list[tuple[str, str]]) -> None:
    if readable == 0:
        first = f" (first: {printable_name(skipped[0][0])}, {skipped[0][1]})" if skipped else ""
        raise UserError(f"None of the {len(skipped):,} images of {source} can be read{first}.")
    if readable == 1:
        raise UserError(f"{source} has one readable image; training needs two at least, and hundreds to be any good.")


def _header(file: IO[bytes], shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
