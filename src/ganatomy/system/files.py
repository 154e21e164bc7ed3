"""The one writer of files: whole or not at all, whatever ends the process; and checksums, formats, the cache folder.

A file is written beside its place, forced to disk and renamed, and then its folder is forced to disk.
"""

import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePath
from threading import Lock
from typing import IO

from ganatomy.errors import UserError

PARTIAL = ".partial-"  # how the names of unfinished files and folders begin
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

# To be held where numpy reads a header: it parses it with `ast`, whose depth CPython 3.11 and 3.12 count over all
# threads together, so that two at a time may end in "SystemError: AST constructor recursion depth mismatch".
READING_ARRAYS = Lock()


@contextmanager
def replacing(path: Path, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `path` when the block ends; after an error, `path` is as it was.

    durable: False skips forcing it to disk (some 10 ms a file), for what can be made again, such as sampled images.
    """
    # A name of its own: two threads or processes that write the same file must not finish each other's.
    partial = path.with_name(f"{PARTIAL}{secrets.token_hex(4)}-{path.name[:200]}")
    try:
        with open(partial, "xb") as file:  # x: it follows no link
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        _flush(path.parent)


def write_bytes(path: Path, content: bytes, durable: bool = True) -> None:
    """Write a file, whole or not at all; durable: as for `replacing`."""
    with replacing(path, durable) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `folder` when the block ends; after an error, nothing of it is left.

    Only one process at a time may make the same folder: hold a lock. What a killed one left behind is removed.
    """
    partial = folder.with_name(f"{PARTIAL}{folder.name}")
    remove(partial)
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in (*partial.rglob("*"), partial):
            _flush(path)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _flush(folder.parent)


def remove_partial(folder: Path) -> None:
    """Remove what killed writers left in a folder; nobody may be writing there."""
    for path in folder.glob(f"{PARTIAL}*"):
        remove(path)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it, if it is there; what links lead to stays.

    A folder loses its name first: one that is called so is whole, even if the process ends here.
    """
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    if not path.name.startswith(PARTIAL):
        path = path.rename(path.with_name(f"{PARTIAL}{secrets.token_hex(4)}-{path.name[:200]}"))
    shutil.rmtree(path)


def append_text(path: Path, text: str) -> None:
    """Append to a file in UTF-8: all of the text or, where the disk is full, none. A link is not followed."""
    content = text.encode(errors="replace")
    with open(path, "ab", buffering=0, opener=_open_itself) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            if file.write(content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise


def _open_itself(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)


def inside(folder: Path, *names: str) -> Path:
    """`folder/names`, for reading or writing: what lies below a folder that may be a stranger's.

    Raises UserError where something on the way is a link, which may lead anywhere, or neither file nor folder: a pipe
    would keep its reader waiting for ever.
    """
    path = folder
    for name in PurePath(*names).parts:
        path /= name
        try:
            kind = path.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISLNK(kind):
            raise UserError(f"{path} is a link; links below {folder} are not followed: remove it.")
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise UserError(f"{path} is neither a file nor a folder: remove it.")
    return path


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name, without links, pipes and unfinished files; [] where there is no folder."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [
        Path(entry.path)
        for entry in found
        if not entry.name.startswith(PARTIAL)
        and (entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False))
    ]


def _flush(path: Path) -> None:
    """Force a file or folder to disk."""
    if path.is_dir() and os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason(error: OSError) -> str:
    """Why the system refused, in a few words."""
    return "the disk is full" if error.errno in FULL else error.strerror or str(error)


def distinct_stems(paths: Sequence[str | Path]) -> list[str]:
    """Names of files without their endings, for files beside each other: numbered where two are the same."""
    names: list[str] = []
    for path in paths:
        stem = Path(path).stem
        number = sum(name == stem or name.startswith(f"{stem}-") for name in names)
        names.append(f"{stem}-{number + 1}" if stem in names else stem)
    return names


@contextmanager
def explained(place: Path, advice: str = "make room there or write to another folder") -> Iterator[None]:
    """Write below `place`; what the system refuses becomes one sentence.

    Raises UserError where a file cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"Nothing can be written to {place}: {reason(error)}; {advice}.") from error


def cached(cache: Path) -> AbstractContextManager[None]:
    """`explained` for the cache folder."""
    return explained(cache, "make room there, or set GANATOMY_CACHE to a folder elsewhere")


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_format(written: int, newest: int, source: str | Path) -> None:
    """Raises UserError where `source` has a format newer than the newest that this version reads."""
    if written > newest:
        raise UserError(f"{source} was written by a newer version of Ganatomy (format {written}); update to read it.")


def cache_folder() -> Path:
    """$GANATOMY_CACHE, else ganatomy in $XDG_CACHE_HOME, else ~/.cache/ganatomy."""
    if own := os.environ.get("GANATOMY_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").expanduser() / "ganatomy"
