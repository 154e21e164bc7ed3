"""Splits and labels from names: top folders are splits, folders around images classes; or a file of labels."""

import csv
import json
import re
from collections.abc import Callable, Iterable
from io import BytesIO, TextIOWrapper
from posixpath import basename

from ganatomy.data.items import ImageError, Items, Label, numbered
from ganatomy.errors import UserError

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif"),
)
SPLITS = {"train", "test", "val", "valid", "validation"}
JUNK = re.compile(r"(^|/)(\.|__MACOSX(/|$))")  # hidden files and what Macs leave in archives
LABEL_FILES = ("labels.csv", "dataset.json")
MAX_LABELS = 64 * 2**20  # bytes of a file of labels
MAX_ENTRIES = 8_000_000  # of dataset.json, which takes some 100 bytes each as it is read
SAME_SPLIT = ("val", "valid", "validation")


def is_wanted(name: str) -> bool:
    """Whether a file is an image or a file of labels, by its name: a relative path with forward slashes."""
    if JUNK.search(name):
        return False
    return name.lower().endswith(EXTENSIONS) or basename(name) in LABEL_FILES


def arranged(names: Iterable[str], split: str, where: str, bytes_of: Callable[[str], bytes]) -> Items:
    """The images of `split` among the wanted files `names`, sorted, with labels; the caller sets `read`.

    Raises UserError when there are no images, no such split, or the file of labels is malformed.
    """
    everything = set(names)
    images = sorted(name for name in everything if basename(name) not in LABEL_FILES)
    if not images:
        raise UserError(f"{where} holds no images; accepted are files ending in {' '.join(EXTENSIONS)}.")
    root = _wrapper(images)
    inside = {name: name.removeprefix(root) for name in images}  # without the folder that wraps everything
    splits = sorted({path.partition("/")[0] if "/" in path else "" for path in inside.values()})
    if not all(top.lower() in SPLITS for top in splits):
        splits = []
    chosen = images
    if splits:
        wanted = SAME_SPLIT if split in SAME_SPLIT else (split,)
        chosen = [name for name in images if inside[name].partition("/")[0].lower() in wanted]
    if not chosen or (not splits and split != "train"):
        raise no_split(where, split, splits)

    # Beside the images' top folders, or further out ("labels.csv" next to "images/").
    label_files = [name for name in everything.difference(images) if root.startswith(_around(name))]
    label_file = max(label_files, key=lambda name: (name.count("/"), name), default=None)
    if label_file:
        outside = _around(label_file)
        known = {name.removeprefix(outside) for name in images}.union(inside.values())
        table = _table(label_file, bytes_of, where, known)
        label_of: dict[str, Label] = {
            name: table.get(name.removeprefix(outside), table.get(path)) for name, path in inside.items()
        }
    else:
        label_of = {name: _folder(path, bool(splits)) for name, path in inside.items()}
    vocabulary = set(label_of.values()) - {None}
    labels = [label_of[name] for name in chosen]
    items = Items(names=chosen, read=_unset, splits=splits)
    if label_file or len(vocabulary) >= 2:
        items.labels, items.classes = numbered(labels, list(vocabulary))
        without = labels.count(None)
        if without:
            places = label_file or "the folders"
            items.notes.append(f"{without:,} of {len(labels):,} images have no label in {places}: labels are not used.")
    return items


def no_split(where: str, split: str, splits: list[str]) -> UserError:
    """The error for a split that the data have not."""
    there = f"choose one of: {', '.join(splits)}" if splits else "its images are not divided into splits"
    return UserError(f"{where} has no split called {split!r}; {there}.")


def _unset(i: int) -> bytes:
    raise AssertionError("whoever arranges items sets how they are read")


def _wrapper(images: list[str]) -> str:
    """The folders that wrap everything ("cats/" in most archives), as a prefix; never a split's."""
    first, last = images[0], images[-1]  # sorted: the folders that these two share, all share
    root = ""
    while True:
        top, slash, _ = first.removeprefix(root).partition("/")
        if not slash or top.lower() in SPLITS or not last.startswith(f"{root}{top}/"):
            return root
        root += top + "/"


def _around(name: str) -> str:
    """The folder of a file, as a prefix."""
    return name[: name.rfind("/") + 1]


def _folder(path: str, has_splits: bool) -> Label:
    parents = path.split("/")[has_splits:-1]
    return parents[-1] if parents else None


def _table(file: str, bytes_of: Callable[[str], bytes], where: str, images: set[str]) -> dict[str, Label]:
    """File of labels → {image: label}."""
    from ganatomy.data.decode import reasons  # with Pillow, which lists of kinds do without

    try:
        with reasons():
            data = bytes_of(file)
        return _rows(data, images) if file.endswith(".csv") else _stylegan(data, images)
    except (ImageError, ValueError, TypeError, KeyError, RecursionError, csv.Error) as error:
        raise UserError(
            f"{file} in {where} cannot be read ({error}); labels.csv has lines of file,label, "
            'dataset.json has {"labels": [["file.png", 3], …]}.'
        ) from error


def _rows(data: bytes, images: set[str]) -> dict[str, Label]:
    """The lines of those images, read one by one: a file of labels may be long."""
    table: dict[str, Label] = {}
    rows = csv.reader(TextIOWrapper(BytesIO(data), "utf-8-sig", errors="replace", newline=""))
    for row in rows:
        if row and len(row) < 2:
            raise ValueError(f"line {rows.line_num} has no label")
        if row and (name := row[0].strip()) in images:
            table[name] = row[1].strip()
    return table


def _stylegan(data: bytes, images: set[str]) -> dict[str, Label]:
    if sum(data.count(mark) for mark in b"[{,") > MAX_ENTRIES:
        raise ValueError(f"more than {MAX_ENTRIES // 10**6} million entries")
    pairs = json.loads(data.decode("utf-8-sig", errors="replace"))["labels"] or []  # null for a set without labels
    table: dict[str, Label] = {}
    for file, label in pairs:
        if not isinstance(label, int | str):
            raise ValueError("labels must be numbers of classes or their names")
        if str(file) in images:
            table[str(file)] = label
    return table
