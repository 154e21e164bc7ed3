"""Orders from outside to a training: carried out, written down, and without a trace where there are none."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganatomy.runs.run import Run
from ganatomy.training.callbacks import control
from tiny import go_on, quick


@pytest.fixture(autouse=True)
def _at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(control, "NAP", 0.01)


def curves(run: Run) -> list[dict[str, Any]]:
    timings = ("seconds", "images_per_second")
    return [{name: value for name, value in record.items() if name not in timings} for record in run.records()]


@pytest.fixture
def ordered(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """A run of ten steps that gets an order after the fourth."""

    def train(name: str, orders: dict[str, Any] | str, **changes: Any) -> Run:
        look = control.Control._look

        def first(self: control.Control, state: Any) -> None:
            if state.step == 4 and not self.paused:
                path = self.run.path / "control.json"
                path.write_text(orders) if isinstance(orders, str) else self.run.request(**orders)
            look(self, state)

        with monkeypatch.context() as patch:
            patch.setattr(control.Control, "_look", first)
            return quick(images, tmp_path, name, **changes)

    return train


def told(run: Run) -> list[tuple[str, Any]]:
    return [(event["event"], event.get("step")) for event in run.events()]


def test_a_training_without_orders_is_as_it_was(images: Path, tmp_path: Path, ordered: Callable[..., Run]) -> None:
    plain, asked = quick(images, tmp_path, "plain"), ordered("asked", {"snapshot": True})
    assert curves(plain) == curves(asked)
    assert ("snapshot", 4) in told(asked)
    assert sorted(asked.snapshots()) == [0, 4, 5, 10]
    assert not (asked.path / "control.json").exists()


def test_stop_saves_and_goes_on_as_if_it_had_not(images: Path, tmp_path: Path, ordered: Callable[..., Run]) -> None:
    run = ordered("stopped", {"stop": True})
    assert (run.info()["status"], run.info()["step"]) == ("stopped", 4)
    assert ("asked to stop", 4) in told(run)
    go_on(run)
    assert curves(run) == curves(quick(images, tmp_path, "whole"))


def test_rates_change_at_once_and_stay(ordered: Callable[..., Run], images: Path, tmp_path: Path) -> None:
    run = ordered("changed", {"learning_rates": {"generator": 1e-3}})
    assert run.config().generator_optimiser.learning_rate == 1e-3
    assert any(event.get("generator_optimiser.learning_rate") == 1e-3 for event in run.events())
    plain = quick(images, tmp_path, "plain")
    assert curves(run)[:2] == curves(plain)[:2]
    assert curves(run)[-1] != curves(plain)[-1]


@pytest.mark.parametrize("rates", [{"generator": 0}, {"generator": -1.0}, {"nobody": 0.1}, {"generator": "x"}, [1], 5])
def test_what_cannot_be_a_rate_is_refused(ordered: Callable[..., Run], rates: Any) -> None:
    run = ordered("refused", {"learning_rates": rates})
    assert ("refused", 4) in told(run)
    assert run.info()["status"] == "finished"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pause": 1, "stop": "yes", "what": []}'])
def test_what_is_no_order_changes_nothing(ordered: Callable[..., Run], text: str) -> None:
    assert ordered("odd", text).info()["status"] == "finished"


def test_pause_rests_until_it_is_told_to_go_on(ordered: Callable[..., Run], tmp_path: Path) -> None:
    """The rest is no training: it counts neither as its time nor in its speed."""

    def go_on_later() -> None:
        events = tmp_path / "paused" / "events.jsonl"
        while not (events.exists() and '"paused"' in events.read_text()):
            time.sleep(0.02)
        time.sleep(0.5)
        Run(tmp_path / "paused").request(pause=False)

    helper = threading.Thread(target=go_on_later)
    helper.start()
    began = time.monotonic()
    run = ordered("paused", {"pause": True})
    helper.join()
    names = [name for name, step in told(run) if step == 4]
    assert names == ["paused", "continued"]
    assert time.monotonic() - began > 0.5 > run.info()["seconds"] - 0.3
    assert run.info()["status"] == "finished"


def test_an_order_for_an_earlier_sitting_is_nobodys(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path)
    run.request(stop=True)
    go_on(run, training__steps=14)
    assert (run.info()["status"], run.info()["step"]) == ("finished", 14)
