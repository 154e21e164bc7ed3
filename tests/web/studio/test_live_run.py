"""A run that pages show: everything at first, then what is new; large files, and many pages. Work is counted."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from servers import until
from visiting import Visitor, studio

from ganatomy.diagnosis import diagnose_run
from ganatomy.report import charts, curves
from ganatomy.runs.run import Run
from ganatomy.web.studio import live_run, tail
from ganatomy.web.studio.live_run import LiveRun
from ganatomy.web.studio.run_store import RunStore
from probe_records import record as probe

SPIKES = {0.123: 77.0, 0.9: -33.0}  # by their share of the steps


def test_a_run_at_once_and_then_only_what_is_new(visitor: Visitor, runs: Path, record: Callable[..., None]) -> None:
    whole = visitor.get("/api/runs/waves").json()
    assert (whole["state"], whole["whole"], whole["step"], whole["snapshots"]) == ("finished", True, 10, 3)
    run = Run(runs / "waves")
    assert [chart["title"] for chart in whole["charts"]] == [
        chart.title for chart in charts.of(curves.read(run.path / "metrics.jsonl"), run.config())
    ]
    losses = next(chart for chart in whole["charts"] if chart["title"] == "Losses")["data"]
    assert losses["series"][0]["x"] == [2, 4, 6, 8, 10]
    assert {level["text"] for level in losses["levels"]} == {"log 4", "log 2"}

    record("waves", {"step": 12, "loss/discriminator": 1.25, "loss/generator": None})
    news = visitor.get(f"/api/runs/waves?after=10&generation={whole['generation']}").json()
    assert (news["whole"], news["step"]) == (False, 12)
    chart = next(chart for chart in news["charts"] if chart["title"] == "Losses")
    assert [(curve["x"], curve["y"]) for curve in chart["data"]["series"]] == [([12], [1.25]), ([12], [None])]


def test_a_run_without_records_is_shown(visitor: Visitor, runs: Path) -> None:
    (runs / "waves" / "metrics.jsonl").unlink()
    news = visitor.get("/api/runs/waves").json()
    assert (news["step"], news["charts"]) == (None, [])
    again = visitor.get(f"/api/runs/waves?after=7&generation={news['generation']}").json()
    assert again["step"] == 7


def test_probabilities_have_a_band(visitor: Visitor) -> None:
    drawn = [chart["data"] for chart in visitor.get("/api/runs/waves").json()["charts"]]
    banded = [curve for data in drawn if data.get("range") == [0, 1] for curve in data["series"]]
    assert len(banded) == 2
    for curve in banded:
        assert all(0 <= low < high <= 1 for low, high in zip(curve["low"]["y"], curve["high"]["y"], strict=True))


def test_the_diagnosis_is_that_of_the_command(visitor: Visitor, runs: Path, record: Callable[..., None]) -> None:
    """While the records grow, and when they start anew."""
    run = Run(runs / "waves")
    collapse = {"kinds": 2.0, "distance": 0.4}
    news = visitor.get("/api/runs/waves").json()
    assert (news["diagnosis"]["state"], news["diagnosis"]["findings"], news["evidence"]) == ("early", [], [])
    assert news["diagnosis"]["sentence"].startswith("Too early to say: no probe yet.")
    for sick, steps in (({}, range(20, 420, 20)), (collapse, range(420, 1020, 20)), ({}, range(1020, 1420, 20))):
        record("waves", *(probe(step, **sick) for step in steps))
        news = visitor.get(f"/api/runs/waves?after={news['step']}&generation={news['generation']}").json()
        now, found = diagnose_run(run), news["diagnosis"]
        assert not news["whole"]
        assert (found["verdict"], found["step"], found["state"]) == (
            now.verdict,
            steps[-1],
            "ill" if sick else "healthy",
        )
        assert [each["title"] for each in found["findings"]] == [str(each) for each in now.findings()]
        assert [chart["data"]["series"][0]["name"] for chart in news["evidence"]] == ["kinds"] * len(now.findings())
    (finding,) = found["findings"]
    assert (finding["began"], finding["until"]) == (now.findings()[0].began, now.findings()[0].until)
    assert news["evidence"][0]["data"]["shades"] == [[finding["began"], finding["until"]]]
    assert finding["command"].startswith("ganatomy train --config ")
    again = visitor.get(f"/api/runs/waves?after={news['step']}&generation={news['generation']}").json()
    assert again["evidence"] == [], "the page has it already"
    assert again["diagnosis"] == news["diagnosis"]
    run.forget_after(10)
    assert visitor.get("/api/runs/waves").json()["diagnosis"]["state"] == "early"


def test_a_training_that_failed_by_a_number_says_so(visitor: Visitor, runs: Path) -> None:
    run = Run(runs / "waves")
    run.event("not finite", step=10)
    run.update(status="failed")
    assert visitor.get("/api/runs/waves").json()["diagnosis"]["verdict"] == diagnose_run(run).verdict
    assert diagnose_run(run).verdict.startswith("not finite")


def bytes_read() -> int:
    """By this process so far."""
    return int(Path("/proc/self/io").read_text().split()[1])


def write_large(path: Path, records: int) -> None:
    losses = np.random.default_rng(0).normal(1, 0.1, records).tolist()
    for share, value in SPIKES.items():
        losses[int(share * records)] = value
    with path.open("w") as file:
        file.writelines(
            f'{{"step": {step}, "images": {8 * step}, "seconds": {step / 100}, "images_per_second": 800.0, '
            f'"loss/discriminator": {loss}, "loss/generator": 0.6931471805, "probability/real": 0.62}}\n'
            for step, loss in enumerate(losses)
        )


def test_a_large_run_opens_with_samples_and_is_then_read_whole(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One chunk of a fiftieth of the file, and 40 samples, are read before the page is answered."""
    records = 50_000
    write_large(runs / "waves" / "metrics.jsonl", records)
    size = (runs / "waves" / "metrics.jsonl").stat().st_size
    monkeypatch.setattr(tail, "CHUNK", size // 50)
    monkeypatch.setattr(tail.sketch, "__defaults__", (40,))
    monkeypatch.setattr(live_run, "FIRST_READ", 0.0)
    monkeypatch.setattr(live_run, "READ", 0.0)
    monkeypatch.setattr(live_run, "PAUSE", 0.0)
    monkeypatch.setattr(live_run, "POLL_EVERY", 0.0)
    store = RunStore(runs)
    with monkeypatch.context() as patch:
        patch.setattr(live_run.threading.Thread, "start", lambda thread: None)  # what reads on has not begun yet
        LiveRun(store.run("waves"), store).news(-np.inf, -1)  # modules are imported, which reads files as well
        live = LiveRun(store.run("waves"), store)
        before = bytes_read()
        first = json.loads(live.news(-np.inf, -1))
        assert bytes_read() - before < size // 50 + 40 * tail.SAMPLE + 200_000  # and small files of the folder
    assert 0.015 < first["read"] <= 0.02
    assert first["generation"] == -1, "ask for everything again"
    shown = first["charts"][0]["data"]["series"][0]["x"]
    assert (shown[0], shown[-1]) == (0, records - 1), "all of it, if only samples"

    reading = LiveRun(store.run("waves"), store)
    until(lambda: json.loads(reading.news(-np.inf, -1))["read"] == 1)
    curve = json.loads(reading.news(-np.inf, -1))["charts"][0]["data"]["series"][0]
    for share, value in SPIKES.items():
        assert curve["y"][curve["x"].index(int(share * records))] == value
    assert len(curve["x"]) <= 2000


def test_many_pages_cost_as_much_as_one(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two readings of the files all pages get the same answer, which is made once."""
    monkeypatch.setattr(live_run, "POLL_EVERY", 1e9)
    store = RunStore(runs)
    live = LiveRun(store.run("waves"), store)
    first = live.news(-np.inf, -1)
    generation = json.loads(first)["generation"]
    with (runs / "waves" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 12, "loss/generator": 0.5, "loss/discriminator": 1.0}\n')
    answers = {id(live.news(10.0, generation)) for _ in range(20)}
    assert len(answers) == 1
    assert json.loads(live.news(10.0, generation))["step"] == 10, "the files are not read yet"
    offset = live.records.offset
    monkeypatch.setattr(live_run, "POLL_EVERY", 0.0)
    assert json.loads(live.news(10.0, generation))["step"] == 12
    assert live.records.offset - offset == len('{"step": 12, "loss/generator": 0.5, "loss/discriminator": 1.0}\n')


@pytest.mark.slow
def test_a_million_records_and_thousands_of_snapshots(trained: Run, tmp_path: Path) -> None:
    """A run as large as they come, through a studio's process: its summary, its page, and its timeline."""
    records, snapshots = 1_000_000, 2_000
    folder = tmp_path / "runs" / "large"
    (folder / "samples").mkdir(parents=True)
    for file in ("run.json", "config.yaml"):
        (folder / file).write_text((trained.path / file).read_text())
    picture = (trained.path / "samples" / "000010.png").read_bytes()
    for number in range(snapshots):
        (folder / "samples" / f"{500 * number:06d}.png").write_bytes(picture)
    write_large(folder / "metrics.jsonl", records)
    with (folder / "events.jsonl").open("w") as file:
        file.writelines(json.dumps({"event": "snapshot", "step": 500 * n}) + "\n" for n in range(snapshots))
    with studio(tmp_path / "runs") as server:
        client: httpx.Client = server.client
        assert client.get("/api/runs").json()["runs"][0]["step"] == records - 1
        first = client.get("/api/runs/large").json()
        assert not first["error"]
        assert first["snapshots"] == len(client.get("/api/runs/large/snapshots").json()["steps"]) == snapshots
        shown = first["charts"][0]["data"]["series"][0]["x"]
        assert (shown[0], shown[-1]) == (0, records - 1)
        until(lambda: client.get("/api/runs/large").json()["read"] == 1, seconds=120)
        curve = client.get("/api/runs/large").json()["charts"][0]["data"]["series"][0]
        for share, value in SPIKES.items():
            assert curve["y"][curve["x"].index(int(share * records))] == value
        assert len(curve["x"]) <= 2000
        largest = next(
            int(line.split()[1]) / 1000
            for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
        assert largest < 300  # megabytes
