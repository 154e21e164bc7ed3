"""Arguments that several verbs share."""

import sys
from pathlib import Path

import pytest

from ganatomy import cli
from ganatomy.cli.arguments import parse_seeds
from ganatomy.errors import UserError

VERBS = ["sample", "walk", "export"]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command and returns what it said on standard error."""

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["ganatomy", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        return capsys.readouterr().err

    return call


@pytest.mark.parametrize("verb", VERBS)
def test_parts_are_loaded_before_anything_else(verb: str, called, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GANATOMY_PARTS", "")
    for name in ("parts_of_one", "parts_of_two"):
        (tmp_path / f"{name}.py").write_text("loaded = True\n")
    files = [str(tmp_path / f"{name}.py") for name in ("parts_of_one", "parts_of_two")]
    error = called(verb, "no-such-run", "--parts", files[0], "--parts", files[1])
    assert "no run called 'no-such-run'" in error
    assert sys.modules.pop("parts_of_one").loaded
    assert sys.modules.pop("parts_of_two").loaded


@pytest.mark.parametrize("verb", VERBS)
def test_parts_that_cannot_be_loaded(verb: str, called, tmp_path: Path) -> None:
    (tmp_path / "parts_broken.py").write_text("1 / 0\n")
    error = called(verb, "no-such-run", "--parts", str(tmp_path / "parts_broken.py"))
    assert error.startswith("ganatomy: ")
    assert error.endswith("cannot be loaded: ZeroDivisionError: division by zero.\n")
    assert called(verb, "x", "--parts", "missing.py") == "ganatomy: There is no file missing.py to load parts from.\n"


def test_seeds() -> None:
    assert parse_seeds("0-3,9") == [0, 1, 2, 3, 9]
    assert parse_seeds("7, 3-3") == [7, 3]
    assert len(parse_seeds("0-99999")) == 100_000
    for text in ("", "a", "3-", "-3", "3-1", "0-100000", "1,,2"):
        with pytest.raises(UserError, match=r"^--seeds "):
            parse_seeds(text)
