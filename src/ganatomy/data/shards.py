"""A set of tar shards, here or at an address: which there are, and the samples in them."""

from __future__ import annotations

import itertools
import os
import posixpath
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganatomy.data.items import Items
from ganatomy.data.kinds import ending
from ganatomy.data.layout import SAME_SPLIT, SPLITS, no_split
from ganatomy.data.tar import items_of, samples
from ganatomy.errors import UserError
from ganatomy.system.addresses import filesystem, is_address, reached
from ganatomy.system.files import PARTIAL, remove
from ganatomy.system.lazy import np

BRACES = re.compile(r"\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}")
SPLIT = re.compile(rf"({'|'.join(sorted(SPLITS))})(?![a-z])", re.IGNORECASE)
CLASSES = "classes.txt"
MOST = 1_000_000  # shards
OLD = 86_400  # seconds, after which a copy that was not finished is nobody's
AT_ONCE = 16  # questions to a file system


@dataclass(frozen=True)
class Shard:
    """A tar file: its name in the set, where it is, its bytes, and a text that changes when the file does."""

    name: str
    address: str
    size: int
    version: str


@dataclass(frozen=True)
class Shards:
    """The shards of one split, sorted by name.

    where    what messages call the set
    splits   names of the splits there are; empty where the set is not divided
    classes  names of the classes, of classes.txt beside the shards; None: there is no such file
    copies   the folder for copies of shards that are elsewhere
    unread   other files beside them, by their endings
    """

    where: str
    shards: tuple[Shard, ...]
    splits: list[str]
    classes: list[str] | None
    copies: Path
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """Bytes of all shards."""
        return sum(shard.size for shard in self.shards)

    @property
    def stamp(self) -> str:
        """A text that changes whenever one of the files does."""
        lines = [f"{shard.address} {shard.size} {shard.version}" for shard in self.shards]
        return "\n".join([*lines, str(self.classes)])

    def items(self, chosen: Sequence[Shard] | None = None) -> Items:
        """The samples of these shards, of all where none are named. Shards that are elsewhere are copied meanwhile."""
        with ExitStack() as stack:
            archives = [(each.name, stack.enter_context(self.local(each))) for each in chosen or self.shards]
            items = items_of(archives, self.where, self.classes)
            items.splits = self.splits
            items.unread += self.unread
            items.close = stack.pop_all().close
        return items

    def first(self, count: int, chosen: Callable[[Sequence[Shard]], None]) -> Items:
        """The samples of as many shards, drawn from all alike, as have `count` together.

        chosen: is called with the shards.
        """
        order = np.random.default_rng(0).permutation(len(self.shards))
        used, found = [], 0
        for shard in (self.shards[i] for i in order):
            with self.local(shard) as archive:
                found += len(samples(archive)[0])
            used.append(shard)
            if found >= count:
                break
        used.sort(key=lambda shard: shard.name)
        chosen(used)
        items = self.items(used)
        if len(used) < len(self.shards):
            items.notes.append(
                f"{self.where}: {len(used):,} of {len(self.shards):,} shards were looked at for size, colours, scale "
                "and classes; scores and the diagnosis compare with their images."
            )
        return items

    @contextmanager
    def local(self, shard: Shard) -> Iterator[Path]:
        """A shard as a file of this machine: itself, or a copy that is removed afterwards.

        Raises UserError where it cannot be reached, or is not as large as it was.
        """
        if not is_address(shard.address):
            yield _unchanged(Path(shard.address), shard)
            return
        _remove_old(self.copies)
        copy = self.copies / f"{PARTIAL}{secrets.token_hex(4)}-{posixpath.basename(shard.name)[:100]}"
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            with reached(shard.address):
                system, path = filesystem(shard.address)
                system.get_file(path, str(copy))
            yield _unchanged(copy, shard)
        finally:
            copy.unlink(missing_ok=True)


def _unchanged(path: Path, shard: Shard) -> Path:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"{shard.address} cannot be read: {error.strerror}.") from error
    if size != shard.size:
        raise UserError(f"{shard.address} has {size:,} bytes and had {shard.size:,}: it was changed meanwhile.")
    return path


def _remove_old(folder: Path) -> None:
    """Remove copies that killed processes left behind; those of today may be another process's."""
    for path in folder.glob(f"{PARTIAL}*"):
        try:
            if time.time() - path.stat().st_mtime > OLD:
                remove(path)
        except OSError:  # another process was quicker
            continue


