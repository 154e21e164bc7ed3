"""What every kind of source turns into: names, labels, and a way to read the i-th image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from ganatomy.data.decode import Labels, Raw

Label = str | int | None
MAX_BYTES = 256 * 2**20  # of one image's file


class ImageError(Exception):
    """One image cannot be read. The message is the reason, in a few words."""


@dataclass
class Items:
    """The images of one split of a source, in a fixed order, not yet read.

    `read(i)` gives the i-th one undecoded; it is called from several threads, and whatever it raises counts as one
    unreadable image.
    `labels` index `classes`; both are None when the images have no classes. `values` tells how an array's numbers
    were understood.
    """

    names: Sequence[str]
    read: Callable[[int], Raw]
    labels: Labels | None = None
    classes: list[str] | None = None
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: str | None = None
    close: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def numbered(labels: Sequence[Label], vocabulary: Sequence[Label] = ()) -> tuple[Labels | None, list[str] | None]:
    """Names → int64 indices into the sorted classes; (None, None) unless every image has a label.

    Classes are those of `labels` and `vocabulary` together, so that all splits of a source number them alike.
    Whole numbers sort by value: "10" comes after "9".
    """
    if not labels or any(label is None for label in labels):
        return None, None
    classes = sorted({str(label) for label in (*labels, *vocabulary) if label is not None}, key=_by_value)
    index = {name: i for i, name in enumerate(classes)}
    return np.array([index[str(label)] for label in labels], dtype=np.int64), classes


def with_classes(labels: Sequence[Label], names: Any) -> tuple[Labels | None, list[str] | None]:
    """The set's own numbering when it names its classes, else ours; none for −1, which marks the unlabelled."""
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
