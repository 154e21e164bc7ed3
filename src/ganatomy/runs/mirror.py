"""A run's checkpoints at an address too, so that another machine can go on with it. No torch.

ADDRESS/NAME/step-00001000/             run.json, config.yaml, metrics.jsonl, events.jsonl, … as they were at that step
ADDRESS/NAME/step-00001000/checkpoint/  the files of that checkpoint
ADDRESS/NAME/step-00001000/whole.json   written last: each file with its size and SHA-256

Without whole.json nothing is read; each step's copy is whole by itself.
"""

import re
from pathlib import Path
from posixpath import basename
from typing import Any

from filelock import FileLock

from ganatomy.errors import UserError
from ganatomy.runs.manifest import CHECKPOINT
from ganatomy.runs.run import Run
from ganatomy.system import files, sealed
from ganatomy.system.addresses import filesystem, reached

WHOLE = "whole.json"
CHECKPOINTS = "checkpoint/"
KEPT = 2  # copies at the address: one is whole while another is written
COPIED = (
    *("run.json", "config.yaml", "metrics.jsonl", "events.jsonl", "log.txt", "reals.png"),
    *("schema.json", "normalisation.json", "report.html"),
)
OF_CHECKPOINT = re.compile(r"checkpoint/(manifest\.json|[\w-]{1,100}\.safetensors)")


def push(run: Run, address: str) -> None:
    """Copy the newest checkpoint, and the run's files as they are now. Raises UserError where that fails."""
    checkpoint = run.checkpoint()
    local = {name: path for name in COPIED if (path := run.at(name)).is_file()}
    local |= {f"{CHECKPOINTS}{path.name}": path for path in files.entries(checkpoint)}
    place = f"{address.rstrip('/')}/{run.name}"
    with reached(place):
        system, root = filesystem(place)
        target = f"{root}/{checkpoint.name}"
        _unmake(system, target)
        system.makedirs(f"{target}/{CHECKPOINTS}", exist_ok=True)
        listed = {}
        for name, path in local.items():
            listed[name] = {"sha256": files.checksum(path), "bytes": path.stat().st_size}
            system.put_file(str(path), f"{target}/{name}")
        system.pipe_file(f"{target}/{WHOLE}", sealed.to_text({"format": 1, "files": listed}).encode())
        for old in _copies(system, root)[:-KEPT]:
            _unmake(system, old)
            system.rm(old, recursive=True)


def fetch(address: str, runs: Path) -> Run:
    """The run at an address ADDRESS/NAME as a folder `runs/NAME`, with its newest whole checkpoint.

    A run of that name that is here already and has come as far is taken as it is. Raises UserError where there is no
    whole checkpoint, or a run of that name that has not come as far.
    """
    with reached(address):
        system, root = filesystem(address.rstrip("/"))
        name = basename(root)
        copies = [copy for copy in reversed(_copies(system, root)) if system.exists(f"{copy}/{WHOLE}")]
    if not copies or not re.fullmatch(r"[\w][\w.\-+@ ]*", name):
        raise UserError(f"{address} holds no whole checkpoint: give ADDRESS/NAME of a run of `--runs ADDRESS`.")
    runs.mkdir(parents=True, exist_ok=True)
    damage = ""
    with FileLock(runs / f".{name}.fetch"):  # of several processes one fetches it
        for copy in copies:
            if (run := _here(runs / name, copy, address)) is not None:
                return run
            try:
                with files.new_folder(runs / name) as folder, reached(address):
                    _download(system, copy, folder)
                run = Run(runs / name)
                if damage:
                    run.event("older copy", message=f"The newest one at {address} is not whole: {damage}.")
                return run
            except _DamagedError as error:
                damage = damage or str(error)
    raise UserError(f"No checkpoint at {address} is whole ({damage}).")


class _DamagedError(UserError):
    """A copy is not as it was written."""


def _here(folder: Path, copy: str, address: str) -> Run | None:
    """The run of that name that is here, if there is one. Raises UserError where it has not come as far as the copy."""
    if not folder.exists():
        return None
    run = Run(folder)
    if max(run.checkpoints(), default=-1) < _step(copy):
        raise UserError(
            f"{folder} is there already, and has not come as far as {address}: rename or remove it, or go on with it "
            f"as it is, --resume {folder.name}."
        )
    return run


def _download(system: Any, copy: str, folder: Path) -> None:
    """Fill the folder of a run from a copy. Raises _DamagedError where a file is not as it was written."""
    try:
        entries, whole = sealed.read(system.cat_file(f"{copy}/{WHOLE}").decode())
        listed = dict(entries["files"])
    except (ValueError, KeyError, TypeError):
        raise _DamagedError(f"{WHOLE} of {basename(copy)} is damaged") from None
    if not whole or not all(name in COPIED or OF_CHECKPOINT.fullmatch(name) for name in listed):
        raise _DamagedError(f"{WHOLE} of {basename(copy)} is damaged")
    checkpoint = folder / "checkpoints" / basename(copy)
    checkpoint.mkdir(parents=True)
    for name, facts in listed.items():
        inside = name.removeprefix(CHECKPOINTS)
        path = (folder if inside == name else checkpoint) / inside
        system.get_file(f"{copy}/{name}", str(path))
        if files.checksum(path) != facts["sha256"]:
            raise _DamagedError(f"{name} of {basename(copy)} does not match its checksum")
    (folder / "checkpoints" / "last").write_text(f"{basename(copy)}\n", encoding="utf-8")


def _copies(system: Any, root: str) -> list[str]:
    """The copies of checkpoints, oldest first, whole or not."""
    system.invalidate_cache()
    found = [info["name"].rstrip("/") for info in system.ls(root, detail=True)]
    return sorted((path for path in found if CHECKPOINT.fullmatch(basename(path))), key=_step)


def _step(copy: str) -> int:
    return int(basename(copy).removeprefix("step-"))


def _unmake(system: Any, copy: str) -> None:
    """Take back that a copy is whole, before it changes."""
    if system.exists(f"{copy}/{WHOLE}"):
        system.rm_file(f"{copy}/{WHOLE}")
