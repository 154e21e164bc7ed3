"""The command `ganatomy`, run in this process; and parts of one's own, forgotten again."""

import contextlib
import gc
import io
import shlex
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import typer.main

from ganatomy import cli
from ganatomy.config.recipes import RECIPES
from ganatomy.config.settings import parse_settings
from ganatomy.experiments.claims.claim import catalogue
from ganatomy.experiments.reproduction.chapters import CHAPTERS
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.system import registry
from ganatomy.theory.lab.targets import TARGETS
from ganatomy.training.api import plan

_GROUP: Any = typer.main.get_command(cli.app)
VERBS: dict[str, Any] = {name: verb for name, verb in _GROUP.commands.items() if name != "data"} | {
    f"data {name}": verb for name, verb in _GROUP.commands["data"].commands.items()
}


def outcome(*arguments: object) -> tuple[int, str, str]:
    """Run the command: (exit status, standard output, standard error)."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["ganatomy", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return int(ended.value.code or 0), out.getvalue(), err.getvalue()


def ganatomy(*arguments: object) -> str:
    """Run the command and return what it printed; fails where its status is not 0."""
    status, out, err = outcome(*arguments)
    assert status == 0, err
    return out


def refused(*arguments: object) -> str:
    """Run the command and return its one sentence on standard error; fails where its status is 0."""
    status, _, err = outcome(*arguments)
    assert status != 0
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1, err
    return err.strip()


def check(line: str, names: bool = True) -> None:
    """Fails unless a line, ganatomy VERB …, has a verb and arguments that exist; of `train`, also options and names.

    names: also those that other verbs look up only when they run.
    """
    words = shlex.split(line)
    assert words[0] == "ganatomy"
    count = 2 if words[1] == "data" else 1
    verb = VERBS[" ".join(words[1 : 1 + count])]
    given = verb.make_context(words[count], words[1 + count :]).params
    for known, wanted in _looked_up(words[1], given) if names else []:
        for name in wanted:
            assert name in known or name == "all" or name.isupper(), name
    if words[1] == "train" and given["resume"] is None:
        flags = {"training.steps": 1, "evaluation.every": given["evaluate_every"] or 0}
        settings = {**flags, **parse_settings(given["settings"] or [])}
        plan(given["data"], given["recipe"], given["config"], settings)


def _looked_up(verb: str, given: dict[str, Any]) -> list[tuple[Iterable[str], list[str]]]:
    """The names that a verb looks up only when it runs, each with all that there are; NAME stands for any."""
    match verb:
        case "claims":
            return [(catalogue(), given["run"] or [])]
        case "lab":
            penalties = [each.partition("=")[0] for each in given["penalty"] or []]
            return [(TARGETS, [given["target"]]), (OBJECTIVES, [given["objective"]]), (PENALTIES, penalties)]
        case "recipes":
            return [(RECIPES, [given["name"]] if given["name"] else [])]
        case "reproduce":
            return [(CHAPTERS, given["names"])]
    return []


@contextlib.contextmanager
def forgotten(*modules: str) -> Iterator[None]:
    """Afterwards these modules are not loaded, and no registry has what they registered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(registry.VARIABLE, "")
        try:
            yield
        finally:
            forget(*modules)


def forget(*modules: str) -> None:
    """Unload these modules, and take what they registered out of every registry."""
    for module in modules:
        for known in registries():
            known.forget(module)
        registry.loaded.discard(module)
        sys.modules.pop(module, None)


def registered() -> list[tuple[registry.Registry, str]]:
    """Every part there is, by its registry and its name."""
    return [(each, name) for each in registries() for name in each]


def registries() -> list[registry.Registry]:
    """Every registry that there is."""
    return [each for each in gc.get_objects() if type(each) is registry.Registry]


@contextlib.contextmanager
def only_ours() -> Iterator[None]:
    """Without the parts that other tests have registered."""
    theirs = [(known, name) for known, name in registered() if known.origin(name) is not None]
    kept = [(known, name, known[name], known.module(name), known.summary(name)) for known, name in theirs]
    for known, name in theirs:
        known.remove(name)
    yield
    for known, name, part, module, summary in kept:
        known.add(name, part, module=module, summary=summary)
