"""Names → parts: one registry a kind of part, each name registered once, beside what it names.

Ours register themselves when their module is imported. A stranger's do the same, in a module that is loaded with
`--parts my_parts.py`, by $GANATOMY_PARTS, as an installed package's entry point (group `ganatomy.parts`), or by a
plain `import`. Lists in help texts, docs, errors and pages are made from the registries; nothing repeats a name.
"""

import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from inspect import getdoc
from pathlib import Path
from typing import Any, Generic, TypeVar

from ganatomy.errors import UserError, first_line, unknown
from ganatomy.system.files import checksum

GROUP = "ganatomy.parts"  # of entry points
VARIABLE = "GANATOMY_PARTS"  # files or modules, parted as in $PATH: processes that we start load the same parts

T = TypeVar("T")


@dataclass(frozen=True)
class Origin:
    """Where a part's code is: its module, the file with its sha256, and the package's version, where it has one."""

    module: str
    file: str | None
    sha256: str | None
    version: str | None

    @classmethod
    def of(cls, module: str) -> "Origin":
        """Of an imported module."""
        file = getattr(sys.modules.get(module), "__file__", None)
        digest = checksum(Path(file)) if file and Path(file).is_file() else None
        try:
            version = metadata.version(module.partition(".")[0])
        except metadata.PackageNotFoundError:
            version = None
        return cls(module, file, digest, version)


@dataclass(frozen=True)
class _Entry(Generic[T]):
    part: T
    module: str
    summary: str
    listed: bool


class Registry(Mapping[str, T], Generic[T]):
    """The parts of one kind by name, in the order in which they were registered.

    kind: what messages call one of them, such as "objective".
    """

    def __init__(self, kind: str, adopt: Callable[[str, Any], T] | None = None) -> None:
        """adopt: (name, found) → part, of what a stranger's module has under a name that nobody registered."""
        self.kind, self._adopt = kind, adopt
        self._entries: dict[str, _Entry[T]] = {}

    def add(self, name: str, part: T, *, module: str, summary: str | None = None, listed: bool = True) -> T:
        """Register a part under a name and return it.

        module: where its code is. summary: one line for lists; the docstring's first line if not given. listed: False
        for what was passed to one training: it is found by its name, but stands in no list.
        Raises UserError where the name belongs to another module: a notebook may run its own cell again.
        """
        before = self._entries.get(name)
        if before is not None and before.module != module:
            raise UserError(
                f"{module} registers the {self.kind} {name!r}, which {before.module} has: choose another name."
            )
        self._entries[name] = _Entry(part, module, summary_of(part) if summary is None else summary, listed)
        return part

    def remove(self, name: str) -> None:
        """Forget a name."""
        self._entries.pop(name, None)

    def forget(self, module: str) -> None:
        """Forget every name that a module registered."""
        self._entries = {name: entry for name, entry in self._entries.items() if entry.module != module}

    def find(self, name: str) -> T:
        """The part by name; `module.attribute` is looked for in the modules that were loaded for their parts.

        Raises UserError that lists the nearest names, or says which module is missing.
        """
        if name not in self and self._adopt is not None and "." in name:
            module, found = _attribute(name)
            if found is None:
                raise UserError(
                    f"The {self.kind} {name} is not part of Ganatomy: load its file with --parts {module}.py, "
                    "or pass it again in Python."
                )
            return self.add(name, self._adopt(name, found), module=module, listed=False)
        if name not in self:
            raise unknown(self.kind, name, self)
        return self[name]

    def summary(self, name: str) -> str:
        """One line on a part."""
        return self._entries[name].summary

    def module(self, name: str) -> str:
        """The module that registered a part."""
        return self._entries[name].module

    def origin(self, name: str) -> Origin | None:
        """Where the code of a stranger's part is; None for ours."""
        module = self.module(name)
        return None if module.partition(".")[0] == "ganatomy" else Origin.of(module)

    @property
    def listed(self) -> str:
        """The names as help texts list them: a, b or c."""
        *first, last = self
        return f"{', '.join(first)} or {last}" if first else last

    def __getitem__(self, name: str) -> T:
        load_installed()
        return self._entries[name].part

    def __iter__(self) -> Iterator[str]:
        load_installed()
        return iter([name for name, entry in self._entries.items() if entry.listed])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def origins(named: Iterable[tuple[Registry[Any], str]]) -> list[dict[str, Any]]:
    """As run.json records them, the parts by (registry, name) that are not ours.

    Each has kind, name, and what `Origin` says of its code.
    """
    found = ((registry, name, registry.origin(name)) for registry, name in named)
    return [{"kind": registry.kind, "name": name, **asdict(origin)} for registry, name, origin in found if origin]


def summary_of(part: Any) -> str:
    """The first line of a docstring, without its last full stop."""
    return (getdoc(part) or "").partition("\n")[0].rstrip(".")


def _attribute(name: str) -> tuple[str, Any]:
    """(module, what it has) of module.attribute, if that module was loaded for its parts; else (module, None)."""
    module, _, attribute = name.rpartition(".")
    # A script's own name is __main__ where it runs, and its file's where it is loaded.
    for place in sorted(loaded if module == "__main__" else loaded & {module}):
        if (found := getattr(sys.modules.get(place), attribute, None)) is not None:
            return place, found
    return module, None


def load_parts(parts: str) -> str:
    """Load a file of parts (my_parts.py) or a module by its name, and return the module's name.

    Processes that this one starts load it too. Raises UserError where it cannot be loaded.
    """
    name = _import(parts)
    known = [each for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]
    place = str(Path(parts).resolve()) if parts.endswith(".py") else parts
    if place not in known:
        os.environ[VARIABLE] = os.pathsep.join([*known, place])
    return name


loaded: set[str] = set()  # modules that were loaded for their parts
_installed = False


def load_installed() -> None:
    """Load what $GANATOMY_PARTS names and installed packages offer, once.

    A package whose parts cannot be loaded is left out with a warning: it must not keep others from working.
    """
    global _installed
    if _installed:
        return
    _installed = True
    for parts in os.environ.get(VARIABLE, "").split(os.pathsep):
        if parts:
            _import(parts)
    for point in metadata.entry_points(group=GROUP):
        try:
            point.load()
        except Exception as error:  # a stranger's code may raise anything
            warnings.warn(f"The parts of {point.value} were left out: {first_line(error)}.", stacklevel=2)


def _import(parts: str) -> str:
    name = _imported(parts)
    loaded.add(name)
    return name


def _imported(parts: str) -> str:
    path = Path(parts).expanduser()
    if path.suffix != ".py":
        return _checked(parts, lambda: import_module(parts))
    if not path.is_file():
        raise UserError(f"There is no file {parts} to load parts from.")
    name = path.stem
    there = getattr(sys.modules.get(name), "__file__", None)
    if there is not None and Path(there).resolve() == path.resolve():
        return name
    if name in sys.modules or name in sys.stdlib_module_names:
        raise UserError(f"{parts} cannot be loaded: a module called {name} is there already; rename the file.")
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        return _checked(parts, lambda: spec.loader.exec_module(module))  # type: ignore[union-attr]
    except UserError:
        del sys.modules[name]
        raise


def _checked(parts: str, action: Callable[[], Any]) -> str:
    try:
        found = action()
    except UserError:
        raise
    except Exception as error:  # a stranger's code may raise anything
        raise UserError(f"{parts} cannot be loaded: {type(error).__name__}: {first_line(error)}.") from error
    return Path(parts).stem if found is None else found.__name__
