"""`make lock`: write requirements/, the versions and hashes that `make` installs, from pyproject.toml.

uv resolves for every platform and every Python that is allowed, among the files that PyPI had on the day AS_OF. A
version in a lock stays if it can; `--upgrade` takes the newest. `--check` writes nothing, failing if one would change.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
AS_OF = "2026-11-29T00:00:00Z"
EXTRAS = {
    "demo": ("demo",),
    "dev": (
        *(
            "demo",
            "heic",
            "mlflow",
            "onnx",
            "privacy",
            "ray",
            "serve",
            "sound",
            "studio",
            "sweep",
            "tables",
            "tensorboard",
            "video",
            "wandb",
        ),
        "dev",
    ),
}
APART = ("mlflow", "ray", "trackio", "wandb")  # not in lowest.lock: they would raise the lowest versions of others

# A CPU build is not on PyPI. These are the hashes of those that were tested.
TORCH = "2.13.0"
CPU_BUILDS = {
    "cp311-manylinux_2_28_x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
}
GPU = re.compile(r"torch|triton|(cuda|nvidia)-.*")

NAMES = {
    "lowest": "The lowest versions that pyproject.toml allows, and what they need.",
    "demo": "What the demo needs, beside torch.",
    "dev": "What tests, lint and docs need, beside torch and demo.lock.",
    "torch": "torch as on PyPI, with the CUDA libraries that it needs on Linux.",
    "torch-cpu": "torch built for CPUs, which needs no other libraries.",
}


def resolved(extras: tuple[str, ...], known: str, *arguments: str) -> dict[str, str]:
    """The lines of each package that these extras and a build need, by its name; known: a lock whose versions stay."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    python = project["project"]["requires-python"].removeprefix(">=")
    with tempfile.TemporaryDirectory() as folder:
        build, lock = Path(folder, "build.in"), Path(folder, "lock")
        build.write_text("\n".join((*project["build-system"]["requires"], "editables", f"torch=={TORCH}")))
        lock.write_text(known)
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", python]
        command += ["--only-binary", ":all:", "--exclude-newer", AS_OF, "--generate-hashes", "--no-header"]
        command += ["--no-annotate", "--output-file", lock, ROOT / "pyproject.toml", build, *arguments]
        subprocess.run([*command, *(f"--extra={extra}" for extra in extras)], check=True)
        return _packages(lock.read_text())


def wanted(pyproject: dict[str, Any]) -> list[str]:
    """All that pyproject.toml asks for, whatever the extra, if that is not APART."""
    project, build = pyproject["project"], pyproject["build-system"]["requires"]
    extras = (needs for extra, needs in project["optional-dependencies"].items() if extra not in APART)
    return [*project["dependencies"], *build, *chain(*extras)]


def lowest() -> dict[str, str]:
    """The lines of each package with the lowest versions of what is asked for, on Linux, by its name."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    python = pyproject["project"]["requires-python"].removeprefix(">=")
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct"]
    command += ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:"]
    command += ["--exclude-newer", AS_OF, "--generate-hashes", "--no-header", "--no-annotate", "-"]
    text = "\n".join((*wanted(pyproject), "editables>=0.5"))
    return _packages(subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout)


def _packages(lock: str) -> dict[str, str]:
    packages = re.split(r"\n(?=\S)", lock.strip())
    return {re.match(r"[\w.-]+", package)[0]: package for package in packages}


def locks(*arguments: str) -> dict[Path, str]:
    """The content of each lock."""
    files = {name: ROOT / "requirements" / f"{name}.lock" for name in NAMES}
    known = "\n".join(files[name].read_text() for name in ("demo", "dev", "torch") if files[name].is_file())
    dev = resolved(EXTRAS["dev"], known, *arguments)
    demo = resolved(EXTRAS["demo"], "\n".join(dev.values()))
    content: dict[str, list[str]] = {name: [] for name in NAMES}
    for name, package in dev.items():
        content["torch" if GPU.fullmatch(name) else "demo" if name in demo else "dev"].append(package)
    builds = (f"    --hash=sha256:{sha256}" for sha256 in CPU_BUILDS.values())
    content["lowest"] += lowest().values()
    content["torch-cpu"].append(" \\\n".join([f"torch=={TORCH}+cpu", *builds]))
    note = "Made by `make lock`; installed by tools/environment.py."
    return {files[name]: "\n".join((f"# {NAMES[name]} {note}", *content[name], "")) for name in NAMES}


def main(*arguments: str) -> int:
    if arguments == ("--check",):
        stale = [path.name for path, text in locks().items() if not path.is_file() or path.read_text() != text]
        print(f"Run `make lock`: {', '.join(stale)} would change." if stale else "The locks are up to date.")
        return bool(stale)
    for path, text in locks(*arguments).items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
