"""`make docs`: put the tables that pages have from the code in their place, as the code is now.

A page holds them between <!-- made from MODULE:NAME --> and <!-- end -->. NAME is a function that returns Markdown, or
a registry, whose names are then listed with their summaries. CLAIMS.md and REPRODUCTION.md are made from their JSON.
"""

import re
from importlib import import_module
from pathlib import Path

from ganatomy.experiments.claims import api as claims
from ganatomy.experiments.reproduction import api as reproduction
from ganatomy.system.registry import Registry

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
MADE = re.compile(r"(<!-- made from ([\w.]+):(\w+) -->\n\n)(?:.*?\n\n)??(<!-- end -->)", re.S)


def renewed(page: str) -> str:
    """A page's text with every marked table as the code makes it now."""
    return MADE.sub(lambda found: f"{found[1]}{_made(found[2], found[3])}\n\n{found[4]}", page)


def _made(module: str, name: str) -> str:
    source = getattr(import_module(module), name)
    if not isinstance(source, Registry):
        return source()
    head = [f"| {source.kind} | what it is |", "|---|---|"]
    return "\n".join([*head, *(f"| `{each}` | {source.summary(each)} |" for each in source)])


def main() -> None:
    for pages in (claims, reproduction):  # made whole
        pages.rewrite(ROOT / "docs")
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text)) != text:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
