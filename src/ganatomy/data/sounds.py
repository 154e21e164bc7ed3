"""Sounds, ready for training: any files → one memory-mapped array of int16 samples, made once and kept in the cache.

<cache>/sounds/<key>/   waves.npy, labels.npy where there are classes, and manifest.json, there whole or not at all; the
                        key follows from the names, sizes and times of the files, and from the rate and the length
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from posixpath import dirname
from typing import IO, TypeAlias

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from ganatomy.data.kinds import ending, is_hidden, is_image, unread_files
from ganatomy.data.sources.notes import NAME, PITCHES, render
from ganatomy.errors import UserError
from ganatomy.modalities.sounds import files
from ganatomy.modalities.sounds.files import Waves
from ganatomy.modalities.sounds.sound_modality import SoundModality
from ganatomy.system import sealed
from ganatomy.system.files import READING_ARRAYS, cache_folder, cached, checksum, new_folder, remove, write_text
from ganatomy.system.terminal import printable_name

FORMAT = 1  # raise when the same files would become other samples
LOOKED_AT = 1000  # files of a folder, by which its kind is found
LEAST = 2  # sounds
WAVES, LABELS, MANIFEST = "waves.npy", "labels.npy", "manifest.json"
Labels: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Sounds:
    """Sounds that are trained on, or measured.

    stored       int16 [N, T], memory-mapped, read-only
    modality     their rate and length
    labels       int64 [N], indices into `classes`; both None for sounds without classes
    fingerprint  the same for the same sounds, whatever files they are in
    source       the path or name that was given
    notes        sentences for a person: what was done to the sounds, and what was left out
    """

    stored: Waves
    modality: SoundModality
    labels: Labels | None
    classes: list[str] | None
    fingerprint: str
    source: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def values(self) -> None:
        """Samples are as the files have them."""

    def part(self, begin: int, end: int | None) -> Sounds:
        """Those from index `begin` on, before `end`."""
        if begin == 0 and (end is None or end >= len(self)):
            return self
        labels = None if self.labels is None else self.labels[begin:end]
        fingerprint = hashlib.sha256(f"{self.fingerprint}, {begin} to {end}".encode()).hexdigest()
        return replace(self, stored=self.stored[begin:end], labels=labels, fingerprint=fingerprint)


def are_sounds(path: str | os.PathLike[str]) -> bool:
    """Whether a path is the named set, or a folder of more sounds than images, as far as its first files tell."""
    if os.fspath(path) == NAME:
        return True
    place = Path(path).expanduser()
    if not place.is_dir():
        return False
    kinds = Counter(_kind(name) for name, _ in islice(_walk(place), LOOKED_AT))
    return kinds["sound"] > kinds["image"]


def _kind(name: str) -> str:
    return "sound" if files.is_sound(name) else "image" if is_image(name) else "other"


def rate_and_seconds(path: str | os.PathLike[str]) -> tuple[int, float]:
    """Samples per second and seconds of the first sound of a folder. Raises UserError where it cannot be read."""
    first = min((name for name, _ in _walk(Path(path)) if files.is_sound(name) and not is_hidden(name)), default=None)
    if first is None:
        raise UserError(f"{path} holds no sounds.")
    try:
        return files.rate_and_seconds(Path(path, first))
    except UserError as error:
        raise UserError(f"{Path(path, first)}: {error}") from None


def prepare_sounds(path: str, rate: int, seconds: float, first: int | None = None) -> tuple[Sounds, Sounds | None]:
    """The sounds to train on, and those that are not trained on, where there are any.

    path: a folder, whose folders are classes, or `notes`; rate: samples per second, and seconds: of each sound. Of a
    folder with a folder `train` that one is trained on; a folder `test` beside it is not, nor is what `first` leaves.
    A second call with unchanged files reads none of them. Raises UserError where there are none that can be read.
    """
    modality = SoundModality(rate, round(rate * seconds))
    test: Sounds | None
    if path == NAME:
        whole, test = _rendered("train", modality), _rendered("test", modality)
    else:
        place = Path(path).expanduser()
        if not place.is_dir():
            raise UserError(f"There is no folder {path}.")
        train = place / "train"
        whole = _of_folder(train if train.is_dir() else place, path, modality)
        both = train.is_dir() and (place / "test").is_dir()
        test = _of_folder(place / "test", path, modality) if both else None
    if first is not None and first < len(whole):
        note = f"data.first={first}: the first {first:,} of {len(whole):,} sounds are used."
        return replace(whole.part(0, first), notes=(*whole.notes, note)), whole.part(first, None)
    return whole, test


def _rendered(split: str, modality: SoundModality) -> Sounds:
    def fill(part: Path) -> tuple[list[str], list[str]]:
        waves, labels = render(split, modality.rate, modality.samples)
        np.save(part / WAVES, files.quantised(waves))
        np.save(part / LABELS, labels)
        return list(PITCHES), []

    return _kept(_hash(NAME, split, modality), NAME, modality, fill)


def _of_folder(place: Path, source: str, modality: SoundModality) -> Sounds:
    found, others = [], Counter[str]()
    for name, stamp in _walk(place):
        if files.is_sound(name) and not is_hidden(name):
            found.append((name, stamp))
        elif kind := ending(name):
            others[kind] += 1
    if not found:
        there = f", only {unread_files(others)}" if others else ""
        raise UserError(f"{source} holds no sounds{there}; accepted are files ending in {' '.join(files.ENDINGS)}.")
    found.sort()

    def fill(part: Path) -> tuple[list[str] | None, list[str]]:
        return _fill(part, place, source, [name for name, _ in found], modality)

    kept = _kept(_hash(str(place.resolve()), found, modality), source, modality, fill)
    left_out = [f"{source}: not read are {unread_files(others)}."] if others else []
    return replace(kept, notes=(*left_out, *kept.notes))


def _fill(
    part: Path, place: Path, source: str, names: list[str], modality: SoundModality
) -> tuple[list[str] | None, list[str]]:
    """Write the sounds of files into a folder; their classes, and what to know of them."""
    read, unread, longer, shorter, mixed, rates = [], [], 0, 0, 0, Counter[int]()
    with open(part / WAVES, "wb") as file:
        _header(file, 0, modality.samples)
        for name in names:
            try:
                sound = files.read(place / name, modality.rate, modality.samples)
            except UserError as error:
                unread.append((name, str(error)))
                continue
            file.write(sound.wave.tobytes())
            read.append(name)
            seconds = modality.samples / modality.rate
            longer, shorter = longer + (sound.seconds > seconds), shorter + (sound.seconds < seconds)
            mixed, rates[sound.rate] = mixed + (sound.channels > 1), rates[sound.rate] + 1
        file.seek(0)
        _header(file, len(read), modality.samples)  # of the same length: numpy leaves room for N to grow
    if len(read) < LEAST:
        first = f" (first: {printable_name(unread[0][0])}, {unread[0][1]})" if unread else ""
        raise UserError(f"{source}: {len(read)} of {len(names):,} sounds can be read, {LEAST} are needed{first}.")
    parents = [dirname(name) for name in read]
    classes = sorted(set(parents)) if len(set(parents)) > 1 and all(parents) else None
    if classes:
        np.save(part / LABELS, np.array([classes.index(parent) for parent in parents], np.int64))
    del rates[modality.rate]
    sentences = {
        f"{len(unread):,} of {len(names):,} sounds cannot be read"
        f" (first: {': '.join(unread[0]) if unread else ''})": len(unread),
        f"{longer:,} are longer than {seconds:g} s, and cut": longer,
        f"{shorter:,} are shorter, and followed by silence": shorter,
        f"the channels of {mixed:,} are mixed into one": mixed,
        f"{rates.total():,} of {', '.join(f'{rate:,}' for rate in sorted(rates))} Hz are resampled": rates.total(),
    }
    said = "; ".join(sentence for sentence, count in sentences.items() if count)
    return classes, [f"{source}: {said}."] if said else []


def _header(file: IO[bytes], count: int, samples: int) -> None:
    entries = {"descr": "<i2", "fortran_order": False, "shape": (count, samples)}
    np.lib.format.write_array_header_1_0(file, entries)


def _kept(
    key: str, source: str, modality: SoundModality, fill: Callable[[Path], tuple[list[str] | None, list[str]]]
) -> Sounds:
    """The sounds in the cache; `fill` writes their arrays into a folder, where they are not there, or damaged."""
    root = cache_folder()
    place = root / "sounds" / key
    with cached(root):
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_suffix(".lock")):  # so that of several processes one reads and the others wait
            if (found := _read(place, source, modality)) is not None:
                return found
            remove(place)
            with new_folder(place) as part:
                classes, notes = fill(part)
                sums = {path.name: checksum(path) for path in sorted(part.iterdir())}
                facts = {"classes": classes, "notes": notes, "files": sums}
                write_text(part / MANIFEST, sealed.to_text(facts))
            found = _read(place, source, modality)
    assert found
    return found


def _read(place: Path, source: str, modality: SoundModality) -> Sounds | None:
    """The sounds in a folder of the cache; None where they are not there, or damaged."""
    try:
        facts, whole = sealed.read((place / MANIFEST).read_text(encoding="utf-8"))
        if not whole or any(checksum(place / name) != each for name, each in facts["files"].items()):
            return None
        with READING_ARRAYS:
            labels = np.load(place / LABELS, allow_pickle=False) if LABELS in facts["files"] else None
            waves = np.load(place / WAVES, mmap_mode="r", allow_pickle=False)
        fingerprint = _hash(facts["files"], facts["classes"], modality)
        return Sounds(waves, modality, labels, facts["classes"], fingerprint, source, tuple(facts["notes"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """Every file below `root`, in order: its path with forward slashes, and what changes when it does."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():
                info = path.stat()
                yield path.relative_to(root).as_posix(), f"{info.st_size} {info.st_mtime_ns}"


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr((FORMAT, *parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
