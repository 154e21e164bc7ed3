"""Checkpoints: tensors in safetensors files beside a manifest with their checksums. No pickle."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan.method import TensorGroups

FORMAT = 1


def save(folder: Path, groups: TensorGroups, facts: dict[str, Any]) -> None:
    """Write each group as safetensors, and manifest.json with checksums, into `folder`: whole or not at all.

    Written beside, forced to disk, then renamed: a process killed at any instant leaves no half checkpoint.
    """
    partial = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = {}
    try:
        for name, tensors in groups.items():
            path = partial / f"{name}.safetensors"
            # Not safetensors' own save_file: it hides what the system says, such as a full disk.
            path.write_bytes(
                safetensors.torch.save({key: value.detach().contiguous() for key, value in tensors.items()})
            )
            files[path.name] = {"sha256": checksum(path), "bytes": path.stat().st_size}
            _force_to_disk(path)
        manifest = partial / "manifest.json"
        manifest.write_text(json.dumps({"format": FORMAT, **facts, "files": files}, indent=2) + "\n", encoding="utf-8")
        _force_to_disk(manifest)
        _force_to_disk(partial)
        partial.rename(folder)
        _force_to_disk(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def facts(folder: Path) -> dict[str, Any]:
    """What the manifest says; UserError if it is damaged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"]
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(folder, "manifest.json cannot be read") from None
    return dict(manifest)


def verify(folder: Path, *names: str) -> list[Path]:
    """The files of the groups by name (all, if none is named); UserError if one is damaged."""
    files = facts(folder)["files"]
    paths = [folder / f"{name}.safetensors" for name in names] or [folder / name for name in files]
    for path in paths:
        if path.name not in files or not path.is_file():
            raise _damaged(folder, f"{path.name} is missing")
        if checksum(path) != files[path.name]["sha256"]:
            raise _damaged(folder, f"{path.name} does not match its checksum")
    return paths


def load(folder: Path, *names: str) -> TensorGroups:
    """The groups of tensors by name (all, if none is named), checksums verified first; UserError if damaged."""
    return {path.stem: _tensors(path) for path in verify(folder, *names)}


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is no safetensors file: {error}.") from None


def _damaged(folder: Path, what: str) -> UserError:
    return UserError(f"{folder} is damaged ({what}); remove that folder to use the checkpoint before it.")


def _force_to_disk(path: Path) -> None:
    """fsync a file or folder (not every system can open a folder)."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
