"""Names → parts: registration, where code comes from, and loading a stranger's file."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from ganatomy.errors import UserError
from ganatomy.system import registry
from ganatomy.system.registry import Origin, Registry


@pytest.fixture
def fruit() -> Registry[str]:
    known: Registry[str] = Registry("fruit")
    known.add("apple", "🍏", module="ganatomy.gan", summary="Green")
    known.add("pear", "🍐", module="ganatomy.gan", summary="Sweet")
    return known


@pytest.fixture
def part_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of parts that counts how often it is run."""
    monkeypatch.setenv(registry.VARIABLE, "")
    path = tmp_path / "some_parts_of_mine.py"
    path.write_text("import builtins\nbuiltins.times_run = getattr(builtins, 'times_run', 0) + 1\n")
    yield path
    sys.modules.pop("some_parts_of_mine", None)
    import builtins

    del builtins.times_run  # type: ignore[attr-defined]


def test_names_are_in_the_order_of_registration(fruit: Registry[str]) -> None:
    assert (list(fruit), fruit.listed, fruit["pear"], fruit.summary("apple")) == (
        ["apple", "pear"],
        "apple or pear",
        "🍐",
        "Green",
    )


def test_an_unknown_name_lists_the_nearest(fruit: Registry[str]) -> None:
    with pytest.raises(UserError, match="no fruit called 'appel'; did you mean apple"):
        fruit.find("appel")


def test_a_name_belongs_to_one_module(fruit: Registry[str]) -> None:
    with pytest.raises(UserError, match=r"mine registers the fruit 'apple', which ganatomy\.gan has"):
        fruit.add("apple", "🍎", module="mine")
    fruit.add("plum", "1", module="mine")
    fruit.add("plum", "2", module="mine")  # a notebook's cell run again
    assert fruit["plum"] == "2"


def test_a_summary_is_the_docstrings_first_line() -> None:
    def part() -> None:
        """What it is.

        More.
        """

    known: Registry[object] = Registry("thing")
    known.add("part", part, module="mine")
    assert known.summary("part") == "What it is"


def test_ours_have_no_origin_and_a_strangers_has_its_files_hash(fruit: Registry[str], part_file: Path) -> None:
    name = registry.load_parts(str(part_file))
    fruit.add("plum", "1", module=name)
    assert fruit.origin("apple") is None
    digest = hashlib.sha256(part_file.read_bytes()).hexdigest()
    assert fruit.origin("plum") == Origin("some_parts_of_mine", str(part_file), digest, None)


def test_a_file_is_loaded_once_and_by_the_processes_we_start(part_file: Path) -> None:
    import builtins

    for _ in range(2):
        assert registry.load_parts(str(part_file)) == "some_parts_of_mine"
    assert builtins.times_run == 1  # type: ignore[attr-defined]
    assert os.environ[registry.VARIABLE] == str(part_file)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("absent.py", None, "There is no file"),
        ("json.py", "", "a module called json is there already"),
        ("broken_parts.py", "1/0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("wrong_parts.py", "def f(:", "cannot be loaded: SyntaxError"),
    ],
)
def test_what_cannot_be_loaded_is_said(
    name: str, text: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(registry.VARIABLE, "")
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=message):
        registry.load_parts(str(tmp_path / name))
    assert "broken_parts" not in sys.modules
    assert os.environ[registry.VARIABLE] == ""
