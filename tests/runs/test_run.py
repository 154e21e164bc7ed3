"""The run folder: found by name, written whole, read whatever was left in it."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganatomy.config.recipes import recipe
from ganatomy.errors import UserError
from ganatomy.runs.run import Run, free_name
from ganatomy.system import files


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def run(runs: Path) -> Run:
    made = Run.create("waves", recipe("dcgan"), runs)
    made.update(status="running")
    return made


def test_a_run_is_found_by_its_name_its_path_and_as_the_last(run: Run, runs: Path) -> None:
    other = Run.create("other", recipe("dcgan"), runs)
    other.update(status="finished")
    os.utime(run.path / "run.json", (2**31, 2**31))
    for name in ("waves", run.path, str(run.path), "last"):
        assert Run.find(name, runs).path == run.path
    assert Run.find("other", runs).name == "other"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("wave", "no run called 'wave'; did you mean waves"), ("empty", "empty is not a run: it has no run.json")],
)
def test_what_is_no_run(name: str, sentence: str, run: Run, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.parent / "empty").mkdir()
    monkeypatch.chdir(runs.parent)
    with pytest.raises(UserError, match=sentence):
        Run.find(name, runs)


def test_there_is_no_last_run_yet(runs: Path) -> None:
    with pytest.raises(UserError, match=r"no runs under .* yet; `ganatomy demo` makes the first"):
        Run.find("last", runs)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "-x", "a\nb", "a;b"])
def test_names_that_no_run_can_have(name: str, runs: Path) -> None:
    with pytest.raises(UserError, match="cannot name a run"):
        Run.create(name, recipe("dcgan"), runs)


def test_a_name_is_taken_once(run: Run, runs: Path) -> None:
    with pytest.raises(UserError, match="is there already; choose another --name, or go on with it: --resume waves"):
        Run.create("waves", recipe("dcgan"), runs)
    assert free_name("waves", runs) == "waves-001"
    (runs / "waves-001").mkdir()
    assert free_name("waves", runs) == "waves-002"


def test_the_configuration_is_read_as_it_was_written(run: Run) -> None:
    assert run.config() == recipe("dcgan")


def test_entries_change_and_others_stay(run: Run) -> None:
    run.update(step=5)
    assert run.info() == {"format": 1, "name": "waves", "status": "running", "step": 5}
    assert Run(run.path.parent / "none").info() == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is damaged; it should hold a JSON object"),
        ("3", "is damaged"),
        ('{"format": "x"}', "is damaged"),
        ('{"format": 2}', "was written by a newer version of Ganatomy"),
    ],
)
def test_a_damaged_description(run: Run, text: str, sentence: str) -> None:
    (run.path / "run.json").write_text(text)
    with pytest.raises(UserError, match=sentence):
        run.info()


def test_records_and_events_are_read_back(run: Run) -> None:
    for step in range(3):
        run.append({"step": step, "loss/generator": float("nan") if step == 1 else 0.5})
    run.append({"step": 3, "signals/blur": 0.1})
    run.event("snapshot", step=2)
    assert [record["loss/generator"] for record in run.records()[:3]] == [0.5, None, 0.5]
    assert [record["step"] for record in run.probe_records()] == [3]
    (event,) = run.events()
    assert (event["event"], event["step"]) == ("snapshot", 2)
    assert (run.path / "log.txt").read_text().endswith(" snapshot: step 2\n")


def test_a_line_cut_short_is_left_out(run: Run) -> None:
    run.append({"step": 1})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert [record["step"] for record in run.records()] == [1]


def test_what_came_later_is_forgotten(run: Run) -> None:
    for step in (1, 2, 3):
        run.append({"step": step})
    for folder, names in {"samples": ["000001.png", "000003.png"], "eval": ["step-00000001-x.json"]}.items():
        (run.path / folder).mkdir()
        for name in names:
            (run.path / folder / name).write_text("")
    (run.path / "eval" / "step-00000003-x.json").write_text("")
    run.forget_after(2)
    assert [record["step"] for record in run.records()] == [1, 2]
    assert list(run.snapshots()) == [1]
    assert [path.name for path in (run.path / "eval").iterdir()] == ["step-00000001-x.json"]


def test_checkpoints_are_found_by_step(run: Run) -> None:
    with pytest.raises(UserError, match="has no checkpoint yet"):
        run.checkpoint()
    for name in ("step-00000010", "step-00000005", f"{files.PARTIAL}step-00000015", "step-x"):
        (run.path / "checkpoints" / name).mkdir(parents=True)
    (run.path / "checkpoints" / f"{files.PARTIAL}0-last").write_text("")
    assert list(run.checkpoints()) == [5, 10]
    assert (run.checkpoint().name, run.checkpoint(5).name) == ("step-00000010", "step-00000005")
    with pytest.raises(UserError, match="has no checkpoint of step 7; there are 5, 10"):
        run.checkpoint(7)
    run.clean()
    assert {path.name for path in (run.path / "checkpoints").iterdir()} == {"step-00000010", "step-00000005", "step-x"}


def test_requests_add_up_until_they_are_taken(run: Run) -> None:
    run.request(pause=True)
    run.request(snapshot=True)
    assert json.loads((run.path / "control.json").read_text()) == {"pause": True, "snapshot": True}
    assert run.take_requests() == {"pause": True, "snapshot": True}
    assert run.take_requests() == {}
    (run.path / "control.json").write_text("[1]")
    assert run.take_requests() == {}


def test_another_process_is_kept_out_until_this_one_ends(run: Run) -> None:
    program = f"""
from ganatomy.runs.run import Run
with Run({str(run.path)!r}).lock():
    print(flush=True)
    input()
"""
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout
    other.stdout.readline()
    run.update(pid=other.pid)
    with pytest.raises(UserError, match=rf"is being trained by another process \(pid {other.pid}\)"), run.lock():
        pass
    other.kill()
    other.communicate()
    with run.lock():
        pass


def test_a_disk_that_is_full_before_anything_is_trained(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match=r"^Nothing can be written to .*waves: the disk is full; make room there"):
            Run.create("waves", recipe("dcgan"), runs)
    assert not runs.exists()
