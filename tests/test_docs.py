"""What the documents say is so: their commands run, their tables and links are those of the code."""

import re
import shlex
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tools.docs import MADE, PAGES, ROOT, renewed

from command import only_ours
from ganatomy import cli
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.reproduction import mnist
from tiny import TINY, quick, waves


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_as_the_code_makes_them(page: Path) -> None:
    text = page.read_text()
    with only_ours():
        assert renewed(text) == text, "`make docs` puts this right"


@pytest.mark.parametrize("name", ["DATA", "DIAGNOSIS", "EVALUATION", "LAB", "OPTIONS", "TRAINING"])
def test_a_table_that_is_wrong_is_put_right(name: str) -> None:
    text = (ROOT / "docs" / f"{name}.md").read_text()
    row = MADE.search(text)[0].splitlines()[-3]
    with only_ours():
        assert renewed(text.replace(row, "| nonsense |")) == text


def test_every_room_is_in_the_table_of_contributing() -> None:
    places = (ROOT / "src" / "ganatomy").iterdir()
    rooms = {path.name for path in places if not path.name.startswith("__") and path.suffix != ".typed"}
    table = set(re.findall(r"^\| `([\w.]+)/?` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M))
    assert rooms == table


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in re.findall("^#+ (.+)$", text, re.M)
    }
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("#"):
            assert link[1:] in headings, link
        else:
            assert link.startswith("http") or (page.parent / link).exists(), link


def commands() -> list[str]:
    """The README's lines that call the command, continuation lines joined, comments dropped."""
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    lines = [line.split("  #")[0].strip() for line in text.splitlines() if line.startswith("    ")]
    return [line.removeprefix(".venv/bin/") for line in lines if re.match(r"(\.venv/bin/)?ganatomy ", line)]


def test_there_are_commands_to_try() -> None:
    assert len(commands()) >= 9


@pytest.mark.parametrize("line", commands())
def test_a_readme_command_runs(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cats").mkdir()
    for i, image in enumerate(waves(12, 20, 24)):
        Image.fromarray(image).save(f"cats/{i}.png")
    with zipfile.ZipFile("data.zip", "w") as archive:
        for path in Path("cats").iterdir():
            archive.write(path)
    np.save("digits.npy", waves(12, 28, 28, 1))
    if "train" not in line:
        quick("digits.npy", Path("runs"), "saturating", training__steps=1)
    arguments = shlex.split(line)[1:]
    if arguments[0] == "train":
        arguments += [f"--set={option}={value}" for option, value in TINY.items()]
        arguments += [] if "--minutes" in line else ["--steps", "2"]
        arguments = ["0.01" if argument == "60" else argument for argument in arguments]  # minutes
        arguments = [
            "digits.npy" if argument == "digits" and i == 1 else argument for i, argument in enumerate(arguments)
        ]
    if arguments[0] == "evaluate":
        arguments = [*arguments[:2], *arguments[2 : -2 if "--n" in arguments else None], "--n", "100"]
    if arguments[0] == "reproduce":
        monkeypatch.setattr(mnist, "RECIPES", {"dcgan": TINY})
        arguments = [{"MNIST/raw": "digits"}.get(argument, argument) for argument in arguments]
        arguments += ["--minutes", "0.001", "--images", "100"]
    if arguments[0] == "lab":
        arguments += ["--steps", "2", "--pictures", "2", "--width", "8"]
    if arguments[0] == "compare":
        evaluate("saturating", n=100, device="cpu")
    monkeypatch.setattr(sys, "argv", ["ganatomy", *arguments])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert not exit_.value.code, capsys.readouterr().err


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ganatomy

    monkeypatch.chdir(tmp_path)
    Path("cats").mkdir()
    for i, image in enumerate(waves(12, 20, 24)):
        Image.fromarray(image).save(f"cats/{i}.png")
    run = ganatomy.train("cats/", recipe="dcgan", settings={**TINY, "data.size": 64, "training.steps": 2})
    pixels = ganatomy.load(run).sample(range(16))
    assert (pixels.dtype, pixels.shape) == (np.uint8, (16, 64, 64, 3))
