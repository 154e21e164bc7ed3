"""The command `ganatomy`, run in this process; and parts of one's own, forgotten again."""

import contextlib
import gc
import io
import sys
from collections.abc import Iterator

import pytest

from ganatomy import cli
from ganatomy.system import registry


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
