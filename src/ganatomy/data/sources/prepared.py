"""A set that was prepared before, by its fingerprint: how later commands name images that were given in memory."""

from __future__ import annotations

import re
from pathlib import Path

from ganatomy.data.items import Items, Numbered
from ganatomy.data.layout import no_split
from ganatomy.data.sources import NAMES, Found, register_source
from ganatomy.errors import UserError

PREFIX = "prepared:"
FINGERPRINT = re.compile("[0-9a-f]{64}")


@register_source("prepared:FINGERPRINT", example="prepared:FINGERPRINT", rank=NAMES)
def prepared(name: str, split: str, cache: Path) -> Found | None:
    """Images that were given in Python before, as long as the cache has them.

    Raises UserError when it has not.
    """
    from ganatomy.data.store import entry, kept  # with numpy, which lists of kinds do without

    if not name.startswith(PREFIX):
        return None
    fingerprint = name.removeprefix(PREFIX)
    images = kept(entry(cache, fingerprint), name) if FINGERPRINT.fullmatch(fingerprint) else None
    if images is None:
        raise UserError(
            f"The cache, {cache}, does not have {name} (any more, or not whole): give the same images again."
        )
    if split != "train":
        raise no_split(name, split, [])

    def load() -> Items:
        return Items(Numbered(len(images)), images.pixels.__getitem__, images.labels, images.classes)

    return Found(name, name, load, images)
