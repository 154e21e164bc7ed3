"""Make an environment of the versions that locks name: `python tools/environment.py .venv torch demo dev`.

Every file is checked against its hash. Nothing is resolved or built, so nothing is installed that no lock names.
`torch` is the CPU build if pip finds one whose hash is known, else PyPI's, which for Linux comes with CUDA's libraries.
"""

import argparse
import os
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("locks", nargs="+", choices=[path.stem for path in LOCKS.glob("*.lock")])
    parser.add_argument("--wheel", help="install this wheel, and not Ganatomy as an editable package")
    given = parser.parse_args()

    venv.create(given.folder, with_pip=True, symlinks=os.name != "nt")  # as `python -m venv` makes them
    python = given.folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--no-deps")
    hashed = (*pip, "--require-hashes", "--only-binary", ":all:", "--requirement")
    for lock in given.locks:
        if lock == "torch":
            tried = subprocess.run((*hashed, LOCKS / "torch-cpu.lock"), capture_output=True, text=True)
            if not tried.returncode:
                continue
            print(
                f"No CPU build of torch with a known hash, so PyPI's is installed. pip said:\n{tried.stderr}",
                flush=True,
            )
        subprocess.run((*hashed, LOCKS / f"{lock}.lock"), check=True)
    ganatomy = (given.wheel,) if given.wheel else ("--no-build-isolation", "--editable", ROOT)
    subprocess.run((*pip, *ganatomy), check=True)
    subprocess.run((python, "-m", "pip", "check"), check=True)


if __name__ == "__main__":
    main()
