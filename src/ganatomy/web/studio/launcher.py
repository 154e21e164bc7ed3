"""Trainings started from a page: the form, its command, and the process, which outlives the studio. No torch."""

import re
import secrets
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change, parse_settings
from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS, free_name

OUTPUT = 4000  # bytes of a training's output that are shown, the last ones


class TrainingForm(BaseModel):
    """A form for `ganatomy train`, as a page fills it in; an empty field leaves the choice to the command.

    settings   other options, NAME=VALUE, one a line
    start      whether to start the training
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True)

    data: str = ""
    recipe: str = "dcgan"
    name: str = ""
    size: str = ""
    minutes: str = ""
    steps: str = ""
    seed: str = ""
    settings: str = ""
    conditional: bool = False
    start: bool = False


@dataclass(frozen=True)
class FormField:
    """A text field of the page's form.

    value     what it holds at first
    pattern   of a flag of the command, --NAME: the regular expression of its values
    """

    name: str
    label: str
    hint: str = ""
    value: str = ""
    placeholder: str = ""
    pattern: str = ""


FIELDS = (
    FormField("data", "Images", "A folder, a zip, an array file or a named data set.", value="digits"),
    FormField("name", "Name", placeholder="RECIPE-001"),
    FormField("size", "Size in pixels", "64 or 48x64; if empty, the size of the images.", pattern="[0-9]+(x[0-9]+)?"),
    FormField("minutes", "Minutes", value="1.5", pattern="[0-9]*[.]?[0-9]+"),
    FormField("steps", "Steps", pattern="[0-9]+"),
    FormField("seed", "Seed", pattern="[0-9]+"),
)
PRESET = "digits"  # the recipe that the form shows at first


def command(form: TrainingForm, runs: Path) -> list[str]:
    """The arguments of `ganatomy train` for a form. Raises UserError for values that the command would refuse."""
    if not form.data or form.data.startswith("-"):
        raise UserError("Images are required: give a folder, a zip, an array file or a named data set such as digits.")
    name = form.name or free_name(form.recipe, runs)
    if name.startswith("-") or Path(name).name != name:
        raise UserError(f"{name!r} cannot name a run.")
    if (runs / name).exists():
        raise UserError(f"There is a run called {name} already; choose another name.")
    settings = [line.strip() for line in form.settings.splitlines() if line.strip()]
    change(recipe(form.recipe), parse_settings(settings))
    arguments = ["train", form.data, "--recipe", form.recipe]
    for field in FIELDS:
        text = getattr(form, field.name)
        if field.pattern and text:
            if not re.fullmatch(field.pattern, text):
                raise UserError(f"{field.label}: {text!r} is not valid.")
            arguments += [f"--{field.name}", text]
    arguments += ["--conditional"] if form.conditional else []
    arguments += [word for setting in settings for word in ("--set", setting)]
    return [*arguments, "--name", name]


def command_line(arguments: list[str]) -> str:
    """Arguments as one would type them in a shell."""
    return shlex.join(["ganatomy", *arguments])


@dataclass(frozen=True)
class Progress:
    """Of a training that was started here: whether it runs or has failed, and its last output."""

    name: str
    running: bool
    failed: bool
    output: str


@dataclass
class StartedTraining:
    """A process of `ganatomy train`."""

    name: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def progress(self) -> Progress:
        """How the training goes now."""
        code = self.process.poll()
        self.output.seek(0, 2)
        self.output.seek(max(0, self.output.tell() - OUTPUT))
        text = self.output.read().decode(errors="replace")
        return Progress(self.name, code is None, bool(code), text)


class Launcher:
    """Starts trainings, and remembers those that it started."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.started: dict[str, StartedTraining] = {}

    @property
    def able(self) -> bool:
        """Whether a training started here appears in the studio: the command writes to runs/ where it is started."""
        return self.runs.name == RUNS.name

    def start(self, arguments: list[str]) -> str:
        """Start a training, with the environment of the studio; returns a ticket, by which `started` has it.

        Raises UserError where the training would write to another folder than the studio shows.
        """
        if not self.able:
            raise UserError(
                f"A training started here would not appear on this page: the folder {self.runs} is not called {RUNS}."
            )
        output = tempfile.TemporaryFile()  # noqa: SIM115 — for as long as the process
        process = subprocess.Popen(
            [sys.executable, "-m", "ganatomy", *arguments],
            cwd=self.runs.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C ends the studio and not the training
        )
        ticket = secrets.token_hex(8)
        self.started[ticket] = StartedTraining(arguments[-1], process, output)
        return ticket
