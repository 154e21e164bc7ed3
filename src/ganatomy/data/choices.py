"""How a person had images prepared, for the next training on them: <cache>/data/choices/<hash of path and split>."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganatomy.data.sources import is_name
from ganatomy.system.files import cache_folder, cached, write_text


def remember(path: str | os.PathLike[str], split: str, options: Mapping[str, Any]) -> None:
    """Keep the options of `data` that were chosen for a source, in place of those that were chosen before."""
    with cached(cache_folder()):
        place = _place(path, split)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_text(place, json.dumps(dict(options)))


def remembered(path: str | os.PathLike[str], split: str = "train") -> dict[str, Any]:
    """The options that were chosen for a source, by name: {"size": [64, 64]}; none where nobody chose any."""
    try:
        found = json.loads(_place(path, split).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _place(path: str | os.PathLike[str], split: str) -> Path:
    text = os.fspath(path)
    name = text if is_name(text) else str(Path(text).expanduser().resolve())
    return cache_folder() / "data" / "choices" / hashlib.sha256(f"{name}\n{split}".encode()).hexdigest()
