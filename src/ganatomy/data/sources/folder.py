"""Image files in a folder or a zip archive, read in place."""

from __future__ import annotations

import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from posixpath import basename

from ganatomy.data import samples
from ganatomy.data.items import MAX_BYTES, Items, bounded
from ganatomy.data.kinds import EXTENSIONS, ending, is_hidden, is_image, reads_heic, unread_files
from ganatomy.data.labels import MAX_LABELS
from ganatomy.data.layout import arranged, is_wanted
from ganatomy.data.sources import FOLDERS, Found, file_with, register_source, stamp
from ganatomy.errors import UserError
from ganatomy.system.terminal import printable_name

UNSAFE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


@register_source("folder", example="cats/", rank=FOLDERS)
def folder(name: str, split: str, cache: Path) -> Found | None:
    """Images in a folder, with or without subfolders."""
    place = Path(name).expanduser()
    return _found_folder(place, split, name) if os.path.isdir(place) else None


@register_source(".zip", example="cats.zip")
def archive(name: str, split: str, cache: Path) -> Found | None:
    """A zip of images: read in place, never unpacked."""
    if (path := file_with(name, ".zip")) is None:
        return None
    return Found(name, f"{stamp(path, split)} {reads_heic()}", lambda: _zip(path, split, name))


def _found_folder(place: Path, split: str, name: str) -> Found:
    files: dict[str, str] = {}
    every, unread = [], Counter[str]()
    for relative, info in _walk(place, unread):
        every.append(relative)
        if is_wanted(relative):
            files[relative] = f"{info.st_size} {info.st_mtime_ns}"
    images = [file for file in files if is_image(file)]
    left_out = samples.others(images, every, lambda name: _read(place / name, samples.MOST_BYTES))
    for file in left_out:
        del files[file]
    unread += _endings(file for file in every if file not in files and file not in left_out)
    if not images:
        raise _no_images(name, [file for file in every if file.endswith((".zip", ".npy", ".npz"))], unread)
    listing = "\n".join(f"{file} {files[file]}" for file in sorted(files))
    listed = f"{place.resolve()}\n{split}\n{listing}\n{sorted(unread.items())}"
    return Found(name, listed, lambda: _folder(place, list(files), left_out, unread, split, name))


def _endings(names: Iterable[str]) -> Counter[str]:
    """Files that are not read, counted by their endings."""
    return Counter(kind for name in names if (kind := ending(name)) and basename(name) != samples.LIST)


def _no_images(where: str, others: list[str], unread: Counter[str], notes: Sequence[str] = ()) -> UserError:
    if others and where.lower().endswith(".zip"):
        return UserError(f"{where} holds another archive ({others[0]}) and no images; unpack it and give {others[0]}.")
    if others:
        return UserError(f"{where} holds no images but {others[0]}; give that file itself.")
    there = f", only {unread_files(unread)}" if unread else ""
    accepted = f"accepted are files ending in {' '.join(EXTENSIONS)}."
    return UserError(" ".join([f"{where} holds no images{there}; {accepted}", *notes]))


def _walk(root: Path, unread: Counter[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below `root`, as (path with forward slashes, stat); links are followed, but no folder twice.

    What is no file, and folders that are hidden or come up again, are counted as unread.
    """
    seen = set()
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            info = os.stat(folder)
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            raise UserError(f"The folder {folder} cannot be read: {error.strerror}; mend or remove it.") from error
        if (info.st_dev, info.st_ino) in seen:
            unread["link to a folder above or beside"] += 1
            continue
        seen.add((info.st_dev, info.st_ino))
        for entry in entries:
            relative = f"{prefix}{entry.name}"
            if is_hidden(relative):
                unread.update(_endings([relative]))
                continue
            try:
                if entry.is_dir():
                    waiting.append((entry.path, f"{relative}/"))
                elif entry.is_file():
                    yield relative, entry.stat()
                else:
                    unread["pipe or device" if os.path.exists(entry.path) else "broken link"] += 1
            except OSError:  # a link to itself
                unread["broken link"] += 1


def _folder(place: Path, files: list[str], left_out: list[str], unread: Counter[str], split: str, where: str) -> Items:
    items = arranged(files, split, where, lambda name: _read(place / name, MAX_LABELS))
    items.read = lambda i: _read(place / items.names[i], MAX_BYTES)
    items.size = lambda i: (place / items.names[i]).stat().st_size
    items.unread = unread
    items.notes += samples.sentences(where, left_out)
    return items


def _read(path: Path, most: int) -> bytes:
    with open(path, "rb") as file:
        return bounded(file, os.fstat(file.fileno()).st_size, most)


def _zip(place: Path, split: str, where: str) -> Items:
    with ExitStack() as stack:
        try:
            # Opened here, for a ZipFile that opened its file itself may close it under another thread's feet.
            file = stack.enter_context(open(place, "rb"))
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UserError(f"{where} is cut short or is no zip archive ({error}); copy it again.") from error
        members, notes = _members(archive, where)
        wanted = {name: info for name, info in members.items() if is_wanted(name)}
        if any(info.flag_bits & 1 for info in wanted.values()):
            raise UserError(f"{where} is encrypted; unpack it with its password and give the folder.")

        def read(name: str, most: int) -> bytes:
            info = members[name]
            with archive.open(info) as member:
                return bounded(member, info.file_size, most)

        images = [name for name in wanted if is_image(name)]
        left_out = samples.others(images, members, lambda name: read(name, samples.MOST_BYTES))
        unread = _endings(members.keys() - wanted)
        if not images:
            raise _no_images(where, [name for name in members if name.lower().endswith(".zip")], unread, notes)
        items = arranged(wanted.keys() - left_out, split, where, lambda name: read(name, MAX_LABELS))
        items.read = lambda i: read(items.names[i], MAX_BYTES)
        items.size = lambda i: members[items.names[i]].file_size
        items.unread = unread
        items.notes += [*notes, *samples.sentences(where, left_out)]
        items.close = stack.pop_all().close
        return items


def _members(archive: zipfile.ZipFile, where: str) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
    """The files of an archive by their paths with forward slashes, and sentences on those that are not read."""
    members: dict[str, zipfile.ZipInfo] = {}
    outside, repeated = [], []
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")  # of Windows
        if UNSAFE.search(name):
            outside.append(info.filename)
        elif not name.endswith("/"):
            if name in members:
                repeated.append(name)
            members[name] = info  # the last one, as unpacking leaves it
    notes = []
    if outside:
        notes.append(_not_read(outside, where, "it points outside the archive", "they point outside the archive"))
    if repeated:
        notes.append(_not_read(repeated, where, "a later one has the same name", "later ones have the same names"))
    return members, notes


def _not_read(names: list[str], where: str, reason: str, reasons: str) -> str:
    if len(names) == 1:
        return f"The member {printable_name(names[0])} of {where} is not read: {reason}."
    return f"{len(names):,} members of {where} are not read (first: {printable_name(names[0])}): {reasons}."
