"""A name exists once: a part of each kind, registered in a file of a stranger's, is found wherever names are listed.

It is trained with, saved, resumed, sampled, exported and diagnosed like ours.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tiny import PLAIN

ROOT = Path(__file__).parents[1]
PARTS = ROOT / "tests" / "made_up_parts.py"
COMMAND = [sys.executable, "-m", "ganatomy"]
KINDS = ["loss", "penalty", "prior", "policy", "family", "features", "target", "recipe", "tracker"]

# Every place that lists names, printed by one process that has loaded the file as $GANATOMY_PARTS.
LISTS = """
import json, runpy, sys
from typer.testing import CliRunner
from ganatomy.cli import app
from ganatomy.config.reference import page as option_table
from ganatomy.errors import UserError
from ganatomy.web.studio import lab_options, launcher
import ganatomy

def printed(*arguments):
    return CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments).output

def refused(call):
    try:
        call()
    except UserError as error:
        return str(error)

renewed = runpy.run_path(sys.argv[1] + "/tools/docs.py")["renewed"]

def page(name):
    with open(sys.argv[1] + "/docs/" + name, encoding="utf-8") as file:
        return renewed(file.read())

settings = {"training.steps": 1}
json.dump({
    "options": option_table(),
    "help of train": printed("train", "--help"),
    "help of evaluate": printed("evaluate", "--help"),
    "help of lab": printed("lab", "--help"),
    "recipes": printed("recipes"),
    "lab in the studio": json.dumps(lab_options.choices()),
    "recipes in the studio": json.dumps(ganatomy.config.recipes.summaries()),
    "page of sources": page("DATA.md"),
    "page of features": page("EVALUATION.md"),
    "page of targets": page("LAB.md"),
    "page of trackers": page("TRACKING.md"),
    **{f"error of {name}": refused(lambda: ganatomy.train("digits", settings={**settings, **changes}))
       for name, changes in {
           "objective": {"objective.name": "zzz"}, "penalty": {"penalties.zzz": 1.0}, "prior": {"prior.name": "zzz"},
           "policy": {"augmentation.policies": ["zzz"]}, "tracker": {"log.trackers": ["zzz"]},
           "family": {"generator.family": "zzz"}}.items()},
    "error of recipe": refused(lambda: ganatomy.train("digits", recipe="zzz")),
    "error of target": refused(lambda: ganatomy.lab("zzz")),
    "error of source": refused(lambda: ganatomy.inspect("zzz.zzz")),
}, sys.stdout)
"""
PLACES = {
    "options": "loss penalty prior policy family features tracker",
    "help of train": "source tracker",
    "help of evaluate": "features",
    "help of lab": "target loss penalty",
    "recipes": "recipe",
    "lab in the studio": "target loss penalty",
    "recipes in the studio": "recipe",
    "page of sources": "source",
    "page of features": "features",
    "page of targets": "target",
    "page of trackers": "tracker",
    "error of objective": "loss",
    "error of penalty": "penalty",
    "error of prior": "prior",
    "error of tracker": "tracker",
    "error of policy": "policy",
    "error of family": "family",
    "error of recipe": "recipe",
    "error of target": "target",
    "error of source": "source",
}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    import os

    # A folder of its own, beside this one: the file of parts imports `tiny`.
    path = os.pathsep.join([str(PARTS.parent), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = run(sys.executable, "-c", LISTS, ROOT, cwd=tmp_path_factory.mktemp("lists"), GANATOMY_PARTS=str(PARTS))
    return dict(json.loads(out))


@pytest.mark.parametrize("place", PLACES)
def test_names_are_listed(lists: dict[str, str], place: str) -> None:
    for kind in PLACES[place].split():
        name = "madeup:NAME" if kind == "source" else f"madeup_{kind}"
        assert name in lists[place] or name.replace(":NAME", "") in lists[place], lists[place]


def test_options_of_the_networks_are_listed_with_their_defaults(lists: dict[str, str]) -> None:
    rows = [row for row in lists["options"].splitlines() if "madeup_width" in row]
    assert len(rows) == 2
    assert all("| 8 |" in row for row in rows)


def test_a_run_of_made_up_parts_is_like_any_other(tmp_path: Path) -> None:
    """Trained, stopped, resumed to the bit, sampled, walked, evaluated, exported, diagnosed: by the command alone."""
    import hashlib

    settings = [f"--set={option}={value}" for option, value in PLAIN.items()]
    parts = ["--parts", PARTS]
    train = [*COMMAND, "train", *parts]
    data = ["madeup:waves", "--recipe", "madeup_recipe", *settings, "--set=diagnosis.every=2"]
    run(*train, *data, "--steps", "8", "--name", "whole", cwd=tmp_path)
    run(*train, *data, "--steps", "4", "--name", "part", cwd=tmp_path)
    run(*train, "--resume", "part", "--steps", "8", cwd=tmp_path)
    digests = [
        {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / "runs" / name / "checkpoints" / "step-00000008").glob("*.safetensors")
        }
        for name in ("whole", "part")
    ]
    assert len(digests[0]) == 5  # players, average, optimisers, and what the next probe is compared with
    assert digests[0] == digests[1]
    info = json.loads((tmp_path / "runs" / "whole" / "run.json").read_text())
    assert {part["name"] for part in info["parts"]} == {
        "madeup_loss",
        "madeup_penalty",
        "madeup_prior",
        "madeup_policy",
        "madeup_family",
    }
    run(*COMMAND, "sample", "whole", *parts, "--seeds", "0-3", cwd=tmp_path)
    run(*COMMAND, "walk", "whole", *parts, "--seeds", "3,9", cwd=tmp_path)
    assert "madeup_features" in run(
        *COMMAND,
        "evaluate",
        "whole",
        *parts,
        "--features",
        "madeup_features",
        "--metrics",
        "fd",
        "--n",
        "20",
        cwd=tmp_path,
    )
    run(*COMMAND, "export", "whole", *parts, cwd=tmp_path)
    graph = tmp_path / "runs" / "whole" / "exports" / "onnx"
    assert (graph / "model.onnx").is_file()
    assert "probe" in run(*COMMAND, "diagnose", "whole", cwd=tmp_path)
    drawn = [
        np.asarray(_image(path)) for path in sorted((tmp_path / "runs" / "whole" / "generated").glob("seed-*.png"))
    ]
    assert len(drawn) == 4
    assert any((drawn[0] != each).any() for each in drawn[1:])


def _image(path: Path) -> object:
    from PIL import Image

    return Image.open(path)


def test_the_lab_learns_a_made_up_target(tmp_path: Path) -> None:
    out = run(
        *COMMAND, "lab", "madeup_target", "--parts", PARTS, "--objective", "madeup_loss", "--penalty",
        "madeup_penalty=0.01", "--steps", "4", "--pictures", "2", "--width", "8", cwd=tmp_path,
    )  # fmt: skip
    assert Path(tmp_path, out.split()[-2]).is_file()
