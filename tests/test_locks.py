"""The locks: every package of what is locked is pinned with hashes, and only a file with such a hash is installed."""

import hashlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tools import environment, lock

PYPROJECT = tomllib.loads((environment.ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]


def pins(name: str) -> dict[str, Version]:
    """The versions in a lock. Every line of it is a pin, a hash or a comment, and every pin has a hash."""
    found: dict[str, Version] = {}
    hashes: dict[str, int] = {}
    package = ""
    for line in (environment.LOCKS / f"{name}.lock").read_text().splitlines():
        text = line.removesuffix(" \\")
        if line.startswith("    --hash=sha256:"):
            assert len(bytes.fromhex(text.partition(":")[2])) == 32
            hashes[package] += 1
        elif not line.startswith("#"):
            package = canonicalize_name(Requirement(text).name)
            (pin,) = Requirement(text).specifier
            assert pin.operator == "==", line
            found[package], hashes[package] = Version(pin.version), 0
    assert all(hashes.values()), hashes
    return found


@pytest.mark.parametrize(("locks", "extras"), [(["demo"], lock.EXTRAS["demo"]), (["demo", "dev"], lock.EXTRAS["dev"])])
def test_what_is_asked_for_is_pinned_with_hashes(locks: list[str], extras: tuple[str, ...]) -> None:
    pinned = pins("torch")
    for name in locks:
        assert not pinned.keys() & pins(name).keys()
        pinned |= pins(name)
    wanted = PROJECT["dependencies"] + PYPROJECT["build-system"]["requires"]
    for want in map(Requirement, sum((PROJECT["optional-dependencies"][extra] for extra in extras), wanted)):
        assert pinned[canonicalize_name(want.name)] in want.specifier, f"{want}: make lock"


def test_the_cpu_build_is_of_the_same_version() -> None:
    (build,) = pins("torch-cpu").values()
    assert build.public == str(pins("torch")["torch"]) == lock.TORCH
    assert build.local == "cpu"


def wheel(folder: Path, name: str) -> str:
    """Make a wheel without content, and give its hash."""
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}-1.0.dist-info/METADATA", about)
        file.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return hashlib.sha256((folder / f"{name}-1.0-py3-none-any.whl").read_bytes()).hexdigest()


def test_only_files_with_a_known_hash_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = {name: wheel(tmp_path, name) for name in ("torch", "other", "ganatomy", "changed")}
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(environment, "LOCKS", tmp_path)
    hashes["changed"] = hashes["other"]
    for file, name in {"torch-cpu": "changed", "torch": "torch", "good": "other", "bad": "changed"}.items():
        (tmp_path / f"{file}.lock").write_text(f"{name}==1.0 --hash=sha256:{hashes[name]}\n")
    (tmp_path / "none.lock").write_text("changed==1.0\n")
    made, own = tmp_path / "made", str(tmp_path / "ganatomy-1.0-py3-none-any.whl")

    def installed() -> set[str]:
        return {path.name.partition("-")[0] for path in made.rglob("*-1.0.dist-info")}

    for locks in (["bad"], ["none"]):
        monkeypatch.setattr(sys, "argv", ["environment", str(made), "torch", *locks, "--wheel", own])
        with pytest.raises(subprocess.CalledProcessError):
            environment.main()
        assert installed() == {"torch"}
    monkeypatch.setattr(sys, "argv", ["environment", str(made), "torch", "good", "--wheel", own])
    environment.main()
    assert installed() == {"torch", "other", "ganatomy"}


def test_the_lowest_versions_are_the_bounds() -> None:
    """A bound below what can be installed promises what nobody has tried."""
    pinned = pins("lowest")
    for want in map(Requirement, lock.wanted(PYPROJECT)):
        (bound,) = [Version(each.version) for each in want.specifier if each.operator == ">="] or [None]
        assert bound in (None, pinned[canonicalize_name(want.name)]), f"{want}: raise the bound, then make lock"
