"""A million records, thousands of snapshots, many pages: seconds, bytes, and what a training feels of it."""

import json
import shutil
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from visiting import serving

from ganatomy.runs.run import Run

RECORDS, SNAPSHOTS = 1_000_000, 2_000
SPIKES = {123_457: 77.0, 900_001: -33.0}


def memory(pid: int) -> float:
    """Largest resident size so far, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    raise AssertionError


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture(scope="module")
def large(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as large as they come."""
    runs = tmp_path_factory.mktemp("large") / "runs"
    folder = runs / "large"
    (folder / "samples").mkdir(parents=True)
    for file in ("run.json", "config.yaml"):
        (folder / file).write_text((trained.path / file).read_text())
    picture = (trained.path / "samples" / "000010.png").read_bytes()
    for number in range(SNAPSHOTS):
        (folder / "samples" / f"{500 * number:06d}.png").write_bytes(picture)
    losses = np.random.default_rng(0).normal(1, 0.1, RECORDS).tolist()
    for step, value in SPIKES.items():
        losses[step] = value
    with (folder / "metrics.jsonl").open("w") as file:
        file.writelines(
            f'{{"step": {step}, "images": {8 * step}, "seconds": {step / 100}, "images_per_second": 800.0, '
            f'"loss/discriminator": {loss}, "loss/generator": 0.6931471805, "probability/real": 0.62}}\n'
            for step, loss in enumerate(losses)
        )
    with (folder / "events.jsonl").open("w") as file:
        file.writelines(json.dumps({"event": "snapshot", "step": 500 * n}) + "\n" for n in range(SNAPSHOTS))
    return runs


def test_a_large_run_opens_at_once_and_then_is_read_whole(large: Path) -> None:
    with serving(large) as (address, process), httpx.Client(base_url=address, timeout=30) as client:
        began = time.perf_counter()
        assert client.get("/api/runs").json()["runs"][0]["step"] == RECORDS - 1
        first = client.get("/api/runs/large").json()
        assert "error" not in first or not first["error"], first
        steps = client.get("/api/runs/large/snapshots").json()["steps"]
        opened = time.perf_counter() - began
        assert (len(steps), first["snapshots"]) == (SNAPSHOTS, SNAPSHOTS)
        shown = first["charts"][0]["data"]["series"][0]["x"]
        assert (shown[0], shown[-1]) == (0, RECORDS - 1), "all of it at once, if only samples"
        while (told := client.get("/api/runs/large").json())["read"] < 1:
            time.sleep(0.2)
            assert time.perf_counter() - began < 60
        curve = told["charts"][0]["data"]["series"][0]
        for step, value in SPIKES.items():
            assert curve["y"][curve["x"].index(step)] == value
        assert len(curve["x"]) <= 2000
        whole, largest = time.perf_counter() - began, memory(process.pid)
        print(f"\nopened in {opened:.2f} s, read whole after {whole:.1f} s, {largest:.0f} MB")
        assert opened < 2
        assert largest < 300


def test_twenty_pages_cost_little(large: Path, trained: Run) -> None:
    """Each asks every three seconds. What the studio's process spends is all that a training can feel of it."""
    small = large / "small"
    small.mkdir()
    for file in ("run.json", "config.yaml", "metrics.jsonl", "events.jsonl"):
        (small / file).write_text((trained.path / file).read_text())
    seconds = 3
    with serving(large) as (address, process), httpx.Client(base_url=address) as client:
        told = client.get("/api/runs/small").json()
        after, generation, spent, step = told["step"], told["generation"], cpu(process.pid), 10
        for _ in range(seconds // 3):
            began = time.monotonic()
            for _ in range(2):
                step += 2
                with (small / "metrics.jsonl").open("a") as file:
                    file.write(json.dumps({"step": step, "loss/generator": 0.5, "loss/discriminator": 1.0}) + "\n")
            for _ in range(20):
                answer = client.get(f"/api/runs/small?after={after}&generation={generation}").json()
                time.sleep(0.12)
            assert answer["step"] == step
            after = answer["step"]
            time.sleep(max(0.0, began + 3 - time.monotonic()))
        share = (cpu(process.pid) - spent) / seconds
    print(f"\n20 pages: {share:.1%} of a core")
    assert share < 0.02, "1% of two"


def test_two_hundred_runs(trained: Run, tmp_path: Path) -> None:
    for number in range(200):
        shutil.copytree(trained.path, tmp_path / f"run-{number:03d}", ignore=shutil.ignore_patterns("check*", "*.html"))
    with serving(tmp_path) as (address, process), httpx.Client(base_url=address, timeout=30) as client:
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            assert len(client.get("/api/runs").json()["runs"]) == 200
            seconds.append(time.perf_counter() - began)
        print(f"\n200 runs in {seconds[0]:.2f} s, then {seconds[1]:.2f} s, {memory(process.pid):.0f} MB")
        assert seconds[1] < seconds[0] < 2
