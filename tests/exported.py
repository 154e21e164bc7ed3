"""What tests of exported generators share: their cards' code, their files with a fault, the hub without a network."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants
from typer.testing import CliRunner

from ganatomy.cli import app


def printed(*arguments: str) -> str:
    """What the command prints, or refuses with, on one line."""
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments)
    return " ".join(f"{result.output} {result.exception or ''}".split())


def run_code(card: str) -> dict[str, Any]:
    """Run the code of a model card, or of a part of it; returns its names."""
    names: dict[str, Any] = {}
    exec("\n".join(line[4:] for line in card.splitlines() if line.startswith("    ")), names)
    return names


def module_of(file: Path) -> ModuleType:
    """The module in a file that an export wrote; nothing is written beside it."""
    module = ModuleType("demo_of_a_test")
    module.__file__ = str(file)
    exec(compile(file.read_text(encoding="utf-8"), file, "exec"), module.__dict__)
    return module


def rewritten(name: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """A JSON file with that change."""

    def write(folder: Path) -> None:
        values = json.loads((folder / name).read_text())
        change(values)
        (folder / name).write_text(json.dumps(values))

    return write


def cached(own: Any, name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a generator where the repository owner/name would be cached, and take the network away."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    repository = cache / f"models--{name.replace('/', '--')}"
    own.save_pretrained(repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)


def pushed(own: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The files that a generator sends to the hub."""
    sent: set[str] = set()
    stand_in = SimpleNamespace(
        create_repo=lambda name, **given: name,
        upload_folder=lambda **given: sent.update(path.name for path in Path(given["folder_path"]).iterdir()),
    )
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: stand_in)
    own.push_to_hub(name, licence="mit")
    return sent
