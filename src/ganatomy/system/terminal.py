"""The terminal: the one place where text for people goes out.

Names of files, of classes and of others' runs may hold control characters, which a terminal would obey: clear the
screen, move what was written. Here they are shown instead, as \\u001b, and stay valid in JSON.
"""

import re
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# All but tab and newline: C0, DEL and C1, marks that turn the direction of writing, halves of characters.
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """A text whose control characters are shown; lines stay lines."""
    return CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def printable_name(name: str) -> str:
    """A name, on one line."""
    return printable(name).replace("\n", "\\u000a").replace("\t", "\\u0009")


def show(text: object, *, error: bool = False) -> None:
    """Print a text on the standard output, or on the standard error, at once."""
    print(printable(str(text)), file=sys.stderr if error else sys.stdout, flush=True)


class Terminal(Console):
    """Rich's console for text with names in it: control characters are shown, brackets are no markup.

    Lines of text are not broken: a command that is copied stays whole, however narrow the window.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, **options})

    def print(self, *objects: Any, **settings: Any) -> None:
        """Print as `Console` does, each text on a line of its own length."""
        if all(isinstance(each, str) for each in objects):
            settings.setdefault("soft_wrap", True)
        super().print(*objects, **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, in pieces; those with which rich itself moves the cursor are marked as control."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def fitted(parts: list[str], width: int) -> str:
    """The first parts that fit beside each other, two blanks between them; of the very first, what fits."""
    line = parts[0][:width]
    for part in parts[1:]:
        if part and len(line) + 2 + len(part) > width:
            break
        line += f"  {part}" if part else ""
    return line
