"""Arguments that several verbs share."""

import sys
from pathlib import Path

import pytest

from command import refused
from ganatomy.cli.arguments import parse_seeds
from ganatomy.errors import UserError

VERBS = ["sample", "walk", "export", "diagnose", "evaluate"]


@pytest.mark.parametrize("verb", VERBS)
def test_parts_are_loaded_before_anything_else(verb: str, here: Path, monkeypatch) -> None:
    monkeypatch.setenv("GANATOMY_PARTS", "")
    for name in ("one", "two"):
        Path(f"parts_{name}.py").write_text("import os\nhere = os.getcwd()\n")
    said = refused(verb, "no-such-run", "--parts", "parts_one.py", "--parts", "parts_two.py")
    assert "called 'no-such-run'" in said
    assert sys.modules.pop("parts_one").here == sys.modules.pop("parts_two").here == str(here)


def test_parts_that_cannot_be_loaded() -> None:
    Path("parts_broken.py").write_text("1 / 0\n")
    assert refused("sample", "x", "--parts", "parts_broken.py") == (
        "ganatomy: parts_broken.py cannot be loaded: ZeroDivisionError: division by zero."
    )
    assert refused("sample", "x", "--parts", "gone.py") == "ganatomy: There is no file gone.py to load parts from."


def test_seeds() -> None:
    assert parse_seeds("0-3,9") == [0, 1, 2, 3, 9]
    assert parse_seeds("7, 3-3") == [7, 3]
    assert len(parse_seeds("0-99999")) == 100_000
    for text in ("", "a", "3-", "-3", "3-1", "0-100000", "1,,2"):
        with pytest.raises(UserError, match=r"^--seeds "):
            parse_seeds(text)
