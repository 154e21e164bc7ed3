"""The processes of a Ray that a server has started."""

from pathlib import Path


def below(pid: int) -> list[Path]:
    """The folders in /proc of all processes that a process has started, and of those that they have."""
    folders = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    parents = {path: parent for path in folders if (parent := _parent(path)) is not None}
    found, wanted = [], {str(pid)}
    while children := [path for path, parent in parents.items() if parent in wanted]:
        found += children
        wanted = {path.name for path in children}
    return found


def replica_processes(pid: int) -> list[int]:
    """The numbers of the processes below it that are replicas of Ray Serve's."""
    return [int(path.name) for path in below(pid) if "ServeReplica" in _read(path / "cmdline")]


def _parent(process: Path) -> str | None:
    status = _read(process / "stat")
    return status.rpartition(")")[2].split()[1] if status else None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
