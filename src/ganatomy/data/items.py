"""What every kind of data turns into: names, labels, and a way to read the i-th image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self, overload

from ganatomy.data.values import check_understood
from ganatomy.errors import UserError
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from ganatomy.data.decode import Labels, Raw, Size
    from ganatomy.data.values import Numbers, Range

Label = str | int | None
MAX_BYTES = 256 * 2**20  # of one image's file


class ImageError(Exception):
    """One image cannot be read. The message is the reason, in a few words."""


def bounded(file: IO[bytes], declared: int, most: int = MAX_BYTES) -> bytes:
    """All of a file of so many bytes. Raises ImageError if it is too large or, whatever was declared, goes on."""
    data = file.read(declared + 1) if declared <= most else None  # exactly: more would be allocated
    if data is None or len(data) > most:
        raise ImageError(f"larger than {most // 2**20} MB")
    if len(data) > declared:
        raise ImageError("it grew while it was read")
    return data


@dataclass
class Items:
    """The images of one split of a source, in a fixed order, not yet read.

    read     the i-th image, not decoded; it is called from several threads, and whatever it raises counts as one
             unreadable image
    size     bytes that the i-th image takes as it is read; large ones are read one at a time
    labels   int64 [N], indices into `classes`; both are None when the images have no classes
    splits   names of the splits there are; empty when the data are not divided
    notes    sentences for a person who inspects the data
    numbers  what an array's images are made of, of which `read` makes uint8; None: of files, each in its own way
    where    what messages call the data
    label    finds the labels, once the items are open, where they depend on a level of folders, 1 the outermost (None:
             the one that is clear); UserError where there is none
    unlabelled  why there are no labels although something like them is there, in sentences
    unread   files that are not read, by their endings
    usual    height and width that are taken where none are asked for; None: those that suit the images
    """

    names: Sequence[str]
    read: Callable[[int], Raw]
    labels: Labels | None = None
    classes: list[str] | None = None
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: Numbers | None = None
    where: str = "the data"
    label: Callable[[int | None], None] = lambda level: _no_folders(level)
    unlabelled: str | None = None
    unread: Counter[str] = field(default_factory=Counter)
    size: Callable[[int], int] = lambda i: 0
    usual: Size | None = None
    close: Callable[[], None] = lambda: None

    def scale(self, given: Range | None) -> None:
        """Decide how an array's numbers are read: as a person chose, or as is usual.

        Raises UserError where neither says what is black and white.
        """
        if self.numbers is not None:
            self.numbers.given = given
            check_understood(self.numbers, self.where)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _no_folders(level: int | None) -> None:
    if level is not None:
        raise UserError("--classes-from is for images in folders: these are in none.")


class Numbered(Sequence[str]):
    """The names of `count` images that have none: image 0, image 1, …; made when they are asked for."""

    def __init__(self, count: int) -> None:
        self.numbers = range(count)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        return [f"image {j}" for j in self.numbers[i]] if isinstance(i, slice) else f"image {self.numbers[i]}"


def numbered(labels: Sequence[Label], vocabulary: Sequence[Label] = ()) -> tuple[Labels | None, list[str] | None]:
    """Names [N] → int64 indices [N] into the sorted classes; (None, None) unless every image has a label.

    Classes are those of `labels` and `vocabulary` together, so that all splits number them alike.
    Whole numbers sort by value: "10" comes after "9".
    """
    if not labels or any(label is None for label in labels):
        return None, None
    classes = sorted({str(label) for label in (*labels, *vocabulary) if label is not None}, key=_by_value)
    index = {name: i for i, name in enumerate(classes)}
    return np.array([index[str(label)] for label in labels], dtype=np.int64), classes


def with_classes(labels: Sequence[Label], names: Any) -> tuple[Labels | None, list[str] | None]:
    """`numbered`, unless the classes have names: then labels [N] number these. None for −1, which marks no label."""
    if not names:
        return numbered(labels)
    numbers = [label for label in labels if isinstance(label, int) and 0 <= label < len(names)]
    if len(numbers) < len(labels):
        return None, None
    return np.array(numbers, dtype=np.int64), [str(name) for name in names]


def class_number(label: Any) -> int | None:
    """A class as a whole number; None for boxes, masks, captions, vectors of attributes."""
    try:
        return int(label)
    except (TypeError, ValueError, RuntimeError):
        return None


def _by_value(name: str) -> tuple[bool, int, str]:
    try:
        return False, int(name), name
    except ValueError:
        return True, 0, name
