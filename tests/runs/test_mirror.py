"""Checkpoints at an address: whole or not there, newest first, refused where damaged; a killed training goes on."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs import mirror
from ganatomy.runs.run import Run
from ganatomy.training.api import resume
from tiny import assert_same_tensors, quick

OPTIONS: dict[str, Any] = {"diagnosis__on": False, "log__checkpoint": 2}
LIFE = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from tiny import quick
quick({data!r}, Path({runs!r}), "killed", training__steps=10**6, log__mirror={address!r}, **{options!r})
"""


@pytest.fixture
def address() -> Iterator[str]:
    """An empty place in memory."""
    system = fsspec.filesystem("memory")
    system.makedirs("/bucket/runs")
    yield "memory://bucket/runs"
    system.rm("/bucket", recursive=True)


@pytest.fixture
def trained(images: Path, tmp_path: Path, address: str) -> Run:
    """Seven steps, of which 0, 2, 4, 6 and 7 were saved."""
    return quick(images, tmp_path / "here", **OPTIONS, log__mirror=address, training__steps=7)


def steps_at(address: str) -> list[str]:
    system, root = fsspec.core.url_to_fs(address)
    return sorted(name.rpartition("/")[2] for name in system.ls(root, detail=False))


def test_another_machine_goes_on_from_the_newest_copy(trained: Run, images: Path, tmp_path: Path, address: str) -> None:
    assert steps_at(f"{address}/run") == ["step-00000006", "step-00000007"]
    there = resume(
        f"{address}/run", settings={"training.steps": 11}, runs=tmp_path / "there", console=Console(quiet=True)
    )
    assert there.path == tmp_path / "there" / "run"
    whole = quick(images, tmp_path, "whole", **OPTIONS, training__steps=11)
    assert_same_tensors(there, whole, 11)
    assert [record["step"] for record in there.records()] == [record["step"] for record in whole.records()]
    assert steps_at(f"{address}/run") == ["step-00000010", "step-00000011"]  # it copies in its turn
    assert mirror.fetch(f"{address}/run", tmp_path / "third").info()["status"] == "finished"


def test_half_a_copy_is_not_read(trained: Run, tmp_path: Path, address: str) -> None:
    system = fsspec.filesystem("memory")
    system.rm_file("/bucket/runs/run/step-00000007/whole.json")  # as if killed before the last file
    assert max(mirror.fetch(f"{address}/run", tmp_path / "there").checkpoints()) == 6
    system.rm_file("/bucket/runs/run/step-00000006/whole.json")
    with pytest.raises(UserError, match="holds no whole checkpoint"):
        mirror.fetch(f"{address}/run", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["checkpoint/generator.safetensors", "config.yaml", "whole.json"])
def test_a_flipped_bit_is_noticed(trained: Run, tmp_path: Path, address: str, name: str) -> None:
    system = fsspec.filesystem("memory")
    for step, left in (("step-00000007", 6), ("step-00000006", None)):
        path = f"/bucket/runs/run/{step}/{name}"
        content = bytearray(system.cat_file(path))
        content[len(content) // 2] ^= 1
        system.pipe_file(path, bytes(content))
        folder = tmp_path / step
        if left is not None:
            found = mirror.fetch(f"{address}/run", folder)
            assert max(found.checkpoints()) == left
            assert "step-00000007" in found.events()[-1]["message"]
        else:
            with pytest.raises(UserError, match=r"No checkpoint at .* is whole \(.* of step-00000007"):
                mirror.fetch(f"{address}/run", folder)
            assert not (folder / "run").exists()


def test_names_in_a_copy_lead_nowhere_else(trained: Run, tmp_path: Path, address: str) -> None:
    from ganatomy.system import sealed

    system = fsspec.filesystem("memory")
    for step in ("step-00000006", "step-00000007"):
        path = f"/bucket/runs/run/{step}/whole.json"
        entries = json.loads(system.cat_file(path))
        del entries["sha256"]
        entries["files"]["../../outside.txt"] = next(iter(entries["files"].values()))
        system.pipe_file(path, sealed.to_text(entries).encode())
    with pytest.raises(UserError, match="is damaged"):
        mirror.fetch(f"{address}/run", tmp_path / "there")


def test_a_run_of_that_name_is_not_overwritten(trained: Run, tmp_path: Path, address: str) -> None:
    assert mirror.fetch(f"{address}/run", trained.path.parent).path == trained.path  # as far as the copy
    behind = mirror.fetch(f"{address}/run", tmp_path / "there")
    (behind.path / "checkpoints" / "step-00000007").rename(behind.path / "checkpoints" / "step-00000003")
    with pytest.raises(UserError, match="is there already, and has not come as far"):
        mirror.fetch(f"{address}/run", tmp_path / "there")


def test_an_address_that_fails_does_not_end_the_training(images: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    run = quick(images, tmp_path, **OPTIONS, log__mirror=f"file://{tmp_path}/file/x", training__steps=4)
    assert run.info()["status"] == "finished"
    assert [event["step"] for event in run.events() if event["event"] == "not copied"][:3] == [0, 2, 4]


def test_what_cannot_be_copied_is_refused_before_the_training(images: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Protocol not known: nosuch"):
        quick(images, tmp_path, log__mirror="nosuch://x")


def test_a_killed_training_goes_on_elsewhere(images: Path, tmp_path: Path) -> None:
    """SIGKILL at whatever instant; the folder of the run is lost with its machine."""
    address = f"file://{tmp_path}/copies"
    places = {"tests": str(Path(__file__).parents[1]), "data": str(images), "runs": str(tmp_path / "lost")}
    life = subprocess.Popen([sys.executable, "-c", LIFE.format(**places, address=address, options=OPTIONS)])
    try:
        while not list((tmp_path / "copies" / "killed").glob("step-0000001*/whole.json")):
            assert life.poll() is None, "the trainer ended before it was killed"
            time.sleep(0.01)
    finally:
        life.send_signal(signal.SIGKILL)
        life.wait()
    found = mirror.fetch(f"{address}/killed", tmp_path / "there")
    steps = max(found.checkpoints()) + 3
    resume(found, settings={"training.steps": steps}, console=Console(quiet=True))
    assert_same_tensors(found, quick(images, tmp_path, "clean", **OPTIONS, training__steps=steps), steps)
