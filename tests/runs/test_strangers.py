"""A run folder that somebody else made, or a bad disk: nothing is followed out of it, and a stray file ends nothing."""

import base64
import html
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.generators.api import sample, walk
from ganatomy.report import page
from ganatomy.runs.problems import problems
from ganatomy.runs.run import Run
from ganatomy.training.api import resume
from tiny import go_on, quick

SECRET = b"somebody else's"


@pytest.fixture(scope="module")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = quick(images, tmp_path_factory.mktemp("runs"), "trained", training__steps=5, log__tensorboard=False)
    (run.path / "eval").mkdir()
    return run


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """A copy of a trained run, to be spoilt."""
    return Run(shutil.copytree(trained.path, tmp_path / "runs" / "copy"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder that must stay as it is."""
    folder = tmp_path / "elsewhere"
    for name in ("000001.png", "step-00000003/manifest.json", "step-00000009-x.json", "file"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(SECRET)
    before = contents(folder)
    yield folder
    assert contents(folder) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


FILES = (
    *("run.json", "config.yaml", "metrics.jsonl", "events.jsonl", "log.txt", "reals.png", "report.html", "walk.webp"),
    *("control.json", ".control.json.taken", ".lock", "checkpoints/last", "samples/000000.png", "samples/000010.png"),
    *("checkpoints/step-00000005/manifest.json", "checkpoints/step-00000005/generator.safetensors"),
    *("eval/step-00000005-x-10.json", "generated/seed-000000.png", "generated/grid.png", ".partial-x"),
    *("walk-0-1.webp", "checkpoints/.partial-step-00000010"),
)
FOLDERS = ("samples", "checkpoints", "eval", "generated", "checkpoints/step-00000005", "checkpoints/.partial-x")


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_no_link_in_a_run_folder_is_followed(run: Run, elsewhere: Path, name: str) -> None:
    place = run.path / name
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(elsewhere if name in FOLDERS else elsewhere / "file")
    refused = []
    for work in (
        lambda: go_on(run, training__steps=10),
        lambda: sample(run, [0]),
        lambda: walk(run, [0, 1], 2),
        lambda: page.write(run),
    ):
        try:
            work()
        except UserError as error:
            refused.append(str(error))
    assert all(len(sentence) < 400 and "\n" not in sentence for sentence in refused)
    found = [content for path, content in contents(run.path).items() if not (run.path / path).is_symlink()]
    assert not any(SECRET in content or base64.b64encode(SECRET) in content for content in found)


def test_a_manifest_names_files_of_its_own_folder(run: Run, tmp_path: Path) -> None:
    """Not "../../x": a file elsewhere would be read."""
    folder = run.checkpoint()
    entries = json.loads((folder / "manifest.json").read_text())
    entries["files"]["../../../../other.safetensors"] = entries["files"].pop("generator.safetensors")
    (folder / "manifest.json").write_text(json.dumps(entries))
    (tmp_path / "other.safetensors").write_bytes((folder / "generator.safetensors").read_bytes())
    with pytest.raises(UserError, match="is damaged"):
        go_on(run, training__steps=10)


@pytest.mark.parametrize("name", ["run.json", "config.yaml", "metrics.jsonl", "samples/000010.png", "log.txt"])
def test_a_pipe_keeps_nobody_waiting(run: Run, name: str) -> None:
    (run.path / name).unlink(missing_ok=True)
    os.mkfifo(run.path / name)
    with pytest.raises(UserError, match="is neither a file nor a folder: remove it"):
        go_on(run, training__steps=10)


STRAY = {
    "samples/000010 copy.png": b"",
    "samples/000004.txt": b"",
    "samples/12.png": b"",
    "eval/step-notes.txt": b"",
    "eval/step-00000005-x-10.json": b'{"format": 1',
    "checkpoints/step-00000007 copy": b"",
    "checkpoints/step-00000009": b"",
    "run.json~": b"",
}
BROKEN = {
    "metrics.jsonl": [
        b"{}",
        b'{"loss/generator": 1.0}',
        b'{"step": "4"}',
        b'{"step": 4, "x": [1]}',
        b"3",
        b"\xff\x00",
        b"[" * 5000,
    ],
    "events.jsonl": [
        b"{}",
        b'{"step": 4}',
        b'{"event": 3}',
        b'{"event": "not finite", "step": null}',
        b"null",
        b'{"event": "ab',
    ],
}


def test_stray_files_and_broken_lines_are_left_out_counted_and_stop_nothing(run: Run) -> None:
    for name, content in STRAY.items():
        (run.path / name).write_bytes(content)
    for name, lines in BROKEN.items():
        with (run.path / name).open("ab") as file:
            file.write(b"\n".join(lines))  # the last one is cut short, too
    out = io.StringIO()
    resume(run, settings={"training.steps": 10}, console=Console(file=out, width=300))
    assert run.info()["status"] == "finished"
    assert [record["step"] for record in run.records()] == [2, 4, 6, 8, 10]
    assert [event["event"] for event in run.events()][-1] == "finished"
    for words in (
        "metrics.jsonl: 7 lines that cannot be read left out",
        "events.jsonl: 6 lines that cannot be read left out",
        "samples/: '000004.txt' and 2 more left out",
        "checkpoints/: 'step-00000007 copy' and 1 more left out",
        "eval/: 'step-notes.txt' left out",
        "step-00000005-x-10.json is not a score card",
    ):
        assert words in out.getvalue()
        assert html.escape(words) in (run.path / "report.html").read_text()
    for name in STRAY:
        assert (run.path / name).exists(), f"{name} is somebody's"
    assert not problems(Run(run.path.parent / "none"))


def test_a_fault_of_any_kind_is_not_left_as_running(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise KeyError("step")

    monkeypatch.setattr(Run, "forget_after", fault)
    with pytest.raises(KeyError):
        go_on(run, training__steps=10)
    monkeypatch.undo()
    assert (run.info()["status"], run.info()["error"]) == ("failed", "KeyError: 'step'.")


def swapped(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("checkpoints/step-00000005/manifest.json", b'"step": 5', b'"step": 4', "is damaged"),
        ("config.yaml", b"learning_rate: 0.0002", b"learning_rate: 0.0003", "config.yaml does not match its checksum"),
        ("run.json", b'"images": 37', b'"images": "37"', r"run.json is damaged: data.images = '37'"),
        ("run.json", b'"data": {', b'"data": [], "x": {', r"run.json is damaged: data = \[\]"),
        ("run.json", b'"parts": []', b'"parts": 12', "run.json is damaged: parts = 12"),
    ],
)
def test_what_the_future_depends_on_is_refused_where_it_was_changed(run, name, old, new, sentence) -> None:
    swapped(run.path / name, old, new)
    with pytest.raises(UserError, match=sentence):
        go_on(run, training__steps=10)


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("run.json", b'"images": 37', b'"images": 36', "run.json does not match its checksum"),
        ("metrics.jsonl", b'"images": 16', b'"images": 17', "metrics.jsonl was changed after the checkpoint of step 5"),
        ("events.jsonl", b'"attempt": 0', b'"attempt": 1', "events.jsonl was changed after the checkpoint of step 5"),
        ("samples/000005.png", b"IDAT", b"IDAU", "samples/000005.png cannot be read, or does not match its checksums"),
    ],
)
def test_any_other_change_is_said(run: Run, name: str, old: bytes, new: bytes, sentence: str) -> None:
    assert problems(run) == []
    swapped(run.path / name, old, new)
    assert [problem[: len(sentence)] for problem in problems(run)] == [sentence]
    out = io.StringIO()
    resume(run, settings={"training.steps": 10}, console=Console(file=out, width=300))
    assert sentence in out.getvalue()


def test_a_configuration_that_was_edited_is_used_without_its_last_line(run: Run) -> None:
    swapped(run.path / "config.yaml", b"learning_rate: 0.0002", b"learning_rate: 0.0003")
    text = (run.path / "config.yaml").read_text()
    (run.path / "config.yaml").write_text(text[: text.index("# sha256 ")])
    go_on(run, training__steps=10)
    assert run.config().generator_optimiser.learning_rate == 0.0003
    assert problems(run) == []


def test_records_before_a_checkpoint_are_kept_to_the_byte(run: Run) -> None:
    """So that the checksum in its manifest stays right; a number out of order can be none of the training's."""
    before = (run.path / "metrics.jsonl").read_bytes()
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 2}\n{"step":6}\n{"step": 4, "x": 1.0')
    run.forget_after(5)
    assert (run.path / "metrics.jsonl").read_bytes() == before


@pytest.fixture
def read_only(trained: Run, tmp_path: Path) -> Iterator[Run]:
    """The run on a disk that cannot be written."""
    disk = tmp_path / "disk"
    disk.mkdir()
    run = Run(disk / "runs" / "copy")
    if shutil.which("mount") is None or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=False).returncode:
        pytest.skip("this process may not mount a disk")
    shutil.copytree(trained.path, run.path)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    yield run
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    "work",
    [
        lambda run: go_on(run, training__steps=10),
        lambda run: sample(run, [0]),
        lambda run: walk(run, [0, 1], 2),
        lambda run: evaluate(run, metrics=["fd"], features="pixels", n=5),
    ],
    ids=["resume", "sample", "walk", "evaluate"],
)
def test_a_disk_that_cannot_be_written_is_named(read_only: Run, work: Callable[[Run], object]) -> None:
    with pytest.raises(UserError, match=r"(cannot be|Nothing can be) written.*: Read-only file system"):
        work(read_only)
