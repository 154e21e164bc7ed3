"""`ganatomy reproduce`: every system trained and measured, published figures beside ours."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganatomy.errors import unknown
from ganatomy.experiments.reproduction import cifar, comparisons, first_gan, mnist, modes
from ganatomy.experiments.reproduction.workshop import Find, Show, Workshop
from ganatomy.system import machine
from ganatomy.system.files import write_text


@dataclass(frozen=True)
class Experiment:
    """A chapter of the page: what is measured, and how it is shown."""

    title: str
    find: Find
    show: Show


EXPERIMENTS = {
    "goodfellow2014": Experiment("The 2014 headline: Parzen window log-likelihood", first_gan.find, first_gan.show),
    "mnist": Experiment("Every recipe on MNIST", mnist.find, mnist.show),
    "comparisons": Experiment("One pass, sharpness, and DCGAN's rules", comparisons.find, comparisons.show),
    "modes": Experiment("Modes", modes.find, modes.show),
    "cifar10": Experiment("CIFAR-10 in a short time", cifar.find, cifar.show),
}
PAGE, FIGURES = "REPRODUCTION.md", "reproduction.json"


def reproduce(names: Sequence[str], shop: Workshop, out: str | Path = "docs") -> Path:
    """Make experiments by name (or "all"), and write REPRODUCTION.md and reproduction.json; returns the page.

    Both are written anew whenever something is found; what other experiments found before stays. Raises UserError for
    what the caller can mend.
    """
    names = list(EXPERIMENTS) if "all" in names else list(names)
    for name in names:
        if name not in EXPERIMENTS:
            raise unknown("experiment", name, [*EXPERIMENTS, "all"])
    for name in names:
        for figures in EXPERIMENTS[name].find(shop):
            _write(Path(out), name, figures)
    return Path(out) / PAGE


def _write(out: Path, name: str, figures: dict[str, Any]) -> None:
    """Put what an experiment found so far beside what others found."""
    path = out / FIGURES
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    made = {"date": time.strftime("%Y-%m-%d"), "versions": machine.versions(), "machine": machine.describe()}
    kept[name] = {"made": made, "found": figures}
    kept = {name: kept[name] for name in EXPERIMENTS if name in kept}
    out.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(kept, indent=1) + "\n")
    write_text(out / PAGE, page(kept))


def page(kept: dict[str, Any]) -> str:
    """The page of all that was found."""
    chapters = [
        f"## {EXPERIMENTS[name].title}\n\n`ganatomy reproduce {name}`, {_made(kept[name]['made'])}.\n\n"
        f"{EXPERIMENTS[name].show(kept[name]['found'])}\n"
        for name in EXPERIMENTS
        if name in kept
    ]
    return f"{OPENING}\n{chr(10).join(chapters)}"


OPENING = """# Reproduction

Every system that Ganatomy has, trained and measured by one command; figures as they came out. The numbers and their
protocols are in [reproduction.json](reproduction.json).

    ganatomy reproduce all --mnist MNIST/raw --cifar10 CIFAR.zip
"""


def _made(made: dict[str, Any]) -> str:
    here, torch = made["machine"], made["versions"]["torch"]
    return f"{made['date']}, {here['cores']} cores, {here['processor']} ({here['matrix_units']}), torch {torch}"
