"""Training on streamed tar shards: exact resume after a kill, what the run folder says, what is refused."""

import io
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganatomy.errors import UserError
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from tiny import assert_same_tensors, go_on, quick, waves

STREAMED: dict[str, Any] = {
    "data__stream": True,
    "data__buffer": 12,
    "data__flip": True,
    "prior__conditional": True,
    "log__checkpoint": 3,
}
LIFE = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from tiny import quick
quick({data!r}, Path({runs!r}), "killed", training__steps=10**6, **{options!r})
"""


def write_tar(path: Path, files: dict[str, Any]) -> None:
    """{member: bytes or pixels} → a tar archive."""
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            data = io.BytesIO(content if isinstance(content, bytes) else b"")
            if not isinstance(content, bytes):
                Image.fromarray(content).save(data, "PNG")
            member = tarfile.TarInfo(name)
            member.size = len(data.getvalue())
            archive.addfile(member, io.BytesIO(data.getvalue()))


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five shards of seven images of two classes; one more cannot be read."""
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path / "cache"))
    pixels = waves(35, 16, 16)
    for i in range(5):
        files: dict[str, Any] = {f"{n:03d}.png": pixels[n] for n in range(7 * i, 7 * i + 7)}
        files |= {f"{n:03d}.cls": b"%d" % (n % 2) for n in range(7 * i, 7 * i + 7)}
        write_tar(tmp_path / "set" / f"{i}.tar", files | ({"bad.png": b"no image", "bad.cls": b"0"} if i == 3 else {}))
    return tmp_path / "set"


def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL to a training process; resumed with an empty cache, it equals a run that was never killed."""
    options = {**STREAMED, "diagnosis__on": False}
    tests = Path(__file__).parents[1]
    program = LIFE.format(paths=[str(tests)], data=str(shards), runs=str(tmp_path), options=options)
    run = Run(tmp_path / "killed")
    life = subprocess.Popen([sys.executable, "-c", program])
    try:
        while max(run.checkpoints(), default=0) < 9:  # in the third pass
            assert life.poll() is None, "the trainer ended before it was killed"
            time.sleep(0.01)
    finally:
        life.send_signal(signal.SIGKILL)
        life.wait()
    steps = max(run.checkpoints()) + 4
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path / "another"))
    go_on(run, training__steps=steps)
    clean = quick(shards, tmp_path, "clean", training__steps=steps, **options)
    assert_same_tensors(run, clean, steps)


def test_what_the_run_folder_says(shards: Path, tmp_path: Path) -> None:
    """Diagnosed, for the probe sees the images that were looked at first."""
    diagnosed = {"diagnosis__every": 4, "diagnosis__samples": 16}
    run = quick(shards, tmp_path, **STREAMED, **diagnosed, training__steps=9)
    data = run.info()["data"]
    assert data["classes"] == ["0", "1"]
    assert 30 <= data["images"] <= 40  # an estimate: 35 are there
    assert any("signals/" in name for record in run.records() for name in record)
    told = [event["message"] for event in run.events() if event["event"] == "unreadable"]
    assert [message.partition(" (")[0] for message in told] == ["1 of 8 images of 3.tar cannot be read"]
    known = checkpoint.manifest(run.checkpoint())["shards"]
    assert {name: count for name, (count, _) in known.items()} == {f"{i}.tar": 7 for i in range(5)}


def test_other_shards_are_refused(shards: Path, tmp_path: Path) -> None:
    run = quick(shards, tmp_path, **STREAMED, diagnosis__on=False, training__steps=4)
    write_tar(shards / "5.tar", {"x.png": waves(1, 16, 16)[0]})
    with pytest.raises(UserError, match="was trained on other images than"):
        go_on(run, training__steps=8)


def test_privacy_needs_all_images(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"privacy\.noise and data\.stream do not go together"):
        quick(
            shards,
            tmp_path,
            data__stream=True,
            diagnosis__on=False,
            privacy__noise=1.0,
            training__batch=16,
            discriminator__norm="none",
        )
