"""Labels of image files: from a file of labels, or from the folders around the images."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO, TextIOWrapper
from typing import TypeAlias

from ganatomy.data.items import ImageError, Label
from ganatomy.data.kinds import is_image
from ganatomy.errors import UserError, short
from ganatomy.system.terminal import printable_name

LABEL_FILES = ("labels.csv", "dataset.json")
MAX_LABELS = 64 * 2**20  # bytes of a file of labels
MAX_ENTRIES = 8_000_000  # of dataset.json, which takes some 100 bytes each as it is read
SHOWN = 4  # names of a level

Folders: TypeAlias = tuple[str, ...]  # around an image, from the outside in


def from_folders(
    folders: Mapping[str, Folders], split_of: Mapping[str, str], level: int | None
) -> tuple[dict[str, Label], str | None, str | None]:
    """{image: class} of {image: its folders}; a sentence on the choice; and why there are no classes, if so.

    level: whose names are the classes, counted from 1, the outermost; None: the outermost that has several names, if
    further in these repeat in each of them or there is one name in each: cats, dogs of cats/part1, cats/part2,
    dogs/part1. Where they do not, and where folders that are only numbered lie around others, nobody can know.
    split_of: {image: its split}. Raises UserError where there is no such level.
    """
    paths = {path for path in folders.values() if path}
    levels = candidates(paths)
    if level is not None:
        deepest = max(map(len, paths), default=0)
        if not 1 <= level <= deepest:
            there = f"it is 1 to {deepest}" if deepest else "there are no folders around the images"
            raise UserError(f"There is no level {level} of folders to take classes from; {there}.")
        levels = [level - 1]
    if not levels:
        return dict.fromkeys(folders), None, None
    chosen, *deeper = levels
    if deeper and not (all(_belongs(paths, chosen, other) for other in deeper)):
        listed = " or ".join(f"of level {each + 1} ({_names(paths, each)})" for each in levels)
        flags = " or ".join(f"--classes-from {each + 1}" for each in levels)
        return dict.fromkeys(folders), None, f"the classes may be its folders {listed}: choose by {flags}"
    words = None
    if deeper:
        other = " or ".join(f"--classes-from {each + 1} for {_names(paths, each)}" for each in deeper)
        words = f"The classes are the folders of level {chosen + 1} ({_names(paths, chosen)}); {other}."
    plain = _without_classes(folders, split_of, chosen) if level is None else set()
    labels: dict[str, Label] = {
        name: path[chosen] if len(path) > chosen and split_of[name] not in plain else None
        for name, path in folders.items()
    }
    return labels, words, None


def candidates(paths: set[Folders]) -> list[int]:
    """The levels, from 0, the outermost, that all images have and at which folders differ."""
    depth = min(map(len, paths), default=0)
    return [level for level in range(depth) if len({path[level] for path in paths}) > 1]


def _belongs(paths: set[Folders], outer: int, inner: int) -> bool:
    """Whether the inner folders only divide the outer ones: one in each, or most names in several of them."""
    pairs = {(path[outer], path[inner]) for path in paths}
    parents, names = {parent for parent, _ in pairs}, Counter(name for _, name in pairs)
    if len(pairs) == len(parents):
        return True
    if _numbered(parents) and not _numbered(names):
        return False  # part1/cats, part1/dogs, part2/cats: the numbers hardly are the classes
    return 2 * sum(count for count in names.values() if count > 1) >= len(pairs)


def _numbered(names: Iterable[str]) -> bool:
    """Whether names differ in a number only: part1, part2."""
    return len({re.sub(r"\d+", "#", name) for name in names}) == 1


def _without_classes(folders: Mapping[str, Folders], split_of: Mapping[str, str], level: int) -> set[str]:
    """Splits with one folder of a name that elsewhere lies within classes: val/images beside train/CLASS/images."""
    of_split: dict[str, set[str]] = {}
    for name, path in folders.items():
        of_split.setdefault(split_of[name], set()).update(path[level : level + 1])
    inner = {part for path in folders.values() for part in path[level + 1 :]}
    return {split for split, names in of_split.items() if len(names) == 1 and names <= inner}


def _names(paths: set[Folders], level: int) -> str:
    names = sorted({path[level] for path in paths})
    return printable_name(", ".join(names[:SHOWN])) + (f", … {len(names):,} in all" if len(names) > SHOWN else "")


def from_file(
    file: str, bytes_of: Callable[[str], bytes], where: str, paths: Mapping[str, Iterable[str]]
) -> tuple[dict[str, Label], str | None]:
    """{image: label} of a file of labels, and a sentence on its lines that name no image.

    paths: {image: how the file may name it}. Raises UserError where the file cannot be read.
    """
    from ganatomy.data.decode import reasons  # with Pillow, which lists of kinds do without

    images = {path: image for image, those in paths.items() for path in those}
    try:
        with reasons():
            data = bytes_of(file)
        pairs = (_rows if file.lower().endswith(".csv") else _stylegan)(data)
        table, strangers, first = {}, 0, ""
        for path, label in pairs:
            # Windows writes backslashes, some tools ./ in front.
            image = images.get(path) or images.get(path.replace("\\", "/").removeprefix("./"))
            if image is not None:
                table[image] = label
            else:
                strangers, first = strangers + 1, first or path
    except (ImageError, ValueError, TypeError, KeyError, RecursionError, csv.Error) as error:
        raise UserError(
            f"{file} in {where} cannot be read ({error}); labels.csv has lines of file,label, "
            'dataset.json has {"labels": [["file.png", 3], …]}.'
        ) from error
    entries = f"{strangers:,} entries of {file} name" if strangers > 1 else f"One entry of {file} names"
    return table, f"{entries} no image that is there (first: {printable_name(short(first))})." if strangers else None


def _rows(data: bytes) -> Iterator[tuple[str, Label]]:
    """File and label of each line of a .csv, read one by one: there may be many."""
    rows = csv.reader(TextIOWrapper(BytesIO(data), "utf-8-sig", errors="replace", newline=""))
    first = True
    for row in rows:
        if row and len(row) < 2:
            raise ValueError(f"line {rows.line_num} has no label")
        if row and not (first and not is_image(row[0].strip())):  # a header
            yield row[0].strip(), row[1].strip()
        first = first and not row


def _stylegan(data: bytes) -> Iterator[tuple[str, Label]]:
    if sum(data.count(mark) for mark in b"[{,") > MAX_ENTRIES:
        raise ValueError(f"more than {MAX_ENTRIES // 10**6} million entries")
    for file, label in json.loads(data.decode("utf-8-sig", errors="replace"))["labels"] or []:  # null: no labels
        if not isinstance(label, int | str):
            raise ValueError("labels must be numbers of classes or their names")
        yield str(file), label
