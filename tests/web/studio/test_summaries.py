"""The list of runs: what it says of each, and how little it reads."""

import os
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from servers import until
from visiting import Visitor

from ganatomy.runs.run import Run
from ganatomy.web.studio import summaries, tail
from ganatomy.web.studio.run_store import RunStore
from ganatomy.web.studio.summaries import RunSummaries
from ganatomy.web.studio.time_limit import TimeLimit


def test_a_summary(visitor: Visitor) -> None:
    (summary,) = visitor.get("/api/runs").json()["runs"]
    assert (summary["name"], summary["state"], summary["step"], summary["picture"]) == ("waves", "finished", 10, 10)
    assert (summary["recipe"], summary["problem"]) == ("dcgan", None)
    lines = {line["name"]: line["role"] for line in summary["curves"]["lines"]}
    assert lines == {"D(x)": "discriminator", "D(G(z))": "generator"}
    assert visitor.get("/api/runs/waves/snapshots/10.png").headers["content-type"] == "image/png"


def test_a_summary_has_the_newest_verdict(visitor: Visitor, runs: Path) -> None:
    run = Run(runs / "waves")
    for verdict, state, health in (
        ("mode collapse: 3 kinds left", {}, "ill"),  # as older runs recorded it
        ("healthy", {}, "healthy"),
        ("too early to say", {"state": "early"}, "early"),
        ("nothing found in 12 probes", {"state": "open"}, "open"),
    ):
        run.event("verdict", step=100, verdict=verdict, **state)
        (summary,) = visitor.get("/api/runs").json()["runs"]
        assert (summary["verdict"], summary["health"]) == (verdict, health)


def test_two_hundred_runs_are_summarised_once_and_then_only_where_they_change(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[str] = Counter()
    summarise = summaries.summarise

    def counting(run: Run) -> summaries.RunSummary:
        made[run.name] += 1
        return summarise(run)

    monkeypatch.setattr(summaries, "summarise", counting)
    names = [f"run-{number:03d}" for number in range(200)]
    for name in names:
        (tmp_path / name).mkdir()
        for file in ("run.json", "metrics.jsonl", "events.jsonl"):
            os.link(trained.path / file, tmp_path / name / file)
    found = RunSummaries(RunStore(tmp_path), TimeLimit())
    assert sorted(each.name for each in found.all()) == names
    assert made == Counter(names)
    found.all()
    assert made == Counter(names)  # nothing has changed
    shutil.copy(trained.path / "metrics.jsonl", tmp_path / "copy")
    (tmp_path / "copy").replace(tmp_path / "run-007" / "metrics.jsonl")
    with (tmp_path / "run-007" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 12}\n')
    newest = next(each for each in found.all() if each.name == "run-007")
    assert newest.step == 12
    assert made == Counter([*names, "run-007"])


def test_a_run_that_hangs_holds_up_no_other(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is shown once it can be read."""
    for name in ("a", "b", "z"):
        shutil.copytree(runs / "waves", runs / name)
    gate, summarise = threading.Event(), summaries.summarise

    def slow(run: Run) -> summaries.RunSummary:
        if run.name in ("a", "b"):
            gate.wait(60)
        return summarise(run)

    monkeypatch.setattr(summaries, "summarise", slow)
    monkeypatch.setattr(summaries, "RUN_SECONDS", 0.05)
    found = RunSummaries(RunStore(runs), TimeLimit())
    until(lambda: {each.name for each in found.all() if each.state == "finished"} == {"waves", "z"})
    late = {each.name: each.problem for each in found.all() if each.state == "unreadable"}
    assert set(late) == {"a", "b"}
    assert all(problem and "still being read" in problem for problem in late.values())
    gate.set()
    until(lambda: [each.state for each in found.all()] == ["finished"] * 4)


def test_slow_runs_take_no_time_from_the_others(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even if there are so many of them that a list has no time for all."""
    names = [f"a-{number}" for number in range(20)]
    for name in names:
        (runs / name).mkdir()
        (runs / name / "run.json").write_text("{}")
    gate, summarise = threading.Event(), summaries.summarise

    def slow(run: Run) -> summaries.RunSummary:
        if run.name in names:
            gate.wait(60)
        return summarise(run)

    monkeypatch.setattr(summaries, "summarise", slow)
    monkeypatch.setattr(summaries, "RUN_SECONDS", 0.2)
    monkeypatch.setattr(summaries, "ALL_SECONDS", 0.5)
    found = RunSummaries(RunStore(runs), TimeLimit())
    try:
        until(lambda: next(each for each in found.all() if each.name == "waves").state == "finished")
    finally:
        gate.set()


def test_of_a_large_file_a_summary_reads_a_few_places(runs: Path) -> None:
    path = runs / "waves" / "metrics.jsonl"
    with path.open("w") as file:
        file.writelines(
            f'{{"step": {step}, "probability/real": 0.5, "probability/fake": 0.5}}\n' for step in range(100_000)
        )
    assert path.stat().st_size > 20 * summaries.POINTS * tail.SAMPLE
    store = RunStore(runs)
    RunSummaries(store, TimeLimit()).all()  # modules are imported, which reads files as well
    before = bytes_read()
    (summary,) = RunSummaries(store, TimeLimit()).all()
    assert summary.step == 99_999
    assert (summary.curves["x"][0], summary.curves["x"][-1]) == (0, 99_999)
    assert bytes_read() - before < 2 * summaries.POINTS * tail.SAMPLE


def bytes_read() -> int:
    """By this process so far."""
    return int(Path("/proc/self/io").read_text().split()[1])
