"""The command, run in this process, and a small run that tests may read or copy."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganatomy import cli
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.runs.run import Run
from ganatomy.system import registry
from tiny import quick

Call = Callable[..., str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def status(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command in this process; returns its exit status."""
    monkeypatch.setattr(sys, "argv", ["ganatomy", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def command(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """command(*arguments) → what it printed; fails where the status is not 0."""

    def call(*arguments: object) -> str:
        code = status(monkeypatch, *arguments)
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed.out

    return call


@pytest.fixture
def refusal(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """refusal(*arguments) → its one sentence on standard error; fails where the status is 0."""

    def call(*arguments: object) -> str:
        code = status(monkeypatch, *arguments)
        printed = capsys.readouterr().err.strip()
        assert code != 0
        assert "Traceback" not in printed
        assert len(printed.splitlines()) == 1, printed
        return printed

    return call


@pytest.fixture(scope="session")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven steps on the images, with checkpoints at steps 5 and 7. Only to be read."""
    return quick(images, tmp_path_factory.mktemp("trained") / "runs", "mine", training__steps=7)


@pytest.fixture
def run(trained: Run, here: Path) -> Run:
    """A copy of it, runs/mine in the folder that tests work in."""
    return Run(shutil.copytree(trained.path, here / "runs" / "mine").relative_to(here))


@pytest.fixture
def my_parts(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """my_parts.py, which registers the objective my_loss; forgotten afterwards."""
    monkeypatch.setenv(registry.VARIABLE, "")
    path = here / "my_parts.py"
    path.write_text(
        "import ganatomy\n"
        "@ganatomy.register_objective('my_loss')\n"
        "def my_loss(real, fake):\n"
        "    '''Squares of mine.'''\n"
        "    return (real - 1).square().mean() + fake.square().mean(), (fake - 1).square().mean()\n"
    )
    yield path
    sys.modules.pop("my_parts", None)
    registry.loaded.discard("my_parts")
    OBJECTIVES.remove("my_loss")
