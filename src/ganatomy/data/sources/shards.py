"""Tar shards in WebDataset's layout: a folder of them, a pattern with braces, or an address."""

from __future__ import annotations

import os
from pathlib import Path

from ganatomy.data.kinds import is_image, reads_heic
from ganatomy.data.layout import SPLITS
from ganatomy.data.shards import find, is_here, is_pattern
from ganatomy.data.sources import NAMES, Found, file_with, register_source
from ganatomy.errors import UserError
from ganatomy.system.addresses import is_address


@register_source(".tar", example="'shards/train-{000000..000099}.tar'")
def tar(name: str, split: str, cache: Path) -> Found | None:
    """Tar shards in WebDataset's layout: a folder of them, one, or a pattern with braces.

    Raises UserError where a pattern stands for files that are not there.
    """
    place = Path(name).expanduser()
    if file_with(name, ".tar") is None and not is_here(name) and not _holds_shards(place):
        if is_pattern(name):
            raise UserError(f"{name}: the first of these shards is not there.")
        return None
    return _found(os.path.abspath(place), name, split, cache)


@register_source("address of tar shards", example="'s3://bucket/train-{000000..000099}.tar'", rank=NAMES)
def address(name: str, split: str, cache: Path) -> Found | None:
    """Such shards elsewhere, by an address that fsspec knows: `s3://`, `https://`, …"""
    return _found(name, name, split, cache) if is_address(name) else None


def _found(place: str, name: str, split: str, cache: Path) -> Found:
    shards = find(place, name, split, cache / "data" / "shards")
    return Found(name, f"{split}\n{reads_heic()}\n{shards.stamp}", shards.items, shards=shards)


def _holds_shards(place: Path) -> bool:
    """Whether a folder, or its folders of splits, hold tar files, and no images lie beside them."""
    if not os.path.isdir(place):
        return False
    try:
        names = os.listdir(place)
        inner = [
            other
            for name in names
            if name.lower() in SPLITS and os.path.isdir(place / name)
            for other in os.listdir(place / name)
        ]
    except OSError:  # whoever reads folders says why
        return False
    every = [*names, *inner]
    return any(name.lower().endswith(".tar") for name in every) and not any(is_image(name) for name in every)
