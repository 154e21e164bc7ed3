"""What the documents say is so: their commands run, their tables and links are those of the code."""

import re
import shlex
import shutil
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tools.docs import MADE, PAGES, ROOT, renewed

from command import VERBS, check, ganatomy, only_ours
from ganatomy.data import prepare
from ganatomy.experiments.reproduction import mnist
from tiny import TINY, waves

README = (ROOT / "README.md").read_text()


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


def test_an_empty_table_is_filled_and_nothing_after_it_is_lost() -> None:
    tables = ["<!-- made from ganatomy.theory.lab.targets:TARGETS -->\n\n<!-- end -->"] * 2
    with only_ours():
        page = renewed("\n\nbetween\n\n".join(tables))
    assert page.count("| `ring` |") == 2
    assert page.count("between") == 1


def test_every_room_is_in_the_table_of_contributing() -> None:
    """So every module is in the table, or the room that it is in."""
    places = (ROOT / "src" / "ganatomy").iterdir()
    rooms = {path.name for path in places if not path.name.startswith("__") and path.suffix != ".typed"}
    assert rooms == {room.rstrip("/") for room in ROWS}


ROWS = dict(re.findall(r"^\| `([\w.]+/?)` \| (.*) \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.M))


@pytest.mark.parametrize("room", ROWS)
def test_what_the_table_of_contributing_names_is_in_that_room(room: str) -> None:
    folder = ROOT / "src" / "ganatomy" / (room if room.endswith("/") else "")
    for name in re.findall(r"`([\w/]+(?:\.py|/))`", ROWS[room]):
        assert (folder / name).exists(), name


def test_files_that_contributing_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## Adding")[2]
    names = re.findall(r"`((?:[\w.]+/)*[\w.]+(?:\.pyi?|/))`", text)
    assert len(names) > 20
    for name in names:
        assert (ROOT / "src" / "ganatomy" / name).exists() or (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if link.startswith("http"):
            continue
        place, _, heading = link.partition("#")
        target = page.parent / place if place else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    found = re.findall("^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found}


# Commands


def shown(text: str) -> list[str]:
    """The lines of a page that call the command, continuation lines joined, comments dropped."""
    found = re.findall(r"^(?: {4})?(?:\.venv/bin/|torchrun .* -m )?(ganatomy .*)$", text.replace("\\\n", " "), re.M)
    return [" ".join(re.split(r" {2,}#", line)[0].split()) for line in found]


def mentioned(text: str) -> list[str]:
    """The commands with arguments, and the bare verbs, that a page's sentences and tables mention."""
    return re.findall(r"`(ganatomy [^`]+)`", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_a_page_exist(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    for line in [*shown(text), *mentioned(text)]:
        if "--parts" in line or "[" in line.replace("='[", "") or line.endswith("--help") or " --" in line[:11]:
            continue  # docs/EXTENDING.md has a test of its own; [--option] is no command
        verb = line.removeprefix("ganatomy ")
        if verb not in VERBS:
            check(line.replace(" …", ""), names=page.name != "EXTENDING.md")  # which names parts of one's own


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the README's commands are given."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "cats").mkdir()
    for i, image in enumerate(waves(16, 20, 24)):
        Image.fromarray(image).save(folder / "cats" / f"{i}.png")
    shutil.copytree(folder / "cats", folder / "kittens")
    shutil.copy(folder / "cats" / "0.png", folder / "photo.png")
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        for path in (folder / "cats").iterdir():
            archive.write(path, path.relative_to(folder))
    digits = prepare("digits")
    some = np.linspace(0, 4999, 400).astype(int)
    np.save(folder / "digits.npy", digits.pixels[some[:60]])
    (folder / "MNIST" / "raw").mkdir(parents=True)
    for name, values in (("images-idx3", digits.pixels[some, :, :, 0]), ("labels-idx1", digits.labels[some])):
        header = np.array([0x800 + values.ndim, *values.shape], ">i4").tobytes()
        (folder / "MNIST" / "raw" / f"train-{name}-ubyte").write_bytes(header + values.astype(np.uint8).tobytes())
    return folder


QUICKLY = {
    "evaluate": ["--n", "100"],
    "project": ["--steps", "2"],
    "reproduce": ["--minutes", "0.001", "--images", "100"],
    "lab": ["--steps", "2", "--pictures", "2", "--width", "8"],
}


def test_the_readmes_commands_run_in_order(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small networks, few steps and few images."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(mnist, "RECIPES", {"dcgan": TINY})
    lines = shown(README)
    assert len(lines) > 20
    for line in lines:
        verb, *arguments = shlex.split(line)[1:]
        if verb == "train":
            arguments[0] = {"digits": "digits.npy"}.get(arguments[0], arguments[0])
            arguments += [f"--set={option}={value}" for option, value in TINY.items()]
            arguments += ["--minutes", "0.005"] if "--minutes" in line else ["--steps", "2"]
        ganatomy(verb, *arguments, *QUICKLY.get(verb, []))


def test_the_python_example_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    (program,) = re.findall(r"^    import ganatomy\n(?:    .*\n)+", README, re.M)
    program = program.replace('"training.steps": 2000', f'"training.steps": 2, **{TINY}')
    names: dict[str, object] = {}
    exec(re.sub("^    ", "", program, flags=re.M), names)
    pixels = names["pixels"]
    assert (pixels.dtype, pixels.shape) == (np.uint8, (16, 64, 64, 3))


def test_the_page_on_tables_shows_what_is_printed_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance, rows = np.random.default_rng(0), 5000
    income = chance.lognormal(10, 0.6, rows).round(2).clip(0, 120_000.5)
    income[:2], income[-155:] = (0, 120_000.5), np.nan
    cities = ["Berlin", "Bonn", "Bremen", "Cologne", "Dresden", "Essen", *(f"Town {i}" for i in range(6))]
    days = np.array([np.datetime64("2010-01-04") + day for day in chance.integers(0, 5475, rows)])
    days[:2] = np.datetime64("2010-01-04"), np.datetime64("2024-12-30")
    frame = pd.DataFrame(
        {
            "age": chance.integers(17, 90, rows, endpoint=True),
            "income": income,
            "city": chance.choice(cities, rows),
            "joined": pd.Series(days).dt.strftime("%d.%m.%Y"),
            "planet": "Earth",
        }
    )
    frame.to_csv("people.csv", index=False)
    page = (ROOT / "docs" / "TABLES.md").read_text()
    assert textwrap.indent(ganatomy("data", "inspect", "people.csv"), "    ") in page
    (program,) = re.findall(r"^    import numpy.*\n(?:(?:    .*)?\n)+?(?=\S)", page, re.M)
    exec(textwrap.dedent(program), {})
    assert Path("same.csv").read_bytes() == Path("people.csv").read_bytes()
