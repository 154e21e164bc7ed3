"""Arguments that several verbs share."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ganatomy.errors import UserError, unknown

if TYPE_CHECKING:
    from ganatomy.training.cluster.engine import Engine

Place = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its path, its name under runs/, or last; or an exported folder or file; or hf:owner/name.",
    ),
]
Truncation = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        help="Less is more typical: largest size of a latent coordinate, in standard deviations; of styles, 0 to 1.",
    ),
]
Step = Annotated[int | None, typer.Option(help="Use the checkpoint of this step instead of the newest.")]
Raw = Annotated[bool, typer.Option("--raw", help="Use the generator as it was trained, not its average.")]

Device = Annotated[
    str, typer.Option(help="Where images are drawn: cpu, cuda, cuda:N or mps; auto: a GPU if there is one.")
]
Label = Annotated[str | None, typer.Option("--class", help="Images of this class only: its name, or its index as :0.")]
Space = Annotated[
    str | None,
    typer.Option(metavar="z|w", help="Latent space; w: the styles of a generator that has them, by default."),
]
LatentFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--latents", metavar="FILE", help="Points that `ganatomy project` found, instead of seeds; repeatable."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PART.OPTION=VALUE",
        help="Change how images are drawn: diffusion.sampling_steps=10.",
    ),
]
Parts = Annotated[  # `verb.Verb` loads them, before any other argument is read
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Load parts of your own (networks, losses, data sources, …) from a .py file or a module; repeatable.",
    ),
]

On = Annotated[
    str | None,
    typer.Option(
        metavar="ray|ADDRESS",
        help="Let Ray place the processes: ray or local starts one here, HOST:PORT, ray://HOST:PORT or auto join one.",
    ),
]
ProcessResources = Annotated[
    str | None,
    typer.Option(
        "--resources", metavar="gpu=N,cpu=N", help="What Ray reserves for each process; one core if not given."
    ),
]

# A token itself would be a bad argument: every account of a machine can read the arguments of all processes.
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help="A file with the token that clients must send, made if there is none; otherwise a new token is printed."
    ),
]
NoToken = Annotated[
    bool, typer.Option("--no-token", help="Answer without a token, every account of this machine as well.")
]
Allow = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Another host name of the server; may be repeated.")
]


def space_of(text: str | None) -> Literal["z", "w"] | None:
    """The space of that name. Raises UserError for another one."""
    if text not in (None, "z", "w"):
        raise UserError(f"--space {text}: z or w.")
    return "w" if text == "w" else "z" if text == "z" else None


def engine_of(on: str | None, resources: str | None) -> "Engine | None":
    """The engine that --on and --resources choose, None without both. Raises UserError where resources are wrong."""
    if on is None and resources is None:
        return None
    from ganatomy.training.cluster.engine import HERE, Engine, Resources

    return Engine(on or HERE, Resources() if resources is None else Resources.parse(resources))


def page_folder(to: str | None, folder: Path | None, command: str) -> Path | None:
    """The folder of `--to web FOLDER`, None without --to.

    Raises UserError for another form, and where only one of them is given or the folder has something in it.
    """
    if to is None and folder is None:
        return None
    if to is None:
        raise UserError(f"{folder}: a folder is of pages: {command} --to web {folder}.")
    if to != "web":
        raise unknown("form of a page", to, ["web"])
    if folder is None:
        raise UserError(f"--to web needs a new folder: {command} --to web FOLDER.")
    from ganatomy.web.offline.page import check_folder

    check_folder(folder)
    return folder


def how(truncation: float | None, step: int | None, raw: bool, changes: list[str] | None) -> dict[str, Any]:
    """Which generator draws and how: the options by their names in `generators.api.load`. Errors as there."""
    from ganatomy.config.settings import parse_settings

    return {"truncation": truncation, "step": step, "raw": raw, "changes": parse_settings(changes or [])}


def parse_seeds(text: str) -> list[int]:
    """'0-3,9' → [0, 1, 2, 3, 9]. Raises UserError for another form, and for more than 100,000 seeds in a range."""
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UserError(f"--seeds {text}: write seeds as 0-63, 3,9,4 or a mix of both.")
        end = int(last) if dash else int(first)
        if end < int(first) or end - int(first) >= 100_000:
            raise UserError(f"--seeds {text}: a range goes upwards and holds at most 100,000 seeds.")
        seeds.extend(range(int(first), end + 1))
    return seeds


def not_of(given: Mapping[str, object], what: str) -> None:
    """Raises UserError where options of other things, by name, are given; what: in words."""
    if names := [name for name, value in given.items() if value]:
        raise UserError(f"{', '.join(names)}: not of {what}.")


def seeds_without(latents: list[Path] | None, text: str | None, default: str) -> list[int]:
    """The seeds in a text, of None the default ones.

    Raises UserError as `parse_seeds`, and for seeds that are given beside files of points.
    """
    if latents and text not in (None, default):
        raise UserError("--latents draws points instead of seeds: leave out --seeds.")
    return parse_seeds(default if text is None else text)
