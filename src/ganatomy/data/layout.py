"""Splits and labels from names: top folders are splits, folders around images classes; or a file of labels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from posixpath import basename

from ganatomy.data.items import Items, Label, numbered
from ganatomy.data.kinds import EXTENSIONS, is_hidden, is_image
from ganatomy.data.labels import LABEL_FILES, from_file, from_folders
from ganatomy.errors import UserError
from ganatomy.system.terminal import printable_name

SPLITS = {"train", "test", "val", "valid", "validation"}
SAME_SPLIT = ("val", "valid", "validation")


def is_wanted(name: str) -> bool:
    """Whether a file is an image or a file of labels, by its name: a relative path with forward slashes."""
    return not is_hidden(name) and (is_image(name) or basename(name) in LABEL_FILES)


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

    labelling = _Labelling(inside, splits, everything.difference(images), root, where, bytes_of)
    items = Items(names=chosen, read=_unset, splits=splits)
    items.label = lambda level: labelling.label(items, level)
    return items


@dataclass(frozen=True)
class _Labelling:
    """What labels follow from: {image: its path inside what wraps everything, `root`}, splits, and files of labels."""

    inside: dict[str, str]
    splits: list[str]
    files: set[str]
    root: str
    where: str
    bytes_of: Callable[[str], bytes]

    def label(self, items: Items, level: int | None) -> None:
        """Label by the file of labels, or by the folders of that level, and say what was chosen and what is missing."""
        file = self._file() if level is None else None
        labels, words, unclear = self._of_file(file) if file else self._of_folders(level)
        notes = [words] if words else []
        if others := sorted(self.files - {file}):
            place = f"the one that is must lie in or around {self.root or 'the top folder'}"
            reason = f": {place}" if level is None else ""
            notes.append(f"{printable_name(', '.join(others))} in {self.where} is not used{reason}.")
        vocabulary = set(labels.values()) - {None}
        if file or len(vocabulary) > 1 or level is not None:
            own = [labels.get(name) for name in items.names]
            items.labels, items.classes = numbered(own, list(vocabulary))
            if missing := [name for name, label in zip(items.names, own, strict=True) if label is None]:
                unclear = (
                    f"{len(missing):,} of {len(own):,} images have no label in {file or 'the folders'} "
                    f"(first: {printable_name(missing[0])})"
                )
        if unclear:
            notes.append(f"Labels are not used: {unclear}.")
        items.unlabelled = " ".join(notes) or None
        items.notes += notes

    def _file(self) -> str | None:
        """The file of labels that is used: beside the images' top folders, or further out, next to "images/"."""
        usable = [name for name in self.files if self.root.startswith(_around(name))]
        return max(usable, key=lambda name: (name.count("/"), name), default=None)

    def _of_file(self, file: str) -> tuple[dict[str, Label], str | None, str | None]:
        outside = _around(file)
        paths = {name: (path, name.removeprefix(outside)) for name, path in self.inside.items()}
        return *from_file(file, self.bytes_of, self.where, paths), None

    def _of_folders(self, level: int | None) -> tuple[dict[str, Label], str | None, str | None]:
        parts = {name: path.split("/") for name, path in self.inside.items()}
        folders = {name: tuple(path[bool(self.splits) : -1]) for name, path in parts.items()}
        split_of = {name: path[0] if self.splits else "" for name, path in parts.items()}
        return from_folders(folders, split_of, level)


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
