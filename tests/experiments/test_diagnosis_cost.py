"""What the diagnosis costs is measured: with a clock that the test moves, it is what was put in."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganatomy.diagnosis.probe import Probe
from ganatomy.experiments.diagnosis_exam import cost
from ganatomy.gan.adversarial import Adversarial
from ganatomy.runs.run import Run
from ganatomy.training import loop
from tiny import TINY

STEP, PROBE = 0.01, 0.03  # seconds
EVERY = 4  # steps between records, each with a probe
OPTIONS = {**TINY, "data.channels": None, "diagnosis.every": EVERY, "diagnosis.samples": 16, "log.every": EVERY}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time that stands still, but for what is added to it."""
    now = [0.0]
    for place, name in ((time, "perf_counter"), (time, "process_time"), (loop, "monotonic")):
        monkeypatch.setattr(place, name, lambda: now[0])

    def add(seconds: float) -> None:
        now[0] += seconds

    step = Adversarial.step

    def slow(*arguments: Any) -> Any:
        add(STEP)
        return step(*arguments)

    monkeypatch.setattr(Adversarial, "step", slow)
    return add


def measured(images: Path, folder: Path, pairs: int = 3) -> cost.Cost:
    return cost.measured(folder, "dcgan", str(images), OPTIONS, pairs=pairs, block=2 * EVERY * STEP)


def test_a_diagnosis_that_takes_no_time_costs_nothing(
    images: Path, tmp_path: Path, clock: Callable[[float], None]
) -> None:
    found = measured(images, tmp_path)
    assert (found.pairs, found.steps) == (3, 2 * EVERY)
    assert found.seconds == pytest.approx(3 * 2 * EVERY * STEP)
    for share in (found.wall, found.processor):
        assert share.value == pytest.approx(0, abs=1e-9)
        assert share.error == pytest.approx(0, abs=1e-9)
    assert found.recorded == 0
    # Six steps of warm-up and three blocks: a record at every fourth step, in the same places of both trainings.
    assert found.probes == (2 * cost.WARM_UP + 3 * 2 * EVERY) // EVERY
    records = {run.name.split("-")[1]: run.records() for run in map(Run, tmp_path.iterdir())}
    assert [record["step"] for record in records["with"]] == [record["step"] for record in records["without"]]
    assert records["with"][-1]["loss/generator"] == records["without"][-1]["loss/generator"]


def test_what_a_slow_probe_costs_is_noticed(
    images: Path, tmp_path: Path, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Probe.measure

    def slow(self: Probe) -> dict[str, float]:
        clock(PROBE)
        return measure(self)

    monkeypatch.setattr(Probe, "measure", slow)
    found = measured(images, tmp_path)
    assert found.wall.value == pytest.approx(PROBE / (EVERY * STEP))
    assert found.processor.value == pytest.approx(PROBE / (EVERY * STEP))
    assert found.wall.error == pytest.approx(0, abs=1e-9), "each block has as many probes"
    steps = 2 * cost.WARM_UP + 3 * found.steps
    assert found.recorded == pytest.approx(found.probes * PROBE / (found.probes * PROBE + steps * STEP))


def test_a_diagnosis_that_changes_the_weights_is_refused(
    images: Path, tmp_path: Path, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Probe.measure

    def harmful(self: Probe) -> dict[str, float]:
        next(self.method.generator.network.parameters()).data.mul_(1 + 1e-6)
        return measure(self)

    monkeypatch.setattr(Probe, "measure", harmful)
    with pytest.raises(RuntimeError, match="other weights"):
        measured(images, tmp_path, pairs=2)