def expanded(pattern: str) -> list[str]:
    """The names that a pattern with braces stands for: {000..099} counts, {a,b} lists. Raises UserError if too many."""
    parts: list[list[str]] = []
    at, count = 0, 1
    for match in BRACES.finditer(pattern):
        first, last, listed = match.groups()
        choices = range(int(first), int(last) + 1) if listed is None else listed.split(",")
        count *= len(choices)
        if not 0 < count <= MOST:
            raise UserError(f"{match[0]} in {pattern} stands for no shards, or for more than {MOST:,}.")
        width = 0 if listed else len(first)
        parts += [[pattern[at : match.start()]], [f"{each:0{width}}" if width else str(each) for each in choices]]
        at = match.end()
    return ["".join(each) for each in itertools.product(*parts, [pattern[at:]])]


def is_pattern(text: str) -> bool:
    """Whether a text is the name of a tar file with braces in it."""
    return text.lower().endswith(".tar") and bool(BRACES.search(text))


def is_here(pattern: str) -> bool:
    """Whether the first of the shards that a pattern stands for is a file of this machine."""
    return is_pattern(pattern) and os.path.isfile(Path(expanded(pattern)[0]).expanduser())


def find(place: str, where: str, split: str, copies: Path) -> Shards:
    """The shards of a split at an address, of a pattern with braces, of a folder, or the one in a file.

    place: where they are, an absolute path or an address; where: what messages call them. Raises UserError where there
    are none, one of a pattern is missing, or there is no such split.
    """
    with reached(where):
        system, path = filesystem(place)
        named = path.partition("?")[0].lower().endswith(".tar")
        infos, unread = (_of_pattern(place, where), Counter[str]()) if named else _in_folder(system, path, where)
        folder = posixpath.dirname(path) if named else path.rstrip("/")
        classes = _classes(system, f"{folder}/{CLASSES}")
    root = posixpath.commonpath([posixpath.dirname(each) for each in infos]) or "."
    paths = {posixpath.relpath(each, root): each for each in sorted(infos)}
    split_of = {name: _split_of(name) for name in paths}
    splits = sorted({each for each in split_of.values() if each}) if all(split_of.values()) else []
    wanted = SAME_SPLIT if split in SAME_SPLIT else (split,)
    chosen = [name for name in paths if not splits or split_of[name] in wanted]
    if not chosen or (not splits and split != "train"):
        raise no_split(where, split, splits)
    shards = []
    for name in chosen:
        info = infos[paths[name]]
        its = str(system.unstrip_protocol(paths[name])) if is_address(place) else paths[name]
        shards.append(Shard(name, its, int(info.get("size") or 0), _version(info)))
    return Shards(where, tuple(shards), splits, classes, copies, unread)


def _version(info: dict[str, Any]) -> str:
    """What a file system says that changes with a file."""
    return str([info.get(key) for key in ("mtime", "ETag", "etag", "LastModified", "last_modified", "md5Hash")])


def _split_of(name: str) -> str | None:
    """The split in a shard's name: train/000.tar, val-000.tar."""
    match = SPLIT.match(name)
    return match[1].lower() if match else None


def _of_pattern(place: str, where: str) -> dict[str, dict[str, Any]]:
    """What is known of each file of a pattern. Raises UserError where some are missing."""

    def ask(address: str) -> tuple[str, dict[str, Any] | None]:
        system, path = filesystem(address)
        try:
            return path, dict(system.info(path))
        except FileNotFoundError:
            return path, None

    addresses = expanded(place)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(ask, addresses))
    missing = [path for path, info in found if info is None or info.get("type") == "directory"]
    if missing:
        count = f"{len(missing):,} of the {len(found):,} shards are" if len(found) > 1 else "the shard is"
        raise UserError(f"{where}: {count} not there (first: {missing[0]}).")
    return {path: info for path, info in found if info is not None}


def _in_folder(system: Any, folder: str, where: str) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """What is known of each .tar in a folder and in its folders of splits, and the other files by their endings.

    Raises UserError where there is none.
    """
    found: dict[str, dict[str, Any]] = {}
    unread = Counter[str]()
    top = system.ls(folder, detail=True)
    inner = [each["name"] for each in top if each["type"] == "directory" and _base(each).lower() in SPLITS]
    for info in [*top, *(info for name in inner for info in system.ls(name, detail=True))]:
        if info["type"] == "directory":
            continue
        if info["name"].lower().endswith(".tar"):
            found[info["name"]] = dict(info)
        elif _base(info) != CLASSES and (kind := ending(_base(info))):
            unread[kind] += 1
    if not found:
        raise UserError(f"{where} holds no .tar; of data at an address only tar shards can be read.")
    return found, unread


def _base(info: dict[str, Any]) -> str:
    return posixpath.basename(info["name"].rstrip("/"))


def _classes(system: Any, path: str) -> list[str] | None:
    """The lines of classes.txt; None where there is no such file."""
    try:
        content = system.cat_file(path)
    except Exception:  # each file system has errors of its own for a file that is not there
        return None
    return [line.strip() for line in content.decode("utf-8-sig", errors="replace").splitlines() if line.strip()]
