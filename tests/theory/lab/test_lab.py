"""`ganatomy lab`: a run like any other, of points instead of images."""

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from ganatomy.cli import lab as command
from ganatomy.errors import UserError
from ganatomy.generators.api import sample
from ganatomy.runs.run import Run
from ganatomy.theory.lab.api import lab
from ganatomy.theory.lab.options import LabOptions

SMALL = {"steps": 6, "pictures": 3, "width": 8, "batch": 32}


def test_a_game_leaves_a_run(tmp_path: Path) -> None:
    run = lab("two", penalties={"r1": 0.1}, k=2, name="a", runs=tmp_path, **SMALL)
    assert run.info()["status"] == "finished"
    assert list(run.snapshots()) == [0, 3, 6]
    with Image.open(run.path / "lab.webp") as animation:
        assert animation.n_frames == 3
    records = run.records()
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5, 6]
    assert records[2]["lab/value"] < 0 < records[2]["lab/divergence"]
    assert "penalty/r1" in records[0]
    assert "lab/value" not in records[1]
    assert [event["event"] for event in run.events()][::4] == ["started", "finished"]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "How to read it" in page
    assert "384 points in" in page
    assert '"name":"V(D, G)"' in page.replace('": "', '":"')
    assert "ganatomy lab two --k 5" in page
    assert "Tile s is seed s" not in page
    options = yaml.safe_load((run.path / "config.yaml").read_text())
    assert options["lab"] == "two"
    assert options["k"] == 2


def test_a_seed_is_a_game(tmp_path: Path) -> None:
    runs = [lab("ring", name=str(n), seed=seed, runs=tmp_path, **SMALL) for n, seed in enumerate((1, 1, 2))]
    losses = [[record["loss/discriminator"] for record in run.records()] for run in runs]
    assert losses[0] == losses[1] != losses[2]


def test_images_cannot_be_sampled_from_it(tmp_path: Path) -> None:
    run = lab("segments", name="a", runs=tmp_path, **SMALL)
    with pytest.raises(UserError, match="ganatomy lab"):
        sample(run.path)


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("rnig", {}, "ring"),
        ("ring", {"objective": "minmax"}, "minimax"),
        ("ring", {"penalties": {"r3": 1.0}}, "r1"),
        ("ring", {"steps": 0}, "steps"),
        ("ring", {"learning_rate_generator": -1.0}, "learning_rate_generator"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(
    tmp_path: Path, target: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        lab(target, name="a", runs=tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_the_commands_defaults_are_the_options() -> None:
    options, named = LabOptions(), {"lr_g": "learning_rate_generator", "lr_d": "learning_rate_discriminator"}
    arguments = inspect.signature(command.lab).parameters
    shared = {name: named.get(name, name) for name in arguments if named.get(name, name) in LabOptions.model_fields}
    assert {name: arguments[name].default for name in shared} == {
        name: getattr(options, shared[name]) for name in shared
    }
    assert arguments["target"].default == options.lab
    assert len(shared) == 9


def test_the_command(tmp_path: Path) -> None:
    def ganatomy_lab(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ganatomy", "lab", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    done = ganatomy_lab("line", "--steps", "4", "--pictures", "2", "--width", "8", "--penalty", "r1=0.5")
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines()[-2:]:
        assert (tmp_path / line).is_file()
    assert Run.find("last", tmp_path / "runs").name == "line-001"
    wrong = ganatomy_lab("line", "--penalty", "r1=much")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("ganatomy: --penalty r1=much")
