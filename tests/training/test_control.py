"""Requests from outside to a training: carried out, recorded, and without a trace where there are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganatomy.runs.run import Run
from ganatomy.training import loop
from ganatomy.training.callbacks import control
from ganatomy.training.loop import Callback, State
from tiny import go_on, quick

Requests = dict[int, dict[str, Any] | str]  # by the step at which the training reads them


class Leave(Callback):
    """Leaves requests, or the text of a control.json, which the training reads after the same step."""

    def __init__(self, run: Run, requests: Requests) -> None:
        self.run, self.requests = run, requests

    def after_step(self, state: State) -> None:
        request = self.requests.get(state.step, {})
        if isinstance(request, str):
            (self.run.path / "control.json").write_text(request)
        elif request:
            self.run.request(**request)


@pytest.fixture(autouse=True)
def _at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "POLL_SECONDS", 0.0)


def trained(images: Path, runs: Path, requests: Requests | None = None, **changes: Any) -> Run:
    """A run of twelve steps with requests on the way."""
    leave = Leave(Run(runs / "run"), requests or {})
    return quick(images, runs, callbacks=[leave], training__steps=12, diagnosis__on=False, **changes)


@pytest.fixture(scope="module")
def plain(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same run without any request; only read."""
    return trained(images, tmp_path_factory.mktemp("plain"), log__every=1)


def curves(run: Run) -> list[dict[str, Any]]:
    timings = ("seconds", "images_per_second")
    return [{name: value for name, value in record.items() if name not in timings} for record in run.records()]


def events(run: Run) -> list[tuple[str, Any]]:
    return [(event["event"], event.get("step")) for event in run.events()]


def test_a_snapshot_changes_nothing(images: Path, tmp_path: Path, plain: Run) -> None:
    run = trained(images, tmp_path, {4: {"snapshot": True}}, log__every=1)
    assert curves(run) == curves(plain)
    assert ("snapshot", 4) in events(run)
    assert sorted(run.snapshots()) == [0, 4, 5, 10, 12]
    assert not (run.path / "control.json").exists()


def test_stop_saves_and_goes_on_as_if_it_had_not(images: Path, tmp_path: Path, plain: Run) -> None:
    run = trained(images, tmp_path, {4: {"stop": True}}, log__every=1)
    assert (run.info()["status"], run.info()["step"]) == ("stopped", 4)
    assert ("asked to stop", 4) in events(run)
    run.request(stop=True)  # a request that nobody has read is not for the next session
    go_on(run)
    assert (run.info()["status"], run.info()["step"]) == ("finished", 12)
    assert curves(run) == curves(plain)


def test_rates_change_at_once_and_stay(images: Path, tmp_path: Path, plain: Run) -> None:
    run = trained(images, tmp_path, {4: {"learning_rates": {"generator": 1e-3}}}, log__every=1)
    assert run.config().generator_optimiser.learning_rate == 1e-3
    assert any(event.get("generator_optimiser.learning_rate") == 1e-3 for event in run.events())
    # Step 5 is the first with the new rate, and step 6 the first whose losses show it.
    assert curves(run)[:4] == curves(plain)[:4]
    assert curves(run)[5] != curves(plain)[5]


def test_what_is_no_request_and_no_rate_changes_nothing(images: Path, tmp_path: Path, plain: Run) -> None:
    rates = [{"generator": 0}, {"generator": -1.0}, {"nobody": 0.1}, {"generator": "x"}, [1], 5]
    texts = ["", "{", "[]", '{"pause": 1, "stop": "yes", "what": [], "snapshot": null}']
    refused: Requests = {step: {"learning_rates": each} for step, each in enumerate(rates, 2)}
    run = trained(images, tmp_path, {**refused, **dict(enumerate(texts, 8))}, log__every=1)
    assert run.info()["status"] == "finished"
    assert [step for name, step in events(run) if name == "refused"] == [2, 3, 4, 5, 6, 7]
    assert curves(run) == curves(plain)


def test_a_pause_is_no_training_time(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts neither in the seconds nor in the speed."""
    hours = 0

    def later(now: Callable[[], float] = control.monotonic) -> float:
        return now() + 3600 * hours

    def sleep(seconds: float) -> None:
        nonlocal hours
        hours += 1
        if hours == 3:
            Run(tmp_path / "run").request(pause=False)

    monkeypatch.setattr(control, "sleep", sleep)
    monkeypatch.setattr(control, "monotonic", later)
    monkeypatch.setattr(loop, "monotonic", later)
    run = trained(images, tmp_path, {4: {"pause": True}})
    assert [name for name, step in events(run) if step == 4] == ["paused", "continued"]
    assert hours == 3
    assert run.info()["status"] == "finished"
    assert run.info()["seconds"] < 3600
    assert max(record["seconds"] for record in run.records()) < 3600


def test_a_stop_ends_a_pause(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "sleep", lambda seconds: Run(tmp_path / "run").request(stop=True))
    run = trained(images, tmp_path, {4: {"pause": True}})
    assert [name for name, step in events(run) if step == 4][:2] == ["paused", "asked to stop"]
    assert (run.info()["status"], run.info()["step"]) == ("stopped", 4)
