"""What the command says of itself: help, examples, version, completion."""

import shlex
import subprocess
import sys

import pytest

from command import VERBS, check, ganatomy, outcome, refused
from ganatomy import __version__
from ganatomy.cli.verb import PLACE

EXAMPLES = [(verb, line) for verb, command in VERBS.items() for line in command.examples]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples_of_itself_and_shows_them(verb: str, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    examples = VERBS[verb].examples
    assert examples
    assert all(line.startswith(f"ganatomy {verb}") for line in examples)
    printed = ganatomy(*verb.split(), "--help")
    assert all(line in printed for line in examples)


@pytest.mark.parametrize("line", [line for _, line in EXAMPLES])
@pytest.mark.usefixtures("my_parts")
def test_an_example_is_true(line: str) -> None:
    check(line)


@pytest.mark.parametrize("line", [line for verb, line in EXAMPLES if verb in ("recipes", "options")])
def test_an_example_that_only_prints_runs(line: str, my_parts) -> None:
    assert len(ganatomy(*shlex.split(line)[1:]).splitlines()) > 3


@pytest.mark.parametrize("verb", ["", "data", *VERBS])
def test_help_is_filled_in_and_shows_switches_as_switches(verb: str) -> None:
    printed = ganatomy(*verb.split(), "--help")
    assert printed == ganatomy(*verb.split(), "-h")
    assert not PLACE.search(printed)
    assert "<bool>" not in printed


def test_help_tells_a_switch_from_an_option_with_a_value() -> None:
    lines = ganatomy("train", "--help").splitlines()
    assert next(line for line in lines if "--dry-run" in line).split()[2] == "Print"
    assert next(line for line in lines if "--steps" in line).split()[2] == "<int>"


@pytest.mark.parametrize("order", ["lab --parts my_parts.py --help", "lab --help --parts my_parts.py"])
def test_help_lists_parts_of_ones_own(order: str, my_parts, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "my_loss" not in ganatomy("lab", "--help")
    assert " or my_loss" in ganatomy(*order.split())


def test_verbs_that_may_meet_a_part_of_ones_own_take_it() -> None:
    takes = {name for name, verb in VERBS.items() if "parts" in {parameter.name for parameter in verb.params}}
    assert takes >= {
        *("train", "sample", "walk", "evaluate", "diagnose", "export", "serve", "studio", "lab", "claims"),
        *("options", "recipes", "data inspect", "data prepare"),
    }


@pytest.mark.parametrize(
    ("line", "names", "verb"),
    [
        ("train digits --stps 3", "--steps", "train"),
        ("train digits --steps many", "--steps", "train"),
        ("sample", "RUN", "sample"),
        ("trian digits", "train", ""),
        ("data inspct digits", "inspect", "data"),
        ("walk last --frames 1", "--frames", "walk"),
    ],
)
def test_wrong_arguments_get_one_sentence(line: str, names: str, verb: str) -> None:
    said = refused(*line.split())
    assert said.startswith("ganatomy: ")
    assert names in said
    assert said.endswith(f"`{f'ganatomy {verb}'.strip()} --help` explains its arguments.")


def test_no_arguments_show_the_help() -> None:
    assert "Start with: ganatomy demo" in outcome()[1]


def test_version() -> None:
    assert ganatomy("--version") == f"ganatomy {__version__}\n"


def test_help_and_completion_answer_without_torch() -> None:
    program = """
import os, sys
from ganatomy import cli
def answer(*arguments, **environment):
    os.environ.update(environment)
    sys.argv = ["ganatomy", *arguments]
    try:
        cli.main()
    except SystemExit:
        pass
def loaded(*names):
    print(*(name for name in names if name in sys.modules))
answer("--help")
loaded("torch", "numpy", "pydantic", "yaml")
answer(_GANATOMY_COMPLETE="source_bash")
answer(_GANATOMY_COMPLETE="complete_bash", COMP_WORDS="ganatomy wa", COMP_CWORD="1")
answer(COMP_WORDS="ganatomy train --parts gone.py --dry", COMP_CWORD="4")
loaded("torch", "numpy", "yaml")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    shown, script = result.stdout.split("_ganatomy_completion()")
    assert shown.splitlines()[-1] == ""
    assert "complete -o default -F _ganatomy_completion ganatomy" in script
    assert script.splitlines()[-3:] == ["walk", "--dry-run", ""]
    assert result.stderr == ""
