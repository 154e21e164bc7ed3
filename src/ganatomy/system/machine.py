"""The machine and the versions that a run was made with; `ganatomy doctor`."""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from ganatomy import __version__
from ganatomy.system.files import cache_folder
from ganatomy.system.runtime import choose_device, cores

MISSING = "not installed"
BUSY = 0.5  # of the processors, used by others


def versions() -> dict[str, str]:
    """Versions of what decides the numbers."""
    packages = ("torch", "numpy", "Pillow", "safetensors")
    return {"ganatomy": __version__, "python": platform.python_version(), **{name: _version(name) for name in packages}}


def describe() -> dict[str, Any]:
    """Processor, cores, memory and GPUs."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor(),
        "cores": cores(),
        "matrix_units": torch.backends.cpu.get_cpu_capability() + (" + AMX" if has_amx() else ""),
        "memory_gib": memory_gib(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "apple_gpu": torch.backends.mps.is_available(),
    }


def busy(own: float = 0.0) -> str | None:
    """That other processes use much of this machine, in words; None where they do not, or nobody knows.

    own: how many processors this process has used in the last minute.
    """
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # no such figure on this system
        return None
    processors = os.cpu_count() or 1  # of the whole machine, as the load is
    if load - own <= BUSY * processors:
        return None
    return f"This machine is busy: its load was {load:.1f} in the last minute, on {processors} processors."


def processor() -> str:
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def has_amx() -> bool:
    """Whether the processor multiplies bfloat16 matrices in tiles (Intel AMX)."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def memory_gib() -> float | None:
    """Memory of this machine in GiB; None where the system does not report it."""
    try:
        kilobytes = next(
            line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line
        )
    except (OSError, StopIteration):
        return None
    return round(int(kilobytes) / 2**20, 1)


def git_commit() -> str | None:
    """The commit of the working folder, with + where it has changes; None outside a checkout."""
    try:
        git = ("git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*")
        return subprocess.run(git, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def command() -> str:
    """The command line of this process, as a person would type it."""
    program, *arguments = sys.argv
    return shlex.join(["ganatomy" if Path(program).name == "__main__.py" else Path(program).name, *arguments])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return MISSING


def extras() -> dict[str, bool]:
    """The extras of this package but dev, and whether all packages of each are installed."""
    found: dict[str, bool] = {}
    for requirement in metadata.requires("ganatomy") or []:
        package, extra = re.match(r"[\w.-]+", requirement), re.search(r"extra == ['\"](\w+)", requirement)
        if package and extra and extra[1] != "dev":
            found[extra[1]] = found.get(extra[1], True) and _version(package[0]) != MISSING
    return found


def doctor() -> str:
    """A report in plain text: versions, devices, measured speed, extras, cache."""
    here, found = describe(), versions()
    lines = [
        ("Ganatomy", f"{found['ganatomy']} on Python {found['python']}, torch {found['torch']}"),
        ("Processor", f"{here['processor']}, {here['cores']} cores, {here['matrix_units']}"),
        ("Memory", f"{here['memory_gib']} GiB" if here["memory_gib"] else "unknown"),
        ("GPUs", ", ".join(here["gpus"]) or ("Apple's" if here["apple_gpu"] else "none")),
        ("Trains on", str(choose_device("auto"))),
        ("Products", ", ".join(f"{name} {speed:,.0f} GFLOP/s" for name, speed in product_speeds().items())),
        ("Extras", ", ".join(f"{extra} {'yes' if there else 'no'}" for extra, there in extras().items())),
        ("Cache", f"{cache_folder()}, {_free_gib():.0f} GiB free"),
    ]
    return "\n".join(f"{name:<10} {text}" for name, text in lines)


def product_speeds(size: int = 2048) -> dict[str, float]:
    """GFLOP/s of a matrix product of this size on the CPU's cores, in float32 and bfloat16: the best of three."""
    threads = torch.get_num_threads()
    torch.set_num_threads(cores())
    speeds = {}
    for kind in (torch.float32, torch.bfloat16):
        matrix = torch.ones(size, size, dtype=kind)
        times = []
        for _ in range(3):
            began = time.perf_counter()
            torch.nn.functional.linear(matrix, matrix)
            times.append(time.perf_counter() - began)
        speeds[str(kind).removeprefix("torch.")] = 2 * size**3 / min(times) / 1e9
    torch.set_num_threads(threads)
    return speeds


def _free_gib() -> float:
    folder = cache_folder()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 2**30
