"""Tar shards that are decoded one by one, as a training needs them: <cache>/data/shards/<fingerprint>/.

NNNNNN-<version>/  a decoded shard, as a prepared set; of all sets together the least recently used go first
NNNNNN.json        how many images a shard has, and their checksum; it stays
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ganatomy.data.decode import WIDE
from ganatomy.data.decoding import Decoded, How
from ganatomy.data.items import Items
from ganatomy.data.shards import Shard, Shards
from ganatomy.data.sources import Found
from ganatomy.data.store import Images, kept, write
from ganatomy.data.values import Range
from ganatomy.errors import UserError
from ganatomy.system import sealed
from ganatomy.system.files import PARTIAL, cached, remove, write_text
from ganatomy.system.terminal import show


def some_of(found: Found, shards: Shards, buffer: int) -> Found:
    """The images of as many shards as have `buffer` together, as a source of its own."""
    return replace(
        found,
        stamp=f"{found.stamp}\nsome {buffer}",
        load=lambda: shards.first(buffer, lambda chosen: _note(shards, buffer, chosen)),
    )


def with_stream(
    images: Images, shards: Shards, how: How, classes_from: int | None, buffer: int, cache_gb: float
) -> Images:
    """Some images of a set with the stream of all of them, which are decoded as those were."""
    names = [(shard.name, shard.size) for shard in shards.shards]
    fingerprint = hashlib.sha256(json.dumps([images.fingerprint, names, classes_from]).encode()).hexdigest()
    stream = ShardStream(
        shards=shards,
        how=how,
        shape=images.pixels.shape[1:],
        limits=_limits(how.range, images.range),
        classes_from=classes_from,
        folder=shards.copies / fingerprint,
        most=int(cache_gb * 1e9),
        buffer=buffer,
        some=(len(images), _noted(shards, buffer)),
    )
    return replace(images, fingerprint=fingerprint, former=None, stream=stream)


def _limits(given: Range | None, guessed: Range | None) -> dict[str, Range]:
    """Black and white by the type of number: as a person chose for all, or as guessed for those without a usual one."""
    if given is not None:
        return dict.fromkeys((*WIDE, "uint8"), given)
    return dict.fromkeys(("int32", "float32"), guessed) if guessed is not None else {}


class ShardStream:
    """The images of shards by the shard's number, decoded when they are asked for."""

    def __init__(
        self,
        shards: Shards,
        how: How,
        shape: tuple[int, int, int],
        limits: dict[str, Range],
        classes_from: int | None,
        folder: Path,
        most: int,
        buffer: int,
        some: tuple[int, int],
    ) -> None:
        """how, shape (H, W, C), limits, classes_from: how images are decoded; folder: where decoded ones are kept.

        most: bytes of decoded shards on disk; buffer: images shuffled together; some: images of some shards, and the
        bytes of these shards, from which the whole number is estimated. `say` is called with a sentence on images that
        cannot be read.
        """
        self.shards, self.how, self.shape, self.limits, self.classes_from = shards, how, shape, limits, classes_from
        self.folder, self.most, self.buffer, self.some = folder, most, buffer, some
        self.say: Callable[[str], None] = lambda sentence: show(sentence, error=True)
        self._known: dict[int, tuple[int, int]] = {}  # images of a shard, and the checksum of their pixels

    def __len__(self) -> int:
        """The number of shards."""
        return len(self.shards.shards)

    def count(self, number: int) -> int:
        """How many images a shard has that can be read; it is decoded where nobody knows."""
        if (known := self._facts(number)) is None:
            self.images(number)
            known = self._known[number]
        return known[0]

    def known(self) -> dict[str, list[int]]:
        """What is known of the shards, by name: images, checksum. `learn` takes it."""
        found = ((shard.name, self._facts(i)) for i, shard in enumerate(self.shards.shards))
        return {name: list(facts) for name, facts in found if facts is not None}

    def learn(self, known: Mapping[str, Sequence[int]]) -> None:
        """Take what `known` returned, on another machine or before the cache was emptied."""
        for i, shard in enumerate(self.shards.shards):
            if shard.name in known:
                images, checksum = known[shard.name]
                self._known.setdefault(i, (int(images), int(checksum)))

    @property
    def total(self) -> int:
        """The number of images: exact once every shard was decoded, before it by the bytes of the others."""
        facts = [self._facts(i) for i in range(len(self))]
        sizes = [shard.size for shard in self.shards.shards]
        count = sum(each[0] for each in facts if each)
        read = sum(size for size, each in zip(sizes, facts, strict=True) if each)
        of, bytes_of = (count, read) if read > self.some[1] else self.some
        rest = sum(sizes) - read
        return count + (round(of / max(bytes_of, 1) * rest) if rest else 0)

    def images(self, number: int) -> Images:
        """The images of a shard, from the cache or decoded.

        Raises UserError where it cannot be reached, or holds other images than it did.
        """
        shard = self.shards.shards[number]
        version = hashlib.sha256(shard.version.encode()).hexdigest()[:8]
        place = self.folder / f"{number:06d}-{version}"
        with cached(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(_lock(place)):  # nobody decodes it twice, or removes it meanwhile
                found = kept(place, shard.address)
                if found is None:
                    self._decode(shard, place)
                    found = kept(place, shard.address)
                assert found is not None
                os.utime(place)
                self._keep(number, shard, len(found), place)
        return found

    def _decode(self, shard: Shard, place: Path) -> None:
        with self.shards.items([shard]) as items:
            items.label(self.classes_from)
            decoded = Decoded(items, self.shape, self.how, self.limits)
            write(place, shard.address, items, decoded, self.shape, "", None, least=0)
            self._say_skipped(place, shard, items)
        _trim(self.folder.parent, self.most, place)

    def _say_skipped(self, place: Path, shard: Shard, items: Items) -> None:
        if skipped := _manifest(place)["skipped"]:
            name, reason = skipped[0]
            self.say(
                f"{len(skipped):,} of {len(items.names):,} images of {shard.name} cannot be read (first: {name}, "
                f"{reason}). Training goes on without them; `ganatomy data inspect {shard.address}` lists them."
            )

    def _keep(self, number: int, shard: Shard, count: int, place: Path) -> None:
        """Keep how many images a shard has. Raises UserError where they are others than before."""
        facts, before = (count, int(_manifest(place)["crc32"]["pixels.npy"])), self._facts(number)
        if before is not None and before != facts:
            raise UserError(
                f"{shard.address} holds other images than before ({count:,} now, {before[0]:,} then): put the old ones "
                "back, or start a new run."
            )
        self._known[number] = facts
        if not (path := self._path(number)).exists():
            write_text(path, sealed.to_text({"images": facts[0], "crc32": facts[1]}))

    def _facts(self, number: int) -> tuple[int, int] | None:
        if number not in self._known:
            with suppress(OSError, ValueError, KeyError, TypeError):
                entries, whole = sealed.read(self._path(number).read_text(encoding="utf-8"))
                if whole:
                    self._known[number] = int(entries["images"]), int(entries["crc32"])
        return self._known.get(number)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.json"


@dataclass(frozen=True)
class _Entry:
    path: Path
    used: float
    size: int


def _trim(root: Path, most: int, spared: Path) -> None:
    """Remove decoded shards of all sets, the least recently used first, until they take `most` bytes.

    One that a process still reads is mapped there, and goes with it.
    """
    entries: list[_Entry] = []
    for manifest in root.glob("*/*/manifest.json"):
        folder = manifest.parent
        with suppress(OSError):  # another process removes it
            if not folder.name.startswith(PARTIAL):
                size = sum(file.stat().st_size for file in folder.iterdir())
                entries.append(_Entry(folder, folder.stat().st_mtime, size))
    taken = sum(entry.size for entry in entries)
    for entry in sorted(entries, key=lambda entry: entry.used):
        if taken > most and entry.path != spared:
            with suppress(OSError, Timeout), FileLock(_lock(entry.path), timeout=0):
                remove(entry.path)
                taken -= entry.size


def _lock(place: Path) -> Path:
    """The lock of a decoded shard."""
    return place.with_name(f"{place.name[:6]}.lock")


def _manifest(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "manifest.json").read_bytes().decode("utf-8", "surrogatepass"))
    return found


def _note(shards: Shards, buffer: int, chosen: Sequence[Shard]) -> None:
    """Keep how many bytes the chosen shards have."""
    path = _note_path(shards, buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, sealed.to_text({"bytes": sum(shard.size for shard in chosen)}))


def _noted(shards: Shards, buffer: int) -> int:
    """The bytes of the chosen shards; where nobody knows, those of all."""
    try:
        entries: dict[str, Any] = sealed.read(_note_path(shards, buffer).read_text(encoding="utf-8"))[0]
        return int(entries["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return shards.size


def _note_path(shards: Shards, buffer: int) -> Path:
    digest = hashlib.sha256(f"{shards.stamp}\n{buffer}".encode()).hexdigest()
    return shards.copies / f"some-{digest[:32]}.json"
