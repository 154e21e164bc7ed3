"""Samples in tar archives, as WebDataset lays them out: files that share a key (0001.jpg, 0001.cls) are one sample.

The key is the path up to the first dot of the file's name. Headers are read by `tarfile`; nothing is unpacked to disk
and nothing is unpickled.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ganatomy.data.items import MAX_BYTES, ImageError, Items, Label, numbered, with_classes
from ganatomy.data.kinds import ending, is_hidden, is_image
from ganatomy.data.labels import from_folders
from ganatomy.system.lazy import np
from ganatomy.system.terminal import printable_name

PICKLED = (".pyd", ".pkl", ".pickle", ".pth", ".pt")
MAX_LABEL = 1024  # bytes of a .cls
MAX_JSON = 2**20  # bytes


class Extent(NamedTuple):
    """Where a file lies in an archive, in bytes."""

    begin: int
    size: int


@dataclass(slots=True)
class TarSample:
    """One sample of an archive.

    name     of its image, or its key where there is none
    image    where that lies; None: there is none
    label    where its class lies, and whether that is a .json
    problem  why it cannot be read
    """

    name: str
    image: Extent | None = None
    label: tuple[Extent, bool] | None = None
    problem: str | None = None


def samples(archive: Path) -> tuple[list[TarSample], Counter[str]]:
    """The samples of an archive in the order in which they lie there, and its other files by their endings.

    Only headers are read. An archive that is damaged ends in a sample whose problem says so.
    """
    found: dict[str, TarSample] = {}
    others: dict[str, list[tuple[str, Extent]]] = {}  # images with more than one dot
    unread, damage = Counter[str](), None
    length = archive.stat().st_size
    try:
        with tarfile.open(archive, "r:") as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # or it keeps all of them
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    unread["link or device"] += 1
                    continue
                _sort(member.name, Extent(member.offset_data, member.size), length, found, others, unread)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        damage = "cut short or no tar archive" if isinstance(error, tarfile.ReadError) else str(error)
    for key, images in others.items():
        if (plain := found.get(key)) is not None and plain.image is not None:
            unread.update(_rest(name) for name, _ in images)
        else:  # each is a sample of its own: many archives have names with dots, and no keys
            label = found.pop(key, TarSample(key)).label
            found.update((name, TarSample(name, place, label)) for name, place in images)
    for sample in found.values():
        if sample.image is None:
            sample.problem = "has no image"
        elif sum(sample.image) > length:
            sample.problem = "truncated"
    return [*found.values(), *([TarSample("", problem=damage)] if damage else [])], unread


def _sort(
    name: str,
    place: Extent,
    length: int,
    found: dict[str, TarSample],
    others: dict[str, list[tuple[str, Extent]]],
    unread: Counter[str],
) -> None:
    """Put a file to its sample, or among those that are not read."""
    name = name.removeprefix("./")
    key, rest = name.removesuffix(_rest(name)), _rest(name).lower()
    if is_hidden(name):
        unread.update([kind] if (kind := ending(name)) else [])
    elif rest in (".cls", ".json"):
        sample = found.setdefault(key, TarSample(key))
        if sample.label is None or rest == ".cls":
            sample.label = place, rest == ".json"
    elif not is_image(name):
        unread[ending(name) or "hidden"] += 1
    elif "." in rest[1:]:
        others.setdefault(key, []).append((name, place))
    elif (sample := found.setdefault(key, TarSample(key))).image is None:
        sample.name, sample.image = name, place
    else:
        unread[f"second {rest}"] += 1


def _rest(name: str) -> str:
    """What follows the key, with its dot."""
    _, dot, rest = name.rpartition("/")[2].partition(".")
    return dot + rest


def items_of(archives: Sequence[tuple[str, Path]], where: str, classes: Sequence[str] | None = None) -> Items:
    """The samples of archives, which are (name, file) each, in order.

    classes: the names of the classes that numbers in a .cls stand for; None: the numbers are the names.
    """
    every: list[tuple[int, TarSample]] = []
    unread = Counter[str]()
    for i, (_, path) in enumerate(archives):
        those, rest = samples(path)
        every += [(i, sample) for sample in those]
        unread += rest

    def content(i: int, place: Extent) -> bytes:
        with open(archives[i][1], "rb") as file:
            file.seek(place.begin)
            return file.read(place.size)

    def read(i: int) -> bytes:
        archive, sample = every[i]
        if sample.problem is not None or sample.image is None:
            raise ImageError(sample.problem or "has no image")
        if sample.image.size > MAX_BYTES:
            raise ImageError(f"larger than {MAX_BYTES // 2**20} MB")
        return content(archive, sample.image)

    def label_of(archive: int, sample: TarSample) -> Label:
        if sample.label is None:
            return None
        place, is_json = sample.label
        if place.size > (MAX_JSON if is_json else MAX_LABEL):
            return None
        return _label(content(archive, place), is_json, classes)

    def label(level: int | None) -> None:
        good = [i for i, (_, sample) in enumerate(every) if sample.problem is None]
        words = unclear = None
        if level is None and any(every[i][1].label for i in good):
            own = [label_of(*every[i]) for i in good]
            place = "a .cls or a .json with a label beside them"
        else:
            folders = {str(i): tuple(every[i][1].name.split("/")[:-1]) for i in good}
            named, words, unclear = from_folders(folders, dict.fromkeys(folders, ""), level)
            own, place = list(named.values()), "the folders"
            if level is None and len(set(own) - {None}) < 2:
                own = []
        if missing := [i for i, each in zip(good, own, strict=False) if each is None]:
            unclear = (
                f"{len(missing):,} of {len(good):,} images have no label in {place} "
                f"(first: {printable_name(items.names[missing[0]])})"
            )
            own = []
        notes = [words] if words and own else []
        if own:
            numbers, items.classes = with_classes(own, classes) if classes else numbered(own)
            if numbers is None:
                unclear = f"some are none of the {len(classes or ())} classes in classes.txt"
            else:
                items.labels = np.full(len(every), -1, np.int64)  # −1: of those that cannot be read, which are left out
                items.labels[good] = numbers
        if unclear:
            notes.append(f"Labels are not used: {unclear}.")
        items.unlabelled = " ".join(notes) or None
        items.notes += notes

    names = [f"{archives[i][0]}/{sample.name}".rstrip("/") for i, sample in every]
    items = Items(names, read, where=where, label=label, unread=unread)
    items.size = lambda i: (every[i][1].image or Extent(0, 0)).size
    pickled = sum(unread.pop(kind, 0) for kind in PICKLED)
    if pickled:
        endings = " ".join(PICKLED)
        items.notes.append(f"{where}: {pickled:,} pickled files ({endings}) are not read: unpickling may run any code.")
    return items


def _label(content: bytes, is_json: bool, classes: Sequence[str] | None) -> Label:
    """The class in a .cls or in a .json with an entry `label`; None where there is none."""
    found: object = content.decode("utf-8", errors="replace").strip()
    if is_json:
        try:
            entries = json.loads(content)
            found = entries.get("label") if isinstance(entries, dict) else None
        except (ValueError, RecursionError):
            return None
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        return None
    if classes is None:
        return found
    if isinstance(found, str) and found in classes:
        return list(classes).index(found)
    try:
        return int(found)
    except ValueError:
        return -1
