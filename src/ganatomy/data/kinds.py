"""Which files are images, by their names; and what is said of the others."""

import re
from collections import Counter
from importlib.util import find_spec
from posixpath import basename, splitext

from ganatomy.system.terminal import printable_name

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif"),
)
HEIC = (".heic", ".heif", ".hif")  # of the extra `heic`
HIDDEN = re.compile(r"(^|/)\.")
LITTER = re.compile(r"(^|/)(\._[^/]*|\.DS_Store|__MACOSX(/.*)?|Thumbs\.db|desktop\.ini)$")  # of Macs and Windows
CURES = {
    **dict.fromkeys(HEIC, "pip install 'ganatomy[heic]' reads them"),
    **dict.fromkeys((".zip", ".gz", ".7z", ".rar"), "unpack them"),
    ".tar": "give a folder of them alone, or unpack them",
}


def reads_heic() -> bool:
    """Whether the extra that reads HEIC, the pictures of telephones, is installed."""
    return find_spec("pillow_heif") is not None


def is_image(name: str) -> bool:
    """Whether a file is an image that can be read here."""
    return name.lower().endswith((*EXTENSIONS, *HEIC) if reads_heic() else EXTENSIONS)


def is_hidden(name: str) -> bool:
    """Whether a file, by its relative path with forward slashes, is hidden or what Macs and Windows leave about."""
    return bool(HIDDEN.search(name) or LITTER.search(name))


def ending(name: str) -> str | None:
    """How a file is counted that is not read: '.svg', 'hidden', 'no ending'; None: what systems leave about."""
    if LITTER.search(name):
        return None
    return "hidden" if HIDDEN.search(name) else splitext(basename(name))[1].lower() or "no ending"


def unread_files(counts: Counter[str]) -> str:
    """'50 .heic (pip install 'ganatomy[heic]' reads them), 2 .svg'."""
    cures = {kind: f" ({cure})" for kind, cure in CURES.items()}
    return ", ".join(f"{count:,} {printable_name(kind)}{cures.get(kind, '')}" for kind, count in counts.most_common())
