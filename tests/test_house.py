"""The rules of the house, held by the code itself: docstrings say what they must, a class name has one meaning."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "src" / "ganatomy").rglob("*.py"))
ARRAYS = re.compile(r"\b(Tensor|NDArray|Array|Pixels|Scores|Labels)\b")
SHAPES = re.compile(r"\[[^\]]*[A-Z0-9][^\]]*\]|scalar|shape|seeds?\b")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[tuple[Function, str]]:
    """The public functions and methods of a file, each with its docstring and that of its class."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for owner in (tree, *classes):
        words = ast.get_docstring(owner) or "" if isinstance(owner, ast.ClassDef) else ""
        for node in owner.body:
            if isinstance(node, Function) and (node.name == "__init__" or not node.name.startswith("_")):
                yield node, f"{ast.get_docstring(node) or ''} {words}"


def raised(function: Function) -> set[str]:
    """UserError and ValueError, where the function itself raises them."""
    found = (ast.unparse(node.exc) for node in ast.walk(function) if isinstance(node, ast.Raise) and node.exc)
    kinds = {"UserError": r"UserError|\bunknown\(", "ValueError": r"^ValueError"}
    return {kind for text in found for kind, pattern in kinds.items() if re.search(pattern, text)}


def annotations(function: Function) -> str:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    kinds = [argument.annotation for argument in arguments] + [function.returns]
    return " ".join(ast.unparse(kind) for kind in kinds if kind)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src" / "ganatomy")))
def test_docstrings_state_errors_and_shapes(path: Path) -> None:
    missing = []
    for function, words in functions(path):
        missing += [f"{function.name} raises {kind}" for kind in raised(function) if kind not in words]
        if path.parent.name != "cli" and ARRAYS.search(annotations(function)) and not SHAPES.search(words):
            missing.append(f"{function.name} takes or gives arrays of no stated shape")
    assert not missing, missing


def test_a_class_name_has_one_meaning() -> None:
    """Each family of networks has its Generator and its Discriminator: that is one meaning."""
    places = defaultdict(set)
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(str(path.parent.relative_to(ROOT)))
    shared = {name: folders for name, folders in places.items() if len(folders) > 1}
    assert not shared
    files = defaultdict(list)
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                files[node.name].append(path.name)
    assert {name for name, where in files.items() if len(where) > 1} <= {"Generator", "Discriminator"}


def test_every_package_imports_downwards_only() -> None:
    """No module of ours lies loose but those that the rooms stand on."""
    loose = {path.name for path in (ROOT / "src" / "ganatomy").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "build.py", "errors.py"}


def test_all_text_for_people_goes_out_in_one_place() -> None:
    """Where control characters in names are shown, not obeyed: `system/terminal.py`."""
    elsewhere = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "Console")
    ]
    assert [place.partition(":")[0] for place in elsewhere] == ["src/ganatomy/system/terminal.py"], elsewhere
