"""A folder to work in, a small run that tests may read or copy, and a part of one's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import forgotten
from ganatomy.runs.run import Run
from tiny import quick


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven steps on the images, with checkpoints at steps 5 and 7. Only to be read."""
    return quick(images, tmp_path_factory.mktemp("trained") / "runs", "mine", training__steps=7)


@pytest.fixture
def run(trained: Run, here: Path) -> Run:
    """A copy of it, runs/mine in the folder that tests work in."""
    return Run(shutil.copytree(trained.path, here / "runs" / "mine").relative_to(here))


@pytest.fixture
def my_parts(here: Path) -> Iterator[Path]:
    """my_parts.py, which registers the objective my_loss; forgotten afterwards."""
    path = here / "my_parts.py"
    path.write_text(
        "import ganatomy\n"
        "@ganatomy.register_objective('my_loss')\n"
        "def my_loss(real, fake):\n"
        "    '''Squares of mine.'''\n"
        "    return (real - 1).square().mean() + fake.square().mean(), (fake - 1).square().mean()\n"
    )
    with forgotten("my_parts"):
        yield path
