"""The command, as a person types it: what it prints, what it leaves, and how it refuses."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganatomy import cli
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from tiny import TINY, quick, waves

FLAGS = [flag for option, value in TINY.items() for flag in ("--set", f"{option}={value}")]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ganatomy(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command in this process; returns its exit status."""
    monkeypatch.setattr(sys, "argv", ["ganatomy", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return int(exit_.value.code or 0)


@pytest.fixture
def command(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """command(*arguments) → what it printed; fails where the status is not 0."""

    def call(*arguments: object) -> str:
        status = ganatomy(monkeypatch, *arguments)
        told = capsys.readouterr()
        assert status == 0, told.err
        return told.out

    return call


@pytest.fixture
def refusal(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """refusal(*arguments) → its one sentence on standard error; fails where the status is 0."""

    def call(*arguments: object) -> str:
        status = ganatomy(monkeypatch, *arguments)
        told = capsys.readouterr().err.strip()
        assert status != 0
        assert "Traceback" not in told
        assert len(told.splitlines()) == 1, told
        return told

    return call


def test_train_sample_walk_resume(command, images: Path, here: Path) -> None:
    printed = command("train", images, "--name", "first", "--steps", 6, *FLAGS)
    assert "runs/first" in printed
    assert "ganatomy sample first" in printed
    run = Run.find("first")
    assert run.info()["status"] == "finished"
    expected = (
        "run.json config.yaml metrics.jsonl events.jsonl reals.png report.html log.txt walk.webp checkpoints samples"
    )
    assert set(expected.split()) <= {path.name for path in run.path.iterdir()}
    assert (run.path / "checkpoints" / "last").read_text().strip() == "step-00000006"

    assert "4 images" in command("sample", "last", "--seeds", "0-2,9")
    names = sorted(path.name for path in (run.path / "generated").iterdir())
    assert names == ["grid.png", "seed-000000.png", "seed-000001.png", "seed-000002.png", "seed-000009.png"]

    path = Path(command("walk", "first", "--seeds", "3,9,4", "--frames", 12).strip())
    with Image.open(path) as animation:
        assert (animation.format, animation.n_frames) == ("WEBP", 12)
    assert Path(command("walk", "first", "--frames", 5, "--out", "w.gif").strip()).read_bytes()[:3] == b"GIF"

    command("train", "--resume", "first", "--steps", 9)
    assert run.info()["step"] == 9


def test_a_runs_own_configuration_repeats_it(command, images: Path) -> None:
    command("train", images, "--name", "one", "--steps", 4, *FLAGS)
    command("train", "--config", "runs/one/config.yaml", "--name", "two")
    read = [
        Path("runs", name, "checkpoints/step-00000004/generator.safetensors").read_bytes() for name in ("one", "two")
    ]
    assert read[0] == read[1]


def test_dry_run_trains_nothing(command, images: Path, here: Path) -> None:
    printed = command("train", images, "--steps", 100, "--dry-run", *FLAGS)
    for expected in ("steps: 100", "generator: ", "parameters", "GFLOP an image", "steps/s", "It will take"):
        assert expected in printed
    assert not (here / "runs").exists()


def test_recipes_doctor_inspect_prepare(command, images: Path) -> None:
    assert "dcgan" in command("recipes")
    assert "torch" in command("doctor")
    assert json.loads(command("data", "inspect", images, "--json"))["images"] == 37
    assert "37 images, 32×48" in command("data", "prepare", images, "--size", "32x48")


def test_tensorboard_events_are_written(command, images: Path) -> None:
    command("train", images, "--name", "board", "--steps", 4, "--log", "tensorboard", *FLAGS)
    (events,) = Path("runs/board/tensorboard").glob("events.out.tfevents.*")
    assert b"loss/generator" in events.read_bytes()


def test_evaluate_and_compare(command, images: Path, here: Path) -> None:
    for name in ("one", "two"):
        command("train", images, "--name", name, "--steps", 4, "--seed", len(name + name[:1]), *FLAGS)
    printed = command("evaluate", "one", "--n", 80, "--metrics", "fd, kd")
    assert re.search(
        r"^one, step 4: 80 generated images against 37 of .*waves.npy; features: random\n"
        r"  fd_random  [\d.]+ \[[\d.]+, [\d.]+\] \(real data against itself: [\d.]+\)\n  kd_random  ",
        printed,
        re.MULTILINE,
    )
    command("evaluate", "two", "--n", 80, "--metrics", "fd,kd", "--out", "card.json", "--raw")
    assert json.loads(Path("card.json").read_text())["subject"]["average"] is False
    assert "real data" in command("compare", "one", "two")
    assert command("compare", "one", "card.json", "--latex").startswith(r"\begin{tabular}")
    assert len(json.loads(command("compare", "one", "two", "one", "--json"))["compared"]) == 3


def test_evaluate_images_of_files(command, here: Path) -> None:
    np.save("real.npy", waves(90, 16, 16))
    np.save("made.npy", waves(180, 32, 32)[90:])
    printed = command("evaluate", "made.npy", "--reference", "real.npy", "--size", 24, "--channels", 1)
    assert "made.npy: 90 generated images against 90 of real.npy" in printed
    assert sorted(path.name for path in here.iterdir()) == ["made.npy", "real.npy"]


def test_scores_while_training_by_a_flag(command, images: Path) -> None:
    command("train", images, "--name", "seen", "--steps", 4, "--evaluate-every", 2, *FLAGS, *flags(100))
    assert len(list(Path("runs/seen/eval").glob("*.json"))) == 2


def flags(samples: int) -> list[str]:
    return ["--set", f"evaluation.samples={samples}", "--set", "evaluation.features=pixels"]


def test_help_answers_without_torch() -> None:
    program = "import sys; sys.argv = ['ganatomy', '--help']; from ganatomy import cli\n"
    program += "try: cli.main()\nexcept SystemExit: pass\nprint('torch' in sys.modules, 'numpy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "False False"


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_options_that_do_not_exist_or_cannot_be(refusal, images: Path, here: Path) -> None:
    assert "training.batch" in refusal("train", images, "--set", "training.bach=3")
    assert "learning_rate" in refusal("train", images, "--set", "generator_optimiser.learning_rate=-1")
    assert "dcgan" in refusal("train", images, "--recipe", "dcgn")
    assert "non_saturating" in refusal("train", images, "--set", "objective.name=non_saturatin", "--steps", 1)
    assert "size" in refusal("train", images, "--size", "8")
    assert "no CUDA GPU" in refusal("train", images, "--device", "cuda", "--steps", 1)
    assert "discriminator.norm=none" in refusal("train", images, "--steps", 1, *FLAGS, "--set", "penalties.r1=1")
    assert "no file none.yaml" in refusal("train", images, "--config", "none.yaml")
    (here / "wrong.yaml").write_text("training: {batchh: 3}")
    assert "training.batch" in refusal("train", images, "--config", "wrong.yaml")
    (here / "broken.yaml").write_text("a: [")
    assert "YAML" in refusal("train", images, "--config", "broken.yaml")
    assert not (here / "runs").exists()


def test_what_cannot_be_evaluated_or_compared(refusal, images: Path, here: Path) -> None:
    quick(images, Path("runs"), "made", training__steps=1)
    before = sorted(path for path in here.rglob("*") if path.is_file())
    assert "no run or folder of images called 'maed'; did you mean made?" in refusal("evaluate", "maed")
    assert "--reference DATA" in refusal("evaluate", images)
    assert "no metric called 'fdd'; did you mean fd" in refusal("evaluate", "made", "--metrics", "fdd")
    assert "did you mean lenet" in refusal("evaluate", "made", "--features", "lennet")
    assert "--held-out" in refusal("evaluate", "made", "--metrics", "parzen")
    assert "32×32×3 (height × width × channels)" in refusal("evaluate", images, "--reference", resized(images, 32))
    assert "no checkpoint of step 99" in refusal("evaluate", "made", "--step", 99)
    assert "a run's are prepared as for its training" in refusal("evaluate", "made", "--size", 32)
    assert "data.size" in refusal("evaluate", images, "--reference", images, "--size", 5)
    assert "needs its weights" in refusal("evaluate", "made", "--features", "inception", "--n", 50)
    assert "has no scores yet: ganatomy evaluate made" in refusal("compare", "made", "made")
    assert "at least two runs" in refusal("compare", "made")
    assert "not both" in refusal("compare", "made", "made", "--latex", "--json")
    assert sorted(path for path in here.rglob("*") if path.is_file() and path.name != "32.npy") == before


def resized(images: Path, side: int) -> str:
    """A file of images of another size."""
    np.save(f"{side}.npy", waves(37, side, side))
    return f"{side}.npy"


def test_data_that_cannot_be_trained_on(refusal, here: Path) -> None:
    (here / "empty").mkdir()
    refused = {"empty": "empty", "nowhere": "nowhere"}
    texts = here / "texts"
    texts.mkdir()
    (texts / "not.png").write_text("this is no picture")
    refused["texts"] = "not.png"
    one = here / "one"
    one.mkdir()
    Image.new("RGB", (20, 20)).save(one / "only.png")
    refused["one"] = "one readable image"
    with zipfile.ZipFile(here / "climbs.zip", "w") as archive:
        archive.writestr("../x.png", b"")
    refused["climbs.zip"] = "../x.png"
    nan = np.zeros((20, 16, 16), np.float32)
    nan[3, 0, 0] = np.nan
    np.save(here / "nan.npy", nan)
    refused["nan.npy"] = "3"
    bomb = here / "bomb"
    bomb.mkdir()
    (bomb / "huge.png").write_bytes(png_header(50_000, 50_000))
    refused["bomb"] = "huge.png"
    for path, expected in refused.items():
        assert expected in refusal("train", path, "--steps", 1), path
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


def test_a_few_broken_images_are_counted_not_fatal(command, here: Path) -> None:
    folder = here / "pets"
    folder.mkdir()
    for i in range(20):
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (20, 20, 3), np.uint8)).save(folder / f"{i}.png")
    (folder / "broken.png").write_bytes((folder / "3.png").read_bytes()[:200])
    printed = " ".join(command("train", folder, "--size", 16, "--steps", 2, "--name", "pets", *FLAGS).split())
    assert "1 of 21 images cannot be read (first: broken.png" in printed


def test_runs_that_are_not_there_or_taken(refusal, images: Path, here: Path) -> None:
    run = quick(images, here / "runs", "mine", training__steps=2)
    before = snapshot(run.path)
    assert "mine" in refusal("sample", "min")
    assert "there already" in refusal("train", images, "--name", "mine", "--steps", 2, *FLAGS)
    assert "step 77" in refusal("sample", "mine", "--step", 77)
    assert "--seeds" in refusal("sample", "mine", "--seeds", "3-")
    assert "at least two" in refusal("walk", "mine", "--seeds", "3")
    assert ".gif" in refusal("walk", "mine", "--out", "x.mp4")
    assert "cannot name a run" in refusal("train", images, "--name", "../up", "--steps", 2, *FLAGS)
    assert "--recipe" in refusal("train", "--resume", "mine", "--recipe", "dcgan")
    assert snapshot(run.path) == before


@pytest.mark.parametrize("damage", ["cut short", "one bit flipped", "missing", "manifest"])
def test_a_damaged_checkpoint_is_refused_and_nothing_is_lost(refusal, images: Path, here: Path, damage: str) -> None:
    run = quick(images, here / "runs", "mine", training__steps=7)
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
    before = snapshot(run.path)
    assert "step-00000007 is damaged" in refusal("train", "--resume", "mine", "--steps", 9)
    assert "step-00000007 is damaged" in refusal("sample", "mine")
    assert snapshot(run.path) == before
    shutil.rmtree(run.checkpoint())  # what the sentence advises
    assert max(run.checkpoints()) == 5


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file's content, by its path in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- processes that are stopped ---------------------------------------------------------------------------------------


def start_training(images: Path, here: Path, *more: str, limit: int | None = None) -> subprocess.Popen[str]:
    """A real training process in `here`, past its first records."""
    program = "from ganatomy.cli import main; main()"
    if limit is not None:  # no file may grow beyond this: the system's way to say that the disk is full
        program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); {program}"
        program = f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {program}"
    command = [
        sys.executable,
        "-c",
        program,
        "train",
        str(images),
        "--name",
        "live",
        "--steps",
        "1000000",
        *FLAGS,
        *more,
    ]
    process = subprocess.Popen(
        command, cwd=here, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    records = here / "runs/live/metrics.jsonl"
    deadline = time.monotonic() + 60
    while process.poll() is None and not (records.exists() and records.stat().st_size > 2000):
        assert time.monotonic() < deadline, "the training did not begin"
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_step_saves_and_says_how_to_resume(images: Path, here: Path, number: int) -> None:
    process = start_training(images, here)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    run = Run(here / "runs/live")
    step = int(re.search(r"Stopped at step ([\d,]+)", out)[1].replace(",", ""))
    assert max(run.checkpoints()) == step == run.info()["step"]
    assert run.info()["status"] == "stopped"
    assert "ganatomy train --resume live" in out


def test_a_second_ctrl_c_stops_at_once(images: Path, here: Path) -> None:
    # A generator step of a thousand discriminator steps, and nothing to write between: both signals fall into one step.
    slow = ["training.discriminator_steps=1000", "log.every=1", "log.snapshot=1000", "log.checkpoint=1000"]
    process = start_training(images, here, *(flag for option in slow for flag in ("--set", option)))
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Stopped at once." in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("width", [12, 4], ids=["in a checkpoint", "in another file"])
def test_a_full_disk_is_said_and_what_was_saved_stays(images: Path, here: Path, width: int) -> None:
    process = start_training(images, here, "--set", f"generator.width={width}", limit=60_000)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(err.strip().splitlines()) == 1
    assert "the disk is full" in err
    checkpoints = Run(here / "runs/live").checkpoints()
    assert checkpoints
    assert all(checkpoint.verify(folder) for folder in checkpoints.values())


def test_only_one_process_trains_a_run(images: Path, here: Path, refusal) -> None:
    process = start_training(images, here)
    try:
        assert f"pid {process.pid}" in refusal("train", "--resume", "live", "--steps", 2_000_000)
    finally:
        process.kill()
        process.communicate()
