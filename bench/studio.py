"""What a training feels of the studio: its speed while twenty pages follow it, and while nobody does, in turns."""

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

from bench.measure import Row
from ganatomy.runs.run import Run

PAGES, EVERY = 20, 3.0  # seconds between a page's looks
WINDOW, PAIRS = 12.0, 15
WARM_UP = 20.0  # seconds before anything counts


def studio() -> list[Row]:
    """The demo's training, watched in every other window of some seconds."""
    with tempfile.TemporaryDirectory() as folder, _training(Path(folder)) as run, _studio(run.path.parent) as port:
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
    """What the pages ask for, one after the other, each every few seconds."""
    connection = HTTPConnection("127.0.0.1", port)

    def get(address: str) -> bytes:
        connection.request("GET", f"/api/runs/{name}{address}")
        return connection.getresponse().read()

    told = [json.loads(get(""))] * PAGES
    due = time.monotonic()
    while due < until:
        for page, before in enumerate(told):
            time.sleep(max(0.0, due - time.monotonic()))
            due += EVERY / PAGES
            news = json.loads(get(f"?after={before['step']}&generation={before['generation']}"))
            if news["snapshots"] != before["snapshots"]:
                steps = json.loads(get("/snapshots"))["steps"]
                get(f"/snapshots/{steps[-1]}.png")
            told[page] = news
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


@contextmanager
def _studio(runs: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "ganatomy", "studio", str(runs), "--port=0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield int(process.stderr.readline().strip().rpartition(":")[2])
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()
