"""Folders that `ganatomy sample` writes: a list in them says which images the last call made.

Beside those lie a contact sheet and, it may be, images of earlier calls. They are no samples that were asked for: a
folder or an archive of samples is read without them.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from posixpath import basename, dirname
from typing import Any

from ganatomy.data.items import ImageError, bounded
from ganatomy.system.files import write_text

FORMAT = 1
LIST, SHEET = "samples.json", "grid.png"
MOST_BYTES = 16 * 2**20  # of a list: some 300,000 images
_SEED = re.compile(r"seed-\d{6,}\.png")


def name(seed: int) -> str:
    """The file of a seed's image."""
    return f"seed-{seed:06d}.png"


def name_of_point(number: int) -> str:
    """The file of the image of a point in latent space that no seed draws."""
    return f"latent-{number:06d}.png"


def write(folder: Path, listed: Mapping[str, int], made_by: Mapping[str, Any]) -> None:
    """List images, by file, with their seeds, as the samples in a folder; made_by: what drew them, and how."""
    content = {"format": FORMAT, **made_by, "sheet": SHEET, "images": listed}
    write_text(folder / LIST, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def others(images: Iterable[str], files: Iterable[str], read: Callable[[str], bytes]) -> list[str]:
    """The images in folders of samples that are none of them: sheets, and those that the last call did not make.

    images: relative paths with forward slashes; files: all files there, of which only the lists are read; read: a
    file of at most MOST_BYTES, or ImageError.
    """
    folders: dict[str, list[str]] = {}
    for path in images:
        folders.setdefault(dirname(path), []).append(path)
    lists = {dirname(path): path for path in files if basename(path) == LIST}
    found = []
    for folder, paths in folders.items():
        listed = _listed(read, lists[folder]) if folder in lists else set()
        if not listed:  # of a version that wrote no lists
            rest = [path for path in paths if not _SEED.fullmatch(basename(path))]
            listed = {basename(path) for path in paths} - ({SHEET} if [*map(basename, rest)] == [SHEET] else set())
        left_out = [path for path in paths if basename(path) not in listed]
        found += left_out if len(left_out) < len(paths) else []
    return found


def sentences(where: str, left_out: list[str]) -> list[str]:
    """What is said of images that `others` found: nothing, or one sentence."""
    if not left_out:
        return []
    sheets = sum(basename(path) == SHEET for path in left_out)
    parts = [f"{sheets:,} contact sheet{'s' if sheets > 1 else ''}"] if sheets else []
    if rest := len(left_out) - sheets:
        parts.append(f"{rest:,} image{'s' if rest > 1 else ''} that the last `ganatomy sample` did not make")
    return [f"{where}: left out are {' and '.join(parts)}."]


def left_out(folder: Path) -> list[str]:
    """A sentence on the images in a folder that are none of its samples, if there are any."""
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    found = others((file for file in files if file.endswith(".png")), files, lambda name: _read(folder / name))
    return sentences(str(folder), found)


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        return bounded(file, path.stat().st_size, MOST_BYTES)


def _listed(read: Callable[[str], bytes], path: str) -> set[str]:
    """The names in a list; none where it is damaged."""
    try:
        content = read(path)
        found = json.loads(content)["images"]
        return set(found) if isinstance(found, dict) else set()
    except (ImageError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
