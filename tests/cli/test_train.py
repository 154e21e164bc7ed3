"""ganatomy train: what it leaves, what it refuses, and how it ends."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import ganatomy, refused
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from tiny import TINY

FLAGS = [f"--set={option}={value}" for option, value in TINY.items()]
ENDLESS = ["--name", "live", "--steps", 1_000_000, *FLAGS]


def test_train_sample_walk_resume(images: Path) -> None:
    printed = ganatomy("train", images, "--name", "first", "--steps", 6, "--log", "tensorboard", *FLAGS)
    assert "runs/first" in printed
    assert "ganatomy evaluate first" in printed
    run = Run.find("first")
    assert run.info()["status"] == "finished"
    expected = (
        "run.json config.yaml metrics.jsonl events.jsonl reals.png report.html log.txt walk.webp checkpoints samples"
    )
    assert set(expected.split()) <= {path.name for path in run.path.iterdir()}
    assert (run.path / "checkpoints" / "last").read_text().strip() == "step-00000006"
    (events,) = (run.path / "tensorboard").glob("events.out.tfevents.*")
    assert b"loss/generator" in events.read_bytes()

    assert "4 images" in ganatomy("sample", "last", "--seeds", "0-2,9")
    names = sorted(path.name for path in (run.path / "generated").iterdir())
    assert names == ["grid.png", "samples.json", *(f"seed-00000{seed}.png" for seed in (0, 1, 2, 9))]

    path = Path(ganatomy("walk", "first", "--seeds", "3,9,4", "--frames", 12).strip())
    with Image.open(path) as animation:
        assert (animation.format, animation.n_frames) == ("WEBP", 12)
    assert "3 frames cannot show 8 seeds" in refused("walk", "first", "--seeds", "0-7", "--frames", 3)
    assert Path(ganatomy("walk", "first", "--frames", 8, "--out", "w.gif").strip()).read_bytes()[:3] == b"GIF"

    ganatomy("train", "--resume", "first", "--steps", 9)
    assert run.info()["step"] == 9


def test_flags_of_the_images_and_the_batch_are_options(images: Path) -> None:
    flags = ["--channels", 1, "--fit", "pad", "--flip", "--batch", 4, "--size", "16x20"]
    others = [flag for flag in FLAGS if "training.batch" not in flag]
    ganatomy("train", images, "--name", "flags", "--steps", 1, *others, *flags)
    config = Run.find("flags").config()
    assert (config.data.channels, config.data.fit, config.data.flip, config.data.size) == (1, "pad", True, (16, 20))
    assert config.training.batch == 4
    ganatomy("train", images, "--name", "plain", "--steps", 1, "--no-flip", *FLAGS)
    assert not Run.find("plain").config().data.flip
    assert "data.fit = 'corp'" in refused("train", images, "--fit", "corp")


def test_a_runs_own_configuration_repeats_it(trained: Run) -> None:
    ganatomy("train", "--config", trained.path / "config.yaml", "--name", "again")
    for name in ("generator", "discriminator"):
        file = f"checkpoints/step-00000007/{name}.safetensors"
        assert (trained.path / file).read_bytes() == Path("runs/again", file).read_bytes()


def test_dry_run_trains_nothing(images: Path, here: Path) -> None:
    printed = ganatomy("train", images, "--steps", 100, "--dry-run", *FLAGS)
    for expected in ("steps: 100", "generator: ", "parameters", "GFLOP an image", "steps/s", "It will take"):
        assert expected in printed
    assert not (here / "runs").exists()


def test_scores_while_training_by_a_flag(images: Path) -> None:
    scores = ["--evaluate-every", 2, "--set=evaluation.samples=100", "--set=evaluation.features=pixels"]
    ganatomy("train", images, "--name", "seen", "--steps", 4, *scores, *FLAGS)
    assert len(list(Path("runs/seen/eval").glob("*.json"))) == 2


def test_a_part_of_ones_own_by_a_flag(images: Path, my_parts) -> None:
    mine = ["--parts", "my_parts.py", "--set", "objective.name=my_loss"]
    ganatomy("train", images, "--name", "own", "--steps", 2, *FLAGS, *mine)
    assert [part["name"] for part in Run.find("own").info()["parts"]] == ["my_loss"]


def test_a_few_broken_images_are_counted_not_fatal(here: Path) -> None:
    folder = here / "pets"
    folder.mkdir()
    for i in range(20):
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (20, 20, 3), np.uint8)).save(folder / f"{i}.png")
    (folder / "broken.png").write_bytes((folder / "3.png").read_bytes()[:200])
    printed = " ".join(ganatomy("train", folder, "--size", 16, "--steps", 2, "--name", "pets", *FLAGS).split())
    assert "1 of 21 images cannot be read (first: broken.png" in printed


def test_a_finished_run_goes_on_by_more_steps(run: Run) -> None:
    before = contents(run.path)
    assert "already at step 7" in ganatomy("train", "--resume", "mine", "--steps", 7)
    assert contents(run.path) == before
    ganatomy("train", "--resume", "mine", "--more-steps", 2)
    assert run.info()["step"] == 9
    assert "--resume" in refused("train", "digits", "--more-steps", 2)
    assert "--resume" in refused("train", "digits", "--allow-changed-parts")


# Refusals


def test_options_that_do_not_exist_or_cannot_be(images: Path, here: Path) -> None:
    assert "training.batch" in refused("train", images, "--set", "training.bach=3")
    assert "learning_rate" in refused("train", images, "--set", "generator_optimiser.learning_rate=-1")
    assert "dcgan" in refused("train", images, "--recipe", "dcgn")
    assert "non_saturating" in refused("train", images, "--set", "objective.name=non_saturatin", "--steps", 1)
    assert "size" in refused("train", images, "--size", "8")
    assert "no CUDA GPU" in refused("train", images, "--device", "cuda", "--steps", 1)
    assert "discriminator.norm=none" in refused("train", images, "--steps", 1, *FLAGS, "--set", "penalties.r1=1")
    assert "no file none.yaml" in refused("train", images, "--config", "none.yaml")
    (here / "wrong.yaml").write_text("training: {batchh: 3}")
    assert "training.batch" in refused("train", images, "--config", "wrong.yaml")
    (here / "broken.yaml").write_text("a: [")
    assert "YAML" in refused("train", images, "--config", "broken.yaml")
    assert "no tracker called 'tensorbord'; did you mean tensorboard" in refused(
        "train", images, "--steps", 1, "--log", "tensorbord"
    )
    assert "auto or off" in refused("train", images, "--remedy", "all")
    assert "Which images?" in refused("train")
    assert "augmentation.policies" in refused("train", images, "--steps", 1, "--set", "augmentation.target=0.6")
    assert "given twice" in refused("train", images, "--steps", 1, "--set", "training.steps=2")
    assert "given twice" in refused("train", images, "--steps", 1, "--set", "data.path=digits")
    assert not (here / "runs").exists()


def test_data_that_cannot_be_trained_on(here: Path) -> None:
    (here / "empty").mkdir()
    broken = {"empty": "empty", "nowhere": "nowhere"}
    texts = here / "texts"
    texts.mkdir()
    (texts / "not.png").write_text("this is no picture")
    broken["texts"] = "not.png"
    one = here / "one"
    one.mkdir()
    Image.new("RGB", (20, 20)).save(one / "only.png")
    broken["one"] = "one readable image"
    with zipfile.ZipFile(here / "climbs.zip", "w") as archive:
        archive.writestr("../x.png", b"")
    broken["climbs.zip"] = "../x.png"
    nan = np.zeros((20, 16, 16), np.float32)
    nan[3, 0, 0] = np.nan
    np.save(here / "nan.npy", nan)
    broken["nan.npy"] = "3"
    bomb = here / "bomb"
    bomb.mkdir()
    (bomb / "huge.png").write_bytes(png_header(50_000, 50_000))
    broken["bomb"] = "huge.png"
    for path, expected in broken.items():
        assert expected in refused("train", path, "--steps", 1), path
    assert not (here / "runs").exists()


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG of that size, with next to no data."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def test_runs_that_are_not_there_or_taken(images: Path, run: Run) -> None:
    before = contents(run.path)
    assert "mine" in refused("sample", "min")
    assert "there already" in refused("train", images, "--name", "mine", "--steps", 2, *FLAGS)
    assert "step 77" in refused("sample", "mine", "--step", 77)
    assert "--seeds" in refused("sample", "mine", "--seeds", "3-")
    assert "at least two" in refused("walk", "mine", "--seeds", "3")
    assert ".gif" in refused("walk", "mine", "--out", "x.avi")
    assert "cannot name a run" in refused("train", images, "--name", "../up", "--steps", 2, *FLAGS)
    assert "--recipe" in refused("train", "--resume", "mine", "--recipe", "dcgan")
    assert contents(run.path) == before


@pytest.mark.parametrize("name", ["mine", "../up", "n" * 300, "file/run"])
def test_a_name_is_checked_before_the_data_are_read(run: Run, here: Path, name: str) -> None:
    (here / "unreadable.npy").write_bytes(b"read me, and there is another error")
    (here / "runs" / "file").write_text("")
    said = refused("train", "unreadable.npy", "--name", name, "--steps", 2, *FLAGS)
    assert name in said
    assert "unreadable" not in said


def test_a_folder_that_cannot_be_written_is_refused_first(here: Path) -> None:
    (here / "unreadable.npy").write_bytes(b"read me, and there is another error")
    (here / "runs").write_text("no folder")
    assert refused("train", "unreadable.npy", "--steps", 2, *FLAGS) == (
        "ganatomy: runs/dcgan-001 cannot be made: Not a directory."
    )


def test_a_refused_training_leaves_no_folder_behind(here: Path) -> None:
    (here / "unreadable.npy").write_bytes(b"no array")
    assert "unreadable.npy" in refused("train", "unreadable.npy", "--steps", 2, *FLAGS)
    assert not (here / "runs").exists()


@pytest.mark.parametrize("damage", ["cut short", "one bit flipped", "missing", "manifest"])
def test_a_damaged_checkpoint_is_refused_and_nothing_is_lost(run: Run, damage: str) -> None:
    path = run.checkpoint() / "average.safetensors"
    content = path.read_bytes()
    if damage == "cut short":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "one bit flipped":
        path.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    elif damage == "missing":
        path.unlink()
    else:
        (run.checkpoint() / "manifest.json").write_text("{")
    before = contents(run.path)
    assert "step-00000007 is damaged" in refused("train", "--resume", "mine", "--steps", 9)
    assert "step-00000007 is damaged" in refused("sample", "mine")
    assert contents(run.path) == before
    shutil.rmtree(run.checkpoint())  # what the sentence advises
    assert max(run.checkpoints()) == 5


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's content, by its path in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Endings


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Do something, in a thread, when the training runs/live has written its first records."""
    records, over = Path("runs/live/metrics.jsonl").resolve(), threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            if records.exists() and records.stat().st_size > 2000:
                action()
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_step_saves_and_says_how_to_resume(images: Path, number: int) -> None:
    before = signal.signal(number, lambda *_: pytest.fail("the training does not handle this signal"))
    try:
        with meanwhile(lambda: os.kill(os.getpid(), number)):
            printed = ganatomy("train", images, *ENDLESS)
        assert signal.getsignal(number).__name__ == "<lambda>"  # ours again
    finally:
        signal.signal(number, before)
    run = Run("runs/live")
    step = int(re.search(r"Stopped at step ([\d,]+)", printed)[1].replace(",", ""))
    assert max(run.checkpoints()) == step == run.info()["step"]
    assert run.info()["status"] == "stopped"
    assert "ganatomy train --resume live" in printed


