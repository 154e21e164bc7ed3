"""Image files in a folder or a zip archive, read in place."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from ganatomy.data import samples
from ganatomy.data.items import MAX_BYTES, Items, bounded
from ganatomy.data.layout import EXTENSIONS, MAX_LABELS, arranged, is_wanted
from ganatomy.data.sources import FOLDERS, Found, file_with, register_source, stamp
from ganatomy.errors import UserError

UNSAFE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")


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
    return Found(name, stamp(path, split), lambda: _zip(path, split, name))


def _found_folder(place: Path, split: str, name: str) -> Found:
    files: dict[str, str] = {}
    every, other = [], ""
    for relative, info in _walk(place):
        every.append(relative)
        if is_wanted(relative):
            files[relative] = f"{info.st_size} {info.st_mtime_ns}"
        elif relative.endswith((".zip", ".npy", ".npz")):
            other = other or relative
    if not files and other:
        raise UserError(f"{name} holds no images but {other}; give that file itself.")
    left_out = samples.others(_images(files), every, lambda name: _read(place / name, samples.MOST_BYTES))
    for file in left_out:
        del files[file]
    listing = "\n".join(f"{file} {files[file]}" for file in sorted(files))
    listed = f"{place.resolve()}\n{split}\n{listing}"
    return Found(name, listed, lambda: _folder(place, list(files), left_out, split, name))


def _images(files: Iterable[str]) -> list[str]:
    return [file for file in files if file.lower().endswith(EXTENSIONS)]


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below `root`, as (path with forward slashes, stat); links are followed, but no folder twice."""
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
            continue
        seen.add((info.st_dev, info.st_ino))
        for entry in entries:
            if entry.name.startswith("."):
                continue
            with suppress(OSError):  # a link to itself
                if entry.is_dir():
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.is_file():
                    yield f"{prefix}{entry.name}", entry.stat()


def _folder(place: Path, files: list[str], left_out: list[str], split: str, where: str) -> Items:
    items = arranged(files, split, where, lambda name: _read(place / name, MAX_LABELS))
    items.read = lambda i: _read(place / items.names[i], MAX_BYTES)
    items.size = lambda i: (place / items.names[i]).stat().st_size
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
        members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        for name, info in members.items():
            if UNSAFE.search(name):
                raise UserError(f"{where} is refused: its member {name!r} points outside the archive.")
            if info.flag_bits & 1:
                raise UserError(f"{where} is encrypted; unpack it with its password and give the folder.")
        wanted = {name: info for name, info in members.items() if is_wanted(name)}
        inner = next((name for name in members if name.lower().endswith(".zip")), None)
        if inner and not wanted:
            raise UserError(f"{where} holds another archive ({inner}) and no images; unpack it and give {inner}.")

        def read(name: str, most: int) -> bytes:
            info = members[name]
            with archive.open(info) as member:
                return bounded(member, info.file_size, most)

        left_out = samples.others(_images(wanted), members, lambda name: read(name, samples.MOST_BYTES))
        items = arranged(wanted.keys() - left_out, split, where, lambda name: read(name, MAX_LABELS))
        items.read = lambda i: read(items.names[i], MAX_BYTES)
        items.size = lambda i: members[items.names[i]].file_size
        items.notes += samples.sentences(where, left_out)
        items.close = stack.pop_all().close
        return items
