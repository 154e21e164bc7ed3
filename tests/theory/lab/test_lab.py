"""`ganatomy lab`: a run like any other, of points instead of images."""

import inspect
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from PIL import Image

from ganatomy import cli
from ganatomy.cli import lab as command
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.generators.api import sample
from ganatomy.runs.run import Run
from ganatomy.theory.game import batches_of, new_game
from ganatomy.theory.lab.api import lab
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.targets import TARGETS

PARTS = '''
from ganatomy.gan.objectives import register_objective
from ganatomy.system.lazy import F
from ganatomy.theory.densities import gaussians
from ganatomy.theory.lab.targets import register_target


@register_target("own_target", low=-4.0, high=4.0)
def own_target():
    """On the line: one of somebody's own."""
    return gaussians(1.0)


@register_objective("own_objective")
def own_objective(real, fake):
    """Somebody's own."""
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)  # it is made before the thread of each test is set
    options = {"penalties": {"r1": 0.1}, "k": 2, "seed": 3, "steps": 6, "pictures": 3, "width": 8, "batch": 32}
    return lab("two", name="a", runs=tmp_path_factory.mktemp("runs"), **options)


@pytest.fixture
def ganatomy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The command in an empty folder: its arguments → its exit status and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANATOMY_PARTS", "")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ganatomy", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return call


def test_a_game_leaves_a_run(run: Run) -> None:
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


def test_the_game_follows_from_its_options_and_seed(run: Run) -> None:
    density = TARGETS["two"]().density
    losses, rates = [], (1e-4, 2e-3)
    for seed in (3, 4):
        same = {"batch": 32, "width": 8, "discriminator_steps": 2, "learning_rates": rates}
        game = new_game(1, "non_saturating", {"r1": 0.1}, **same, seed=seed)
        batches = batches_of(density, game)
        losses.append([game.step(step, batches)["loss/discriminator"].item() for step in range(6)])
    assert [record["loss/discriminator"] for record in run.records()] == pytest.approx(losses[0], rel=1e-6)
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


def test_images_cannot_be_sampled_from_it(run: Run) -> None:
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
    arguments = {
        name: each for name, each in inspect.signature(command.lab).parameters.items() if name not in command.OF_PAGES
    }
    shared = {name: named.get(name, name) for name in arguments if named.get(name, name) in LabOptions.model_fields}
    defaults = {name: arguments[name].default for name in shared}
    assert defaults == {name: getattr(options, shared[name]) for name in shared}
    assert arguments["target"].default == options.lab
    assert set(LabOptions.model_fields) - {*shared.values()} == {"lab", "penalties", "batch"}


def test_the_command_prints_where_the_pictures_are(ganatomy) -> None:
    status, printed, _ = ganatomy(
        "lab", "line", "--steps", "4", "--pictures", "2", "--width", "8", "--penalty", "r1=0.5"
    )
    assert status == 0
    assert all(Path(line).is_file() for line in printed.splitlines()[-2:])
    assert Run.find("last").name == "line-001"
    assert "penalty/r1" in Run.find("last").records()[0]


def test_a_weight_that_is_no_number_is_named(ganatomy) -> None:
    status, _, error = ganatomy("lab", "line", "--penalty", "r1=much")
    assert status == 1
    assert error.startswith("ganatomy: --penalty r1=much")


def test_the_commands_help_lists_every_name(ganatomy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    status, printed, _ = ganatomy("lab", "--help")
    assert status == 0
    for registry in (TARGETS, OBJECTIVES, PENALTIES):
        assert all(name in printed for name in registry)


def test_the_command_plays_a_strangers_objective_on_a_strangers_target(ganatomy) -> None:
    Path("own_lab_parts.py").write_text(PARTS)
    own = ("own_target", "--objective", "own_objective", "--parts", "own_lab_parts.py")
    try:
        status, _, error = ganatomy("lab", *own, "--steps", "2", "--pictures", "2", "--width", "8")
        assert (status, error) == (0, "")
        run = Run.find("last")
        assert run.name == "own_target-001"
        assert [(part["kind"], part["name"], part["module"]) for part in run.info()["parts"]] == [
            ("target", "own_target", "own_lab_parts"),
            ("objective", "own_objective", "own_lab_parts"),
        ]
    finally:
        TARGETS.remove("own_target")
        OBJECTIVES.remove("own_objective")
        sys.modules.pop("own_lab_parts", None)
