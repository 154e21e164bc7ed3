"""Trainings that are started from a page: the command, and its process, which outlives the studio. No torch."""

import secrets
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ganatomy.config.recipes import recipe, summaries
from ganatomy.config.settings import change, parse_settings
from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS, free_name

FLAGS = ("size", "steps", "minutes", "seed")
TOLD = 4000  # bytes of what a process has said last


def command(wanted: Mapping[str, Any], runs: Path) -> list[str]:
    """The arguments of `ganatomy train` that a filled-in form means. Raises UserError for what cannot be."""
    texts = {name: str(value).strip() for name, value in wanted.items() if str(value or "").strip()}
    data, base = texts.get("data", ""), texts.get("recipe", "dcgan")
    if not data or data.startswith("-"):
        raise UserError("Which images? Give a folder, a zip, an array file or a named set, for example: digits.")
    settings = [line.strip() for line in texts.get("settings", "").splitlines() if line.strip()]
    name = texts.get("name") or free_name(base, runs)
    if name.startswith("-"):
        raise UserError(f"{name!r} cannot name a run.")
    if (runs / name).exists():
        raise UserError(f"There is a run called {name} already; choose another name.")
    change(recipe(base), parse_settings(settings))
    arguments = ["train", data, "--recipe", base]
    for flag in FLAGS:
        if flag in texts:
            arguments += [f"--{flag}", _number(flag, texts[flag])]
    arguments += ["--conditional"] if wanted.get("conditional") else []
    arguments += [word for setting in settings for word in ("--set", setting)]
    return [*arguments, "--name", name]


def words(arguments: list[str]) -> str:
    """As one would type it."""
    return shlex.join(["ganatomy", *arguments])


def recipes() -> dict[str, str]:
    """What there is to start from, and a line of each."""
    return summaries()


@dataclass
class StartedTraining:
    """A process that was started here."""

    name: str
    process: subprocess.Popen[bytes]
    said: IO[bytes]

    def told(self) -> dict[str, Any]:
        """How it goes: {name, running, said}."""
        code = self.process.poll()
        self.said.seek(0, 2)
        self.said.seek(max(0, self.said.tell() - TOLD))
        text = self.said.read().decode(errors="replace")
        return {"name": self.name, "running": code is None, "failed": bool(code), "said": text}


class Launcher:
    """Starts trainings, and remembers those that it started."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.started: dict[str, StartedTraining] = {}

    @property
    def able(self) -> bool:
        """The command `train` writes to a folder of that name where it is started."""
        return self.runs.name == RUNS.name

    def start(self, arguments: list[str]) -> str:
        """Start it; returns what to ask after it by."""
        if not self.able:
            raise UserError(f"A training started here would not appear on this page: {self.runs} is not called runs.")
        said = tempfile.TemporaryFile()  # noqa: SIM115 — for as long as the process
        process = subprocess.Popen(
            [sys.executable, "-m", "ganatomy", *arguments],
            cwd=self.runs.parent,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the studio is not for it
        )
        ticket = secrets.token_hex(8)
        self.started[ticket] = StartedTraining(arguments[-1], process, said)
        return ticket


def _number(flag: str, text: str) -> str:
    if not text.replace(".", "", 1).replace("x", "", flag == "size").isdigit():
        raise UserError(f"{flag}: {text!r} is not a number.")
    return text
