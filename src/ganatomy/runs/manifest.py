"""manifest.json of a checkpoint: its step, its files, and how far the records had come. No torch."""

import re
from math import isfinite
from pathlib import Path
from typing import Any

from ganatomy.errors import UserError
from ganatomy.runs import lines
from ganatomy.system import files, sealed

FORMAT = 1
CHECKPOINT = re.compile(r"step-([0-9]{8,15})")  # its name says the step, too


def manifest(folder: Path) -> dict[str, Any]:
    """The entries of manifest.json. Raises UserError if it is damaged or of a newer version."""
    try:
        entries, whole = sealed.read(files.inside(folder, "manifest.json").read_text(encoding="utf-8"))
        written, listed = int(entries.get("format", 0)), entries["files"]
        good = isinstance(listed, dict) and all(isinstance(file["sha256"], str) for file in listed.values())
    except (OSError, ValueError, KeyError, TypeError):
        raise damaged(folder, "manifest.json cannot be read") from None
    files.check_format(written, FORMAT, folder)
    if not (whole and good and _plausible(folder, entries)):
        raise damaged(folder, "manifest.json is not as it was written")
    return entries


def _plausible(folder: Path, entries: dict[str, Any]) -> bool:
    """Whether the numbers can be those of this folder: all that shows where there is no checksum."""
    name = CHECKPOINT.fullmatch(folder.name)
    counts = (entries.get(key, 0) for key in ("step", "images", "attempt"))
    seconds = entries.get("seconds", 0.0)
    return (
        all(lines.is_step(count) for count in counts)
        and (name is None or entries.get("step") == int(name[1]))
        and lines.is_number(seconds)
        and isfinite(seconds)
    )


def damaged(folder: Path, what: str) -> UserError:
    """The error for a checkpoint that cannot be used."""
    return UserError(f"{folder} is damaged ({what}); remove that folder to use the checkpoint before it.")
