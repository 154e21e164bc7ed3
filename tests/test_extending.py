"""docs/EXTENDING.md: every block runs, and what the page says of runs with parts of one's own is so."""

import json
import os
import re
import shlex
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tools.docs import ROOT

from command import forget, forgotten, ganatomy, refused
from ganatomy.runs.run import Run
from ganatomy.system import registry
from tiny import PLAIN, waves

PAGE = (ROOT / "docs" / "EXTENDING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M))
QUICK = {name: value for name, value in PLAIN.items() if name.split(".")[0] in ("training", "runtime", "log")}
QUICKLY = "".join(f", {name!r}: {value!r}" for name, value in QUICK.items())
MODULES = ("my_parts", "my_script")


def blocks(language: str, text: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with data and the page's my_parts.py, in which all of it happens."""
    folder = tmp_path_factory.mktemp("extending")
    (folder / "my_parts.py").write_text("\n".join(blocks("python", SECTIONS["Register them"])))
    waves(24, 28, 28, 1).tofile(folder / "digits.raw")
    (folder / "cats").mkdir()
    from PIL import Image

    for number, image in enumerate(waves(24, 32, 32)):
        Image.fromarray(image).save(folder / "cats" / f"{number}.png")
    with pytest.MonkeyPatch.context() as patch, forgotten(*MODULES):
        patch.chdir(folder)
        yield folder


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [" ".join(line.split()) for line in lines]


def test_the_commands_run_in_order(place: Path) -> None:
    """With few steps."""
    printed = ""
    for line in commands():
        arguments = shlex.split(line)[1:]
        if arguments[0] == "train":
            arguments += [f"--set={name}={value}" for name, value in QUICK.items()] + ["--steps", "2"]
        if arguments[0] == "lab":
            arguments += ["--steps", "2", "--pictures", "2", "--width", "8"]
        arguments += {"evaluate": ["--n", "50"], "walk": ["--frames", "8"]}.get(arguments[0], [])
        printed += ganatomy(*arguments)
    for expected in ("soft_hinge: Softplus margins around", "centre_edges", "24 images", "onnx"):
        assert expected in printed
    info = Run.find("mine-001").info()
    assert {part["name"] for part in info["parts"]} == {"soft_hinge", "score_drift", "sphere", "mirror", "two_layers"}


def test_networks_that_are_passed(place: Path) -> None:
    """Both Python blocks, as a script my_script.py; then what the page says of other processes."""
    define, use = blocks("python", SECTIONS["Pass them in Python"])
    definitions, train = define.split("run = ganatomy.train(")
    (place / "my_script.py").write_text(definitions)
    script = types.ModuleType("my_script")
    script.__file__ = str(place / "my_script.py")
    sys.modules["my_script"] = script
    train = "run = ganatomy.train(" + train.replace('"training.steps": 100', f'"training.steps": 4{QUICKLY}')
    exec(definitions + train + use.replace("120", "6").replace("200", "50"), script.__dict__)
    run: Run = script.run
    assert run.info()["step"] == 6
    assert 0 < run.records()[0]["mine/confidence"] < 1
    assert len(list((run.path / "eval").glob("*.json"))) == 1

    name = run.path.name
    forget("my_script")
    assert "my_script.Painter is not part of Ganatomy: load its file with --parts my_script.py" in refused(
        "sample", name
    )
    assert "4 images" in ganatomy("sample", name, "--seeds", "0-3", "--parts", "my_script.py")
    ganatomy("train", "--resume", name, "--steps", "7", "--parts", "my_script.py")
    assert run.info()["step"] == 7


def test_what_a_run_keeps(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry.load_parts("my_parts.py")
    (block,) = blocks("python", SECTIONS["What a run keeps"])
    names = {"ganatomy": __import__("ganatomy")}
    exec(block.replace('"training.steps": 2', f'"training.steps": 2{QUICKLY}'), names)
    kind, name, module, file, checksum, version = capsys.readouterr().out.splitlines()[-1].split()
    assert (kind, name, module, version) == ("objective", "soft_hinge", "my_parts", "None")
    assert Path(file) == place / "my_parts.py"
    assert len(checksum) == 64

    path = place / "my_parts.py"
    text = path.read_text()
    path.write_text(text + "\n# changed\n")
    forget("my_parts")
    further = ("train", "--resume", "kept", "--steps", 3, "--parts", "my_parts.py")
    assert "my_parts.py has changed" in refused(*further)
    ganatomy(*further, "--allow-changed-parts")
    event = next(each for each in Run.find("kept").events() if each["event"] == "parts changed")
    assert event["before"] == checksum != event["after"]

    path.rename("gone.py")  # reading needs no parts; drawing says what is missing
    forget("my_parts")
    os.environ[registry.VARIABLE] = ""
    assert "step" in json.loads(ganatomy("diagnose", "kept", "--json"))
    assert "--parts my_parts.py" in refused("train", "--resume", "kept", "--steps", 4)
    Path("gone.py").rename(path)


def test_the_entry_point_is_in_the_group_that_is_looked_for() -> None:
    (block,) = blocks("toml")
    assert list(tomllib.loads(block)["project"]["entry-points"]) == [registry.GROUP]


def test_each_kind_of_part_has_a_block() -> None:
    made = set(re.findall(r"register_(\w+)\(", "".join(blocks("python", SECTIONS["Register them"])))) | {"rule"}
    stub = (ROOT / "src" / "ganatomy" / "__init__.pyi").read_text()
    assert made == set(re.findall(r"import register_(\w+)", stub)) | {"rule"}


def test_parts_are_short() -> None:
    registering = [each for each in blocks("python", SECTIONS["Register them"]) if "register_family" not in each]
    assert all(len(block.splitlines()) <= 12 for block in registering)
    assert np.mean([len(block.splitlines()) for block in registering]) < 9
