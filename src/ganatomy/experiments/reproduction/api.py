"""`ganatomy reproduce`: every system trained and measured, published figures beside ours."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganatomy.errors import unknown
from ganatomy.experiments.reproduction.chapters import CHAPTERS, Figures
from ganatomy.experiments.reproduction.context import ReproductionContext
from ganatomy.experiments.reproduction.spread import spread
from ganatomy.system import machine
from ganatomy.system.files import write_text
from ganatomy.training.cluster.engine import Engine

PAGE, FIGURES = "REPRODUCTION.md", "reproduction.json"
OPENING = """# Reproduction

Every system that Ganatomy has, trained and measured by one command; figures as they came out. The numbers and their
protocols are in [reproduction.json](reproduction.json).

    ganatomy reproduce all --mnist MNIST/raw --cifar10 CIFAR.zip
"""


def reproduce(
    names: Sequence[str], context: ReproductionContext, out: str | Path = "docs", engine: Engine | None = None
) -> Path:
    """Measure chapters by name (or "all"), and write REPRODUCTION.md and reproduction.json; returns the page's path.

    Both are rewritten whenever something is found; other chapters stay as they are. engine: where trainings are carried
    out beforehand, all side by side. Raises UserError for unknown names, missing data and stopped trainings, and where
    Ray cannot be used.
    """
    names = list(CHAPTERS) if "all" in names else list(names)
    for name in names:
        if name not in CHAPTERS:
            raise unknown("chapter", name, [*CHAPTERS, "all"])
    share = {} if engine is None else {"share": spread(names, context, engine)}
    for name in names:
        for figures in CHAPTERS[name].find(context):
            _write(Path(out), name, {**figures, **share})
    return Path(out) / PAGE


def _write(out: Path, name: str, figures: Figures) -> None:
    """Put what a chapter found so far beside the other chapters."""
    path = out / FIGURES
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    made = {"date": time.strftime("%Y-%m-%d"), "versions": machine.versions(), "machine": machine.describe()}
    kept[name] = {"made": made, "found": figures}
    kept = {name: kept[name] for name in CHAPTERS if name in kept}
    out.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(kept, indent=1) + "\n")
    rewrite(out)


def rewrite(out: Path) -> None:
    """Write the page again from its JSON, as the code makes it now."""
    write_text(out / PAGE, page(json.loads((out / FIGURES).read_text(encoding="utf-8"))))


def page(kept: dict[str, dict[str, Any]]) -> str:
    """docs/REPRODUCTION.md, from what reproduction.json holds: chapters by name."""
    chapters = [
        f"## {chapter.title}\n\n`ganatomy reproduce {name}`, {_made(**kept[name])}.\n\n"
        f"{chapter.show(kept[name]['found'])}\n"
        for name, chapter in CHAPTERS.items()
        if name in kept
    ]
    return f"{OPENING}\n{chr(10).join(chapters)}"


def _made(made: dict[str, Any], found: Figures) -> str:
    here, torch = made["machine"], made["versions"]["torch"]
    where = f"{made['date']}, {here['cores']} cores, {here['processor']} ({here['matrix_units']}), torch {torch}"
    return where + (f"; trainings side by side on Ray, each with {found['share']}" if "share" in found else "")
