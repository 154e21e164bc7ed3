"""Splits and labels from names: top folders are splits, folders around images classes; or a file of labels."""

import csv
import json
import re
from collections.abc import Callable, Iterable
from posixpath import basename
from typing import Any

from ganatomy.data.items import ImageError, Items, Label, numbered
from ganatomy.errors import UserError

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif"),
)
SPLITS = {"train", "test", "val", "valid", "validation"}
JUNK = re.compile(r"(^|/)(\.|__MACOSX(/|$))")  # hidden files and what Macs leave in archives
LABEL_FILES = ("labels.csv", "dataset.json")
SAME_SPLIT = ("val", "valid", "validation")


def is_wanted(name: str) -> bool:
    """Whether a file is an image or a file of labels, by its name: a relative path with forward slashes."""
    if JUNK.search(name):
        return False
    return name.lower().endswith(EXTENSIONS) or basename(name) in LABEL_FILES


def arranged(names: Iterable[str], split: str, where: str, text_of: Callable[[str], str]) -> Items:
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
        table = _table(label_file, text_of, where, everything.union(inside.values()))
        outside = _around(label_file)
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
            known = label_file or "the folders"
            items.notes.append(f"{without:,} of {len(labels):,} images have no label in {known}: labels are not used.")
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


def _table(file: str, text_of: Callable[[str], str], where: str, images: set[str]) -> dict[str, Label]:
    """File of labels → {image: label}."""
    from ganatomy.data.decode import reasons  # with Pillow, which lists of kinds do without

    try:
        with reasons():
            text = text_of(file)
        return _rows(text, images) if file.endswith(".csv") else _stylegan(json.loads(text))
    except (ImageError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise UserError(
            f"{file} in {where} cannot be read ({error}); labels.csv has lines of file,label, "
            'dataset.json has {"labels": [["file.png", 3], …]}.'
        ) from error


def _rows(text: str, images: set[str]) -> dict[str, Label]:
    rows = [row for row in csv.reader(text.splitlines()) if row]
    for number, row in enumerate(rows, start=1):
        if len(row) < 2:
            raise ValueError(f"line {number} has no label")
    if rows and rows[0][0].strip() not in images and not rows[0][0].strip().lower().endswith(EXTENSIONS):
        rows = rows[1:]  # a header
    return {row[0].strip(): row[1].strip() for row in rows}


def _stylegan(content: Any) -> dict[str, Label]:
    pairs = content["labels"] or []  # StyleGAN writes null for a set without labels
    table: dict[str, Label] = {}
    for file, label in pairs:
        if not isinstance(label, int | str):
            raise ValueError("labels must be numbers of classes or their names")
        table[str(file)] = label
    return table
