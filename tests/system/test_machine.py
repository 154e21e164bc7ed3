"""What machine this is: the report of `ganatomy doctor`."""

import sys
import tomllib
from pathlib import Path

import pytest
import torch

from ganatomy.system import machine

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_the_report_names_every_extra_and_leaves_the_threads_alone() -> None:
    torch.set_num_threads(1)
    report = machine.doctor()
    (line,) = (line for line in report.splitlines() if line.startswith("Extras"))
    names = {part.split()[0] for part in line.removeprefix("Extras").split(",")}
    assert names == set(PROJECT["optional-dependencies"]) - {"dev"}
    assert torch.get_num_threads() == 1


def test_an_extra_is_there_if_all_its_packages_are(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = ["torch>=2.6", "numpy>=1; extra == 'a'", "no-such-package; extra == 'b'", 'numpy; extra == "b"']
    monkeypatch.setattr(machine.metadata, "requires", lambda name: packages)
    assert machine.extras() == {"a": True, "b": False}


def test_versions_are_those_that_are_installed() -> None:
    assert machine.versions()["torch"].partition("+")[0] == torch.__version__.partition("+")[0]  # PyPI's omit "+cu130"
    assert machine.versions()["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_command_is_what_a_person_would_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/ganatomy/__main__.py", "train", "my cats/", "--size", "64"])
    assert machine.command() == "ganatomy train 'my cats/' --size 64"


def test_a_load_of_others_is_said_in_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    for load, own, busy in ((2.0, 0.0, False), (2.3, 0.0, True), (4.0, 2.0, False), (4.6, 2.0, True)):
        monkeypatch.setattr("os.getloadavg", lambda load=load: (load, 0.0, 0.0), raising=False)
        assert bool(machine.busy(own)) == busy, (load, own)
    assert machine.busy() == "This machine is busy: its load was 4.6 in the last minute, on 4 processors."
    monkeypatch.delattr("os.getloadavg", raising=False)  # as on Windows
    assert machine.busy() is None
