"""The writer of files: the old file or the new one, whole, whatever happens in between."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganatomy.errors import UserError, first_line
from ganatomy.system import files

LARGE = 4 * 2**20  # bytes: most of a writer's time is spent in the middle of a file


def writer(work: str, folder: Path) -> subprocess.Popen[bytes]:
    """A process that repeats `work`, with i counting and `folder` at hand, from the first line that it prints on."""
    script = f"""
        import itertools
        from pathlib import Path
        from ganatomy.system import files
        folder = Path({str(folder)!r})
        for i in itertools.count():
            {work}
            print(flush=True)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> None:
    time.sleep(seconds)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path, chance, unfinished = tmp_path / "file", random.Random(0), 0
    for _ in range(8):
        killed_after(
            writer(f"files.write_bytes(folder / 'file', bytes([i % 256]) * {LARGE})", tmp_path), chance.uniform(0, 0.05)
        )
        content = path.read_bytes()
        assert len(content) == LARGE
        assert len(set(content)) == 1
        unfinished += len(list(tmp_path.iterdir())) > 1
        files.remove_partial(tmp_path)
        assert list(tmp_path.iterdir()) == [path]
    assert unfinished, "no kill fell into the middle of a file"


def test_a_killed_writer_leaves_whole_folders(tmp_path: Path) -> None:
    work = f"""
            with files.new_folder(folder / str(i)) as made:
                (made / "one").write_bytes(bytes({LARGE}))
                (made / "two").mkdir()
                (made / "two" / "three").write_bytes(bytes({LARGE}))
    """.strip()
    chance, unfinished = random.Random(0), 0
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        killed_after(writer(work, tmp_path / str(number)), chance.uniform(0, 0.05))
        folders = list((tmp_path / str(number)).iterdir())
        unfinished += any(folder.name.startswith(files.PARTIAL) for folder in folders)
        for folder in folders:
            if not folder.name.startswith(files.PARTIAL):
                assert [(folder / name).stat().st_size for name in ("one", "two/three")] == [LARGE, LARGE]
        files.remove_partial(tmp_path / str(number))
        assert {path.name for path in folders} >= {path.name for path in (tmp_path / str(number)).iterdir()}
        assert not list((tmp_path / str(number)).glob(".*"))
    assert unfinished, "no kill fell into the middle of a folder"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("this process may not mount a disk")
    except FileNotFoundError:
        pytest.skip("this system mounts no disks")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_the_old_file_and_is_named(small_disk: Path) -> None:
    path = small_disk / "file"
    files.write_text(path, "old")
    sentence = "^Nothing can be written to .*disk: the disk is full; make room there"
    with pytest.raises(UserError, match=sentence), files.explained(small_disk):
        files.write_bytes(path, bytes(10**6))
    assert path.read_text() == "old"
    assert list(small_disk.iterdir()) == [path]  # what was written of the new one is removed: there is room again
    files.write_bytes(path, bytes(20_000))


def test_a_full_disk_leaves_no_half_folder(small_disk: Path) -> None:
    def write() -> None:
        with files.new_folder(small_disk / "folder") as made:
            (made / "one").write_bytes(bytes(30_000))
            (made / "two").write_bytes(bytes(10**6))

    with pytest.raises(OSError, match="No space left"):
        write()
    assert list(small_disk.iterdir()) == []


def test_a_limit_on_the_size_of_files_counts_as_a_full_disk(tmp_path: Path) -> None:
    script = f"""
        import resource, signal
        from pathlib import Path
        from ganatomy.errors import UserError
        from ganatomy.system import files
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        folder = Path({str(tmp_path)!r})
        files.write_text(folder / "file", "old")
        try:
            with files.explained(folder, "make room"):
                files.write_text(folder / "file", "new" * 1000)
        except UserError as error:
            print(error)
    """
    answer = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert answer.stdout == f"Nothing can be written to {tmp_path}: the disk is full; make room.\n", answer.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "old"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_the_ways_to_say_that_a_disk_is_full(number: int) -> None:
    assert files.reason(OSError(number, os.strerror(number))) == "the disk is full"


