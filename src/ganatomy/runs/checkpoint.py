"""Checkpoints: tensors in safetensors files beside a manifest with their checksums. No pickle."""

import re
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from ganatomy.errors import UserError
from ganatomy.gan.method import TensorGroups
from ganatomy.runs.manifest import FORMAT, damaged
from ganatomy.runs.manifest import manifest as manifest
from ganatomy.system import files, sealed

NAME = re.compile(r"[\w-]{1,100}\.safetensors")
# Groups of what the next record depends on, where there is anything:
WINDOW = "window"  # the steps that it is the mean of, [T] by name
PROBE = "probe"  # what the next probe is compared with, by name


def save(folder: Path, groups: TensorGroups, entries: dict[str, Any]) -> None:
    """Write each group as safetensors, and manifest.json with checksums, into `folder`: whole or not at all.

    groups: tensors of any shape, by group and name; entries: what else the manifest holds, such as the step.
    """
    written = {}
    with files.new_folder(folder) as partial:
        for name, tensors in groups.items():
            path = partial / f"{name}.safetensors"
            # Not safetensors' own save_file: it hides the system's errors, such as a full disk.
            path.write_bytes(
                safetensors.torch.save({key: value.detach().contiguous() for key, value in tensors.items()})
            )
            written[path.name] = {"sha256": files.checksum(path), "bytes": path.stat().st_size}
        text = sealed.to_text({"format": FORMAT, **entries, "files": written})
        (partial / "manifest.json").write_text(text, encoding="utf-8")


def verify(folder: Path, *names: str) -> list[Path]:
    """The files of the groups by name (all, if none is named). Raises UserError if one is damaged."""
    listed = manifest(folder)["files"]
    wanted = [f"{name}.safetensors" for name in names] or list(listed)
    for name in wanted:
        if not NAME.fullmatch(name):
            raise damaged(folder, f"{name!r} cannot be one of its files")
    paths = [files.inside(folder, name) for name in wanted]
    for path in paths:
        if path.name not in listed or not path.is_file():
            raise damaged(folder, f"{path.name} is missing")
        if files.checksum(path) != listed[path.name]["sha256"]:
            raise damaged(folder, f"{path.name} does not match its checksum")
    return paths


def load(folder: Path, *names: str) -> TensorGroups:
    """Groups of tensors of any shape, by name (all, if none is named), after their checksums are verified.

    Raises UserError if a file is damaged.
    """
    return {path.stem: _tensors(path) for path in verify(folder, *names)}


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is no safetensors file: {error}.") from None
