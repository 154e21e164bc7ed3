"""The studio: how soon large runs and many runs are shown, and what twenty pages cost a training."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.measure import Row
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import to_yaml
from ganatomy.runs.run import Run

PAGES, EVERY = 20, 3.0  # seconds between two requests of a page
WINDOW, PAIRS = 12.0, 15
WARM_UP = 20.0  # seconds before anything counts


RECORDS, SNAPSHOTS, RUNS = 1_000_000, 2_000, 200


def studio() -> list[Row]:
    """A large run, many runs, and a training that pages show."""
    return [*_large_run(), *_many_runs(), *_training_with_pages()]


def _large_run() -> list[Row]:
    """Seconds until the summary, the page and the timeline of a large run are there, and until all of it is read."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "runs" / "large"
        (run / "samples").mkdir(parents=True)
        (run / "run.json").write_text('{"format": 1, "status": "finished"}')
        (run / "config.yaml").write_text(to_yaml(recipe("digits")))
        for number in range(SNAPSHOTS):
            (run / "samples" / f"{500 * number:06d}.png").write_bytes(b"")
        losses = np.random.default_rng(0).normal(1, 0.1, RECORDS).tolist()
        with (run / "metrics.jsonl").open("w") as file:
            file.writelines(
                f'{{"step": {step}, "images": {8 * step}, "seconds": {step / 100}, "images_per_second": 800.0, '
                f'"loss/discriminator": {loss}, "loss/generator": 0.6931471805, "probability/real": 0.62}}\n'
                for step, loss in enumerate(losses)
            )
        with _studio(run.parent) as (port, process):
            began = time.perf_counter()
            for address in ("", "/large", "/large/snapshots"):
                _get(port, address)
            opened = time.perf_counter() - began
            while _get(port, "/large")["read"] < 1:
                time.sleep(0.1)
            whole = time.perf_counter() - began
            status = Path(f"/proc/{process.pid}/status").read_text()
    memory = int(status.partition("VmHWM:")[2].split()[0]) / 1000
    words = f"opened in {opened:.1f} s, read after {whole:.1f} s, {memory:.0f} MB"
    numbers = {"opened": opened, "read": whole, "megabytes": memory}
    return [Row(f"studio: a run of {RECORDS:,} records", words, "opened in < 2 s, < 300 MB", numbers)]


def _many_runs() -> list[Row]:
    """Seconds until the summaries of many runs are there, for the first and the second time."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(RUNS):
            run = Path(folder) / "runs" / f"run-{number:03d}"
            run.mkdir(parents=True)
            (run / "run.json").write_text('{"format": 1, "status": "finished"}')
            lines = (f'{{"step": {step}, "loss/discriminator": 1.0, "loss/generator": 0.7}}\n' for step in range(1000))
            (run / "metrics.jsonl").write_text("".join(lines))
        seconds = []
        with _studio(Path(folder) / "runs") as (port, _):
            for _ in range(2):
                began = time.perf_counter()
                assert len(_get(port, "")["runs"]) == RUNS
                seconds.append(time.perf_counter() - began)
    words = f"{seconds[0]:.2f} s, then {seconds[1]:.2f} s"
    return [Row(f"studio: {RUNS} runs", words, "< 2 s", {"first": seconds[0], "second": seconds[1]})]


def _training_with_pages() -> list[Row]:
    """The demo's training, shown by pages in every other window of some seconds."""
    with tempfile.TemporaryDirectory() as folder, _training(Path(folder)) as run, _studio(run.path.parent) as (port, _):
        time.sleep(WARM_UP)
        losses = []
        for pair in range(PAIRS):
            speeds = {watched: _speed(run, port, watched) for watched in (pair % 2 == 0, pair % 2 == 1)}
            losses.append(1 - speeds[True] / speeds[False])
    low, high = sorted(losses)[PAIRS // 4], sorted(losses)[-1 - PAIRS // 4]
    words = f"{median(losses):+.2%} of a training's steps a second; half of {PAIRS} pairs: {low:+.2%} to {high:+.2%}"
    return [Row(f"studio: {PAGES} pages", words, "< 1%", {"loss": median(losses), "low": low, "high": high})]


def _speed(run: Run, port: int, watched: bool) -> float:
    """Steps a second over a window, by the training's own records."""
    first, until = _last(run), time.monotonic() + WINDOW
    if watched:
        _watch(run.name, port, until)
    time.sleep(max(0.0, until - time.monotonic()))
    last = _last(run)
    return float((last["step"] - first["step"]) / (last["seconds"] - first["seconds"]))


def _watch(name: str, port: int, until: float) -> None:
    """Send the requests of the pages, one after the other, each every few seconds."""
    connection = HTTPConnection("127.0.0.1", port)

    def get(address: str) -> bytes:
        connection.request("GET", f"/api/runs/{name}{address}")
        return connection.getresponse().read()

    shown = [json.loads(get(""))] * PAGES
    due = time.monotonic()
    while due < until:
        for page, before in enumerate(shown):
            time.sleep(max(0.0, due - time.monotonic()))
            due += EVERY / PAGES
            news = json.loads(get(f"?after={before['step']}&generation={before['generation']}"))
            if news["snapshots"] != before["snapshots"]:
                steps = json.loads(get("/snapshots"))["steps"]
                get(f"/snapshots/{steps[-1]}.png")
            shown[page] = news
    connection.close()


def _last(run: Run) -> dict[str, float]:
    line = (run.path / "metrics.jsonl").read_text().rstrip().rpartition("\n")[2]
    found: dict[str, float] = json.loads(line)
    return found


@contextmanager
def _training(folder: Path) -> Iterator[Run]:
    command = [sys.executable, "-m", "ganatomy", "train", "digits", "--steps=9999999", "--name=watched"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        run = Run(folder / "runs" / "watched")
        while not (run.path / "metrics.jsonl").is_file():
            assert process.poll() is None, "The training ended."
            time.sleep(0.2)
        yield run
    finally:
        process.terminate()
        process.wait()


def _get(port: int, address: str) -> Any:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/api/runs{address}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


@contextmanager
def _studio(runs: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Its port, and its process."""
    command = [sys.executable, "-m", "ganatomy", "studio", str(runs), "--port=0", "--no-token"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield int(process.stderr.readline().strip().rpartition(":")[2]), process
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()