def test_other_reasons_are_the_systems(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Not a directory"), files.explained(tmp_path):
        files.write_text(tmp_path / "file" / "below", "")


def test_an_error_in_the_block_leaves_everything_as_it_was(tmp_path: Path) -> None:
    def file() -> None:
        with files.replacing(tmp_path / "file") as file:
            file.write(b"ne")
            raise KeyboardInterrupt

    def folder() -> None:
        with files.new_folder(tmp_path / "folder") as made:
            (made / "one").write_text("1")
            raise KeyboardInterrupt

    files.write_text(tmp_path / "file", "old")
    for interrupted in (file, folder):
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"file": "old"}


def test_writers_of_the_same_file_do_not_mix(tmp_path: Path) -> None:
    """Two are in the middle at once; the last to end decides, with all of its own."""
    path = tmp_path / "file"
    with files.replacing(path) as one, files.replacing(path) as other:
        one.write(b"1" * 10)
        other.write(b"2" * 20)
        one.write(b"1" * 10)
    assert path.read_bytes() == b"1" * 20
    contents = [bytes([number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=files.write_bytes, args=(path, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_and_its_folder_are_forced_to_disk_around_the_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    flush, replace = os.fsync, Path.replace

    def record_flush(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        flush(descriptor)

    def record_renaming(path: Path, target: Path) -> Path:
        steps.append("renamed")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", record_flush)
    monkeypatch.setattr(Path, "replace", record_renaming)
    files.write_text(tmp_path / "file", "1")
    assert steps == ["file", "renamed", "folder"]
    steps.clear()
    files.write_bytes(tmp_path / "file", b"2", durable=False)
    assert steps == ["renamed"]


def test_long_names_and_old_leftovers_do_not_matter(tmp_path: Path) -> None:
    files.write_text(tmp_path / ("x" * 255), "1")
    assert (tmp_path / ("x" * 255)).read_text() == "1"
    (tmp_path / f"{files.PARTIAL}folder").mkdir()
    (tmp_path / f"{files.PARTIAL}folder" / "left").write_text("")
    with files.new_folder(tmp_path / "folder") as made:
        (made / "one").write_text("1")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["one"]


def test_a_folder_whose_removal_is_interrupted_has_lost_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one").write_text("1")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            files.remove(tmp_path / "folder")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(files.PARTIAL)
    files.remove_partial(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_appended_to_as_links(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one").write_text("1")
    for name in ("folder", "folder/one"):
        link = tmp_path / f"{files.PARTIAL}link"
        link.symlink_to(tmp_path / name)
        with pytest.raises(OSError, match=r"symbolic links|is a directory"):
            files.append_text(link, "2")
        with pytest.raises(UserError, match=r"is a link; links below .* are not followed: remove it"):
            files.inside(tmp_path, link.name, "one")
        files.remove_partial(tmp_path)
        assert not link.is_symlink()
    assert (tmp_path / "folder" / "one").read_text() == "1"


def test_checksum(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert files.checksum(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_newer_format_is_refused() -> None:
    files.check_format(2, 2, "x.json")
    with pytest.raises(
        UserError, match=r"^x.json was written by a newer version of Ganatomy \(format 3\); update to read it\.$"
    ):
        files.check_format(3, 2, "x.json")


def test_the_cache_folder_is_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert files.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("GANATOMY_CACHE")
    assert files.cache_folder() == tmp_path / "ganatomy"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert files.cache_folder() == Path.home() / ".cache" / "ganatomy"


def test_the_first_line_of_an_error() -> None:
    assert first_line(ValueError("\nIt is wrong.\nAnd here is why.")) == "It is wrong"
    assert first_line(KeyError()) == "KeyError"
