"""A path or a name → what is there. Folders and archives are read in place; nothing is ever extracted or unpickled."""

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import IO

from ganatomy.data import arrays, matlab, sets
from ganatomy.data.decode import EXTENSIONS, MAX_BYTES, ImageError
from ganatomy.data.items import Found, Items
from ganatomy.data.layout import arranged, is_wanted
from ganatomy.errors import UserError

KINDS = (
    "a folder of images, a .zip, a .npy or .npz, an IDX file, TFD_48x48.mat, or a set: digits, torchvision:NAME, "
    "hf:owner/name"
)
UNSAFE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")


def find(path: str | os.PathLike[str], split: str, cache: Path) -> Found:
    """What `path` names. A set's name comes before a file's: write ./digits for a folder called digits.

    Raises UserError when there is nothing, or nothing of a kind that can be read.
    """
    name = os.fspath(path)
    if found := sets.find(name, split, cache):
        return found
    place = Path(name).expanduser()
    if os.path.isdir(place):
        return arrays.find_idx(place, split, name) or _found_folder(place, split, name)
    if not os.path.exists(place):
        raise _missing(name, place)
    suffix = place.suffix.lower()
    if suffix == ".zip":
        return Found(name, _stamp(place, split), lambda: _zip(place, split, name))
    if suffix == ".npy":
        return Found(name, _stamp(place, split), lambda: arrays.npy(place, split, name))
    if suffix == ".npz":
        return Found(name, _stamp(place, split), lambda: arrays.npz(place, split, name))
    if suffix == ".mat":
        return Found(name, _stamp(place, split), lambda: matlab.tfd(place, split, name))
    if found := arrays.find_idx(place, split, name):
        return found
    if suffix in EXTENSIONS:
        raise UserError(f"{name} is a single image; training needs many: give the folder that holds them.")
    raise UserError(f"{name} is of no kind that can be read; give {KINDS}.")


def _missing(name: str, place: Path) -> UserError:
    beside = os.listdir(place.parent) if os.path.isdir(place.parent) else []
    near = [str(place.with_name(other)) for other in get_close_matches(place.name, beside)] if place.name else []
    near += get_close_matches(name, sets.NAMES, n=1)
    hint = f"did you mean {' or '.join(near)}?" if near else f"give {KINDS}."
    return UserError(f"There is no file, folder or set called {name!r}; {hint}")


def _stamp(place: Path, split: str) -> str:
    info = place.stat()
    return f"{place.resolve()}\n{split}\n{info.st_size} {info.st_mtime_ns}"


def _found_folder(place: Path, split: str, name: str) -> Found:
    files: dict[str, str] = {}
    other = ""
    for relative, info in _walk(place):
        if is_wanted(relative):
            files[relative] = f"{info.st_size} {info.st_mtime_ns}"
        elif relative.endswith((".zip", ".npy", ".npz")):
            other = other or relative
    if not files and other:
        raise UserError(f"{name} holds no images but {other}; give that file itself.")
    stamp = "\n".join(f"{file} {files[file]}" for file in sorted(files))
    return Found(name, f"{place.resolve()}\n{split}\n{stamp}", lambda: _folder(place, list(files), split, name))


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


def _folder(place: Path, files: list[str], split: str, where: str) -> Items:
    def read(i: int) -> bytes:
        with open(place / items.names[i], "rb") as file:
            return _bounded(file, os.fstat(file.fileno()).st_size)

    items = arranged(files, split, where, lambda name: _text((place / name).read_bytes()))
    items.read = read
    return items


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

        def read(i: int | str) -> bytes:
            info = wanted[items.names[i] if isinstance(i, int) else i]
            with archive.open(info) as member:
                return _bounded(member, info.file_size)

        items = arranged(wanted, split, where, lambda name: _text(read(name)))
        items.read, items.close = read, stack.pop_all().close
        return items


def _bounded(file: IO[bytes], declared: int) -> bytes:
    """All of a file, unless it is too large or, whatever its header declared, turns out to be."""
    data = file.read(MAX_BYTES + 1) if declared <= MAX_BYTES else None
    if data is None or len(data) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES // 2**20} MB")
    return data


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="replace")
