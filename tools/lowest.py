"""`make lowest`: the tests with the lowest versions that pyproject.toml allows, in an environment of its own.

`--python 3.14` tries another Python, with the lowest versions that have wheels for it; `--without onnx` leaves out an
extra that has none. What the packages themselves need is of the locks' day, AS_OF: tomorrow it is the same.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tools.lock import AS_OF

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".venv-lowest"


def uv(*arguments: str | Path, text: str | None = None) -> None:
    """Run uv; text: its input. A failure ends the command."""
    subprocess.run((sys.executable, "-m", "uv", "--quiet", *arguments), input=text, text=True, check=True)


def never_tried(requirements: list[Requirement], versions: dict[str, Version]) -> list[str]:
    """The bounds that are below the lowest version that can be installed: nobody has tested what they promise."""
    wrong = []
    for requirement in requirements:
        found = versions.get(canonicalize_name(requirement.name))
        bounds = [Version(bound.version) for bound in requirement.specifier if bound.operator == ">="]
        if found and found not in bounds:
            wrong.append(f"{requirement} is never tried: the lowest that can be installed is {found}.")
    return wrong


def main() -> int:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, optional = pyproject["project"], pyproject["project"]["optional-dependencies"]
    lowest = project["requires-python"].removeprefix(">=")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=lowest, help="a version or a path")
    parser.add_argument("--without", action="append", default=[], choices=optional, metavar="EXTRA")
    given, tests = parser.parse_known_args()

    wanted = [*project["dependencies"], *pyproject["build-system"]["requires"]]
    wanted += [want for extra, wants in optional.items() if extra not in given.without for want in wants]
    python, pins = PLACE / ("Scripts" if os.name == "nt" else "bin") / "python", PLACE / "lowest.txt"
    uv("venv", "--clear", "--python", given.python, PLACE)
    here = ("--python", python, "--only-binary", ":all:")
    dated = ("--resolution", "lowest-direct", "--exclude-newer", AS_OF)
    uv("pip", "compile", *here, *dated, "--output-file", pins, "-", text="\n".join(wanted))
    lines = [Requirement(line) for line in pins.read_text().splitlines() if line[:1].isalpha()]
    versions = {canonicalize_name(line.name): Version(str(line.specifier).removeprefix("==")) for line in lines}
    print("Lowest:", ", ".join(f"{name} {version}" for name, version in versions.items()), flush=True)
    if given.python == lowest and (wrong := never_tried([Requirement(want) for want in wanted], versions)):
        print(*wrong, sep="\n")
        return 1
    uv("pip", "sync", *here, pins)
    uv("pip", "install", "--python", python, "--no-deps", "--no-build-isolation", ROOT)
    # Old packages warn of what is deprecated in the newer ones that they need: that is no failure.
    pytest = (python, "-m", "pytest", "--numprocesses", "auto", "-m", "not slow", "-W", "ignore::DeprecationWarning")
    return subprocess.run((*pytest, *tests), cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
