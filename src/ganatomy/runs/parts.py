"""What a run needs that is not ours: parts of somebody's own, which run.json names with their files."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.system.registry import Registry


def check_at_hand(run: Run, named: Iterable[tuple[Registry[Any], str]]) -> None:
    """Raises UserError that says what to load, where a part by (registry, name) is not registered but was for the run.

    Parts that were passed without a name are module.attribute, which `Registry.find` looks for by itself.
    """
    recorded = recorded_parts(run)
    for registry, name in named:
        part = recorded.get((registry.kind, name))
        if part is not None and name not in registry and "." not in name:
            file = file_of(part)
            raise UserError(
                f"{run.path} was trained with the {registry.kind} {name} of {file}: load it with --parts {file}, "
                f"or import {part['module']} in Python."
            )


def recorded_parts(run: Run) -> dict[tuple[str, str], dict[str, Any]]:
    """What run.json says of each part that is not ours, by (kind, name): its module, file, sha256 and version."""
    return {(part["kind"], part["name"]): part for part in run.info().get("parts") or []}


def files_of_parts(run: Run) -> list[str]:
    """The files that a command must load to train as the run did: those of its parts that no package has."""
    parts = [part for part in recorded_parts(run).values() if part["file"] and part["module"] != "__main__"]
    return list(dict.fromkeys(str(part["file"]) for part in parts if part["version"] is None))


def file_of(part: Mapping[str, Any]) -> str:
    """The name of the file of a recorded part; its module's where there is none, as in a notebook."""
    return Path(part["file"]).name if part["file"] else str(part["module"])
