"""Images that a program has in memory: arrays, tensors and Datasets, with or without labels."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ganatomy.data import sources
from ganatomy.data.decode import MODES, Labels, Raw, orientation
from ganatomy.data.items import ImageError, Items, Label, Numbered, class_number, numbered, with_classes
from ganatomy.data.layout import no_split
from ganatomy.data.sources import Found
from ganatomy.data.sources.arrays import from_array
from ganatomy.data.values import Numbers
from ganatomy.errors import UserError, first_line

if TYPE_CHECKING:
    from torch import Tensor

REPEATED = 8  # images of a Dataset that are read twice


class ImageDataset(Protocol):
    """A `torch.utils.data.Dataset` with a length, or any sequence: its items are images, or pairs of image and label.

    An image is Pillow's, an array [H, W] or [H, W, C], or a tensor [H, W] or [C, H, W]; C is 1, 3 or 4.
    """

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...


InMemory: TypeAlias = "NDArray[Any] | Tensor | ImageDataset"
Data: TypeAlias = "str | os.PathLike[str] | InMemory"


def from_memory(
    images: InMemory, labels: ArrayLike | Tensor | None = None, classes: Sequence[str] | None = None
) -> Items:
    """The images of an array [N, H, W], [N, H, W, C] or [N, C, H, W], of a tensor of these shapes, or of a Dataset.

    C is 1, 3 or 4. uint8, or numbers within 0–1, −1–1, 0–255 or, of whole ones, 0–65535: `Items.numbers` says how
    they were understood. Nothing is copied before an image is read.

    labels   [N], a class for each image: whole numbers or names; None: a Dataset's own, if its items are pairs
    classes  the classes' names, which labels number from 0; None: the labels themselves are the names

    Raises UserError for what is not clearly a set of images, and for labels that do not fit it.
    """
    items = _unscaled(images, labels, classes)
    items.scale(None)
    return items


def _unscaled(images: InMemory, labels: ArrayLike | Tensor | None, classes: Sequence[str] | None) -> Items:
    array, what = _array(images)
    items = _of_dataset(images, classes) if array is None else from_array(array, None, what)
    if labels is not None:
        items.labels, items.classes = _labelled(labels, classes, len(items.names), what)
    elif classes is not None and items.labels is None:
        raise UserError("classes are the names of labels, and there are none: give labels too.")
    return items


def find(
    data: Data,
    split: str,
    cache: Path,
    labels: ArrayLike | Tensor | None = None,
    classes: Sequence[str] | None = None,
) -> Found:
    """What a path or a name stands for, or images in memory; labels [N] and classes as for `from_memory`.

    Raises UserError where there is nothing that can be read, and for labels beside a path.
    """
    if isinstance(data, (str, os.PathLike)):
        if labels is not None or classes is not None:
            raise UserError("labels and classes go with images in memory; files have their own: see docs/DATA.md.")
        return sources.find(data, split, cache)
    if split != "train":
        raise no_split(_array(data)[1], split, [])
    return Found(_array(data)[1], None, lambda: _unscaled(data, labels, classes))


def _array(images: InMemory) -> tuple[NDArray[Any] | None, str]:
    """The images as one array, sharing memory where that can be, or None of a Dataset; and what messages call them."""
    if isinstance(images, np.ndarray):
        return images, "the array"
    if _is_tensor(images):
        array = _to_numpy(images)
        if array.ndim == 4 and array.shape[1] in MODES:  # where both ends may be channels, a tensor's are the first
            array = np.moveaxis(array, 1, -1)
        return array, "the tensor"
    return None, "the dataset"


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")  # not imported here: without it there are no tensors
    return torch is not None and isinstance(value, torch.Tensor)


def _to_numpy(tensor: Any) -> NDArray[Any]:
    """On the CPU without a copy."""
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has none
        tensor = tensor.float()
    array: NDArray[Any] = tensor.numpy()
    return array


# --- Datasets ---------------------------------------------------------------------------------------------------------


@dataclass
class _Seen:
    """What one pass over a Dataset finds."""

    labels: list[Label] = field(default_factory=list)
    labelled: bool = False
    broken: dict[int, str] = field(default_factory=dict)  # items that cannot be read: why
    numbers: Numbers | None = None  # of the images that are arrays


def _of_dataset(dataset: Any, classes: Sequence[str] | None) -> Items:
    count = _length(dataset)
    lock = Lock()  # a Dataset need not bear several threads

    def item(i: int) -> tuple[Raw, Any]:
        with lock:
            found = dataset[i]
        image, label = (*found, None)[:2] if isinstance(found, (tuple, list)) and found else (found, None)
        return _image(image, i), label

    seen = _look_through(item, count)

    def read(i: int) -> Raw:
        if i in seen.broken:
            raise ImageError(seen.broken[i])
        image, _ = item(i)
        if seen.numbers is None or not isinstance(image, np.ndarray):
            return image
        return image if image.dtype == np.uint8 and seen.numbers.given is None else seen.numbers.to_uint8(image)

    items = Items(Numbered(count), read, numbers=seen.numbers, where="the dataset")
    if seen.labelled:
        readable = [i for i in range(count) if i not in seen.broken]
        own = [seen.labels[i] for i in readable]
        numbers, items.classes = with_classes(own, classes or getattr(dataset, "classes", None))
        if numbers is None:
            items.unlabelled = "The dataset does not give one class for each image: labels are not used."
            items.notes.append(items.unlabelled)
        else:
            items.labels = np.full(count, -1, np.int64)  # −1: of items that cannot be read, which are left out
            items.labels[readable] = numbers
    return items


def _length(dataset: Any) -> int:
    try:
        count = len(dataset)
    except (TypeError, NotImplementedError):
        count = None
    if count is None or not hasattr(dataset, "__getitem__") or isinstance(dataset, Mapping):
        raise UserError(
            f"{type(dataset).__name__} is no set of images: give a path, an array, a tensor or a Dataset with a length."
        )
    if count == 0:
        raise UserError("The dataset is empty; give at least two images.")
    return int(count)


def _look_through(item: Callable[[int], tuple[Raw, Any]], count: int) -> _Seen:
    """Read every item once, and the first few twice.

    Raises UserError for items that are no images, for images that are not the same at every reading, and for numbers
    of several types.
    """
    seen, low, high = _Seen(), np.inf, -np.inf
    kind: np.dtype[Any] | None = None
    for i in range(count):
        try:
            image, label = item(i)
            changes = i < REPEATED and _bytes(image) != _bytes(item(i)[0])
        except UserError:
            raise
        except Exception as error:  # a stranger's code may raise anything: this one image cannot be read
            seen.broken[i] = first_line(error)
            seen.labels.append(None)
            continue
        if changes:
            raise UserError(f"Image {i} of the dataset is another at every reading: leave out random transforms.")
        seen.labels.append(label if isinstance(label, str) else class_number(label))
        seen.labelled = seen.labelled or label is not None
        if isinstance(image, np.ndarray):
            kind = kind or image.dtype
            if image.dtype != kind:
                raise UserError(f"The dataset has images of {kind} and of {image.dtype} values; give all in one type.")
            if kind.kind == "f" and not np.isfinite(image).all():
                raise UserError(f"Image {i} of the dataset holds NaN or infinite values; mend it or leave it out.")
            low, high = min(low, float(image.min())), max(high, float(image.max()))
    if kind is not None:
        seen.numbers = Numbers(kind.newbyteorder("=").name, low, high)
    return seen


def _bytes(image: Raw) -> bytes:
    return np.asarray(image).tobytes()


def _image(image: Any, i: int) -> Raw:
    """Pillow's image, or an array [H, W, C]; UserError if it is neither.

    Pillow's become arrays where nothing is lost: the same pixels are then the same set, whoever held them.
    """
    if isinstance(image, Image.Image):
        plain = image.mode in MODES.values() and "transparency" not in image.info and orientation(image) == 1
        return np.asarray(image).reshape(image.height, image.width, -1) if plain else image
    if _is_tensor(image):
        array = _to_numpy(image)
        array = np.moveaxis(array, 0, -1) if array.ndim == 3 and array.shape[0] in MODES else array
    elif isinstance(image, np.ndarray):
        array = image
    else:
        raise UserError(
            f"Item {i} of the dataset is a {type(image).__name__}; items are images or pairs (image, label)."
        )
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.shape[-1] not in MODES or array.size == 0 or array.dtype.kind not in "buif":
        raise UserError(
            f"Image {i} of the dataset is {array.dtype} {list(array.shape)}; images are numbers [H, W] or [H, W, C], "
            "tensors [H, W] or [C, H, W], with C 1, 3 or 4."
        )
    return array


# --- labels -----------------------------------------------------------------------------------------------------------


def _labelled(
    labels: Any, classes: Sequence[str] | None, count: int, what: str
) -> tuple[Labels | None, list[str] | None]:
    """Numbers [N] of classes and the classes' names."""
    given = _to_numpy(labels) if _is_tensor(labels) else np.asarray(labels)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim != 1 or len(given) != count:
        raise UserError(
            f"{what} has {count:,} images and the labels have the shape {list(given.shape)}: give one an image."
        )
    if given.dtype.kind == "f" and (given == np.rint(given)).all():
        given = given.astype(np.int64)
    values: list[Any] = given.tolist()
    if not all(isinstance(value, (int, str)) for value in values):
        odd = next(value for value in values if not isinstance(value, (int, str)))
        raise UserError(f"{odd!r} is no label: labels are whole numbers or names, one for each image.")
    if classes is None:
        return numbered([str(value) for value in values])
    names = [str(name) for name in classes]
    index: dict[Any, int] = {**{i: i for i in range(len(names))}, **{name: i for i, name in enumerate(names)}}
    unknown = next((value for value in values if value not in index), None)
    if unknown is not None:
        raise UserError(f"The label {unknown!r} is none of the {len(names)} classes, which are numbered from 0.")
    return np.array([index[value] for value in values], np.int64), names