@pytest.mark.parametrize("width", [12, 4], ids=["in a checkpoint", "in another file"])
def test_a_full_disk_is_reported_and_what_was_saved_stays(images: Path, width: int) -> None:
    # No file may grow beyond this: the system's way to say that the disk is full.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        changes = ["--set", f"generator.width={width}", "--set", "log.every=1"]
        assert "the disk is full" in refused("train", images, *ENDLESS, *changes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    checkpoints = Run("runs/live").checkpoints()
    assert checkpoints
    assert all(checkpoint.verify(folder) for folder in checkpoints.values())


def test_a_process_that_trains_keeps_others_out_and_a_second_ctrl_c_stops_it_at_once(images: Path) -> None:
    # A generator step of a thousand discriminator steps: both signals fall into the first one.
    slow = ["--set", "training.discriminator_steps=1000"]
    command = [sys.executable, "-m", "ganatomy", "train", *map(str, [images, *ENDLESS, *slow])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    events, deadline = Path("runs/live/events.jsonl"), time.monotonic() + 60
    while not (events.exists() and "started" in events.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the training did not begin"
        time.sleep(0.05)
    assert f"pid {process.pid}" in refused("train", "--resume", "live", "--steps", 2_000_000)
    process.send_signal(signal.SIGINT)
    while "Press Ctrl-C again" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped at once." in error
    assert len(error.strip().splitlines()) == 1
