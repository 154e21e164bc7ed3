"""In a training: signals are recorded, the verdict is what the records say, remedies are applied."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from ganatomy.diagnosis import Monitor, diagnose_run, monitor
from ganatomy.diagnosis.reading import context_of
from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.system.runtime import Runtime
from ganatomy.training.callbacks import diagnosis as callbacks
from tiny import assert_same_tensors, go_on, quick, waves

PROBED = {"diagnosis__every": 2, "diagnosis__samples": 16}
# A generator that runs away from a discriminator that stays where it is.
FAULTY = {"generator_optimiser__learning_rate": 1e-2, "discriminator_optimiser__learning_rate": 1e-9}


@pytest.fixture(scope="module", autouse=True)
def _short_warm_up() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor, "WARM_UP", 40)
        yield


@pytest.fixture(scope="module")
def faulty(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training with a finding, stopped once and resumed."""
    often = {**PROBED, "diagnosis__every": 4, "log__every": 4, "log__checkpoint": 50}
    run = quick(images, tmp_path_factory.mktemp("faulty"), **FAULTY, **often, training__steps=70)
    return go_on(run, training__steps=100)


def test_what_is_reported_live_is_what_the_records_say(faulty: Run) -> None:
    live = [(event["step"], event["verdict"]) for event in faulty.events() if event["event"] == "verdict"]
    assert [verdict for _, verdict in live][-1] == "discriminator learns nothing"
    offline, again, name = Monitor(context_of(faulty)), [], ""
    for record in faulty.probe_records():
        offline.observe(record)
        if offline.name != name:
            again.append((int(record["step"]), offline.verdict))
            name = offline.name
    assert live == again


def test_the_report_shows_findings_and_shades_their_evidence(faulty: Run) -> None:
    page = (faulty.path / "report.html").read_text()
    assert "<h2>Diagnosis</h2>" in page
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    shaded = {chart["series"][0]["name"]: chart["shades"] for chart in json.loads(data)["charts"] if "shades" in chart}
    found = diagnose_run(faulty).findings()
    assert shaded.keys() == {finding.signal for finding in found}
    for finding in found:
        assert [finding.began, finding.until] in shaded[finding.signal]
        assert finding.meaning.split(":")[0] in page


def test_data_that_cannot_work_is_reported_before_the_first_step(tmp_path: Path) -> None:
    np.save(tmp_path / "same.npy", np.repeat(waves(1, 16, 16), 40, axis=0))
    run = quick(tmp_path / "same.npy", tmp_path, training__steps=1)
    assert diagnose_run(run).verdict == "data cannot work: all images are the same"


def test_a_resumed_run_is_probed_at_the_same_steps_and_trains_as_without(images: Path, tmp_path: Path) -> None:
    whole = quick(images, tmp_path, "whole", **PROBED, training__steps=12)
    plain = quick(images, tmp_path, "plain", diagnosis__on=False, training__steps=12)
    parts = quick(images, tmp_path, "parts", **PROBED, training__steps=6)
    go_on(parts, training__steps=12)
    assert_same_tensors(whole, parts, 12)
    assert_same_tensors(whole, plain, 12)
    assert not list(plain.probe_records())
    probes = [list(run.probe_records()) for run in (whole, parts)]
    assert [record["step"] for record in probes[0]] == [record["step"] for record in probes[1]] == [2, 4, 6, 8, 10, 12]
    for name in ("signals/auc", "signals/spread", "signals/kinds", "signals/slope"):
        assert probes[0][-1][name] == probes[1][-1][name]


def test_a_number_that_is_not_finite_is_named_to_the_end(images: Path, tmp_path: Path) -> None:
    wild = {"optimiser__name": "sgd", "optimiser__learning_rate": 10.0}
    changes = {f"{role}_{name}": value for role in ("generator", "discriminator") for name, value in wild.items()}
    hopeless = {"objective__name": "wasserstein", "discriminator__norm": "none", "training__retries": 1}
    with pytest.raises(UserError, match="diverged"):
        quick(images, tmp_path, **changes, **hopeless, **PROBED, training__steps=4000)
    run = Run(tmp_path / "run")
    assert diagnose_run(run).verdict.startswith("not finite")
    assert [event["verdict"] for event in run.events() if event["event"] == "verdict"][-1].startswith("not finite")


def test_a_remedy_rolls_back_and_changes_the_options(images: Path, tmp_path: Path) -> None:
    often = {**PROBED, "diagnosis__every": 6, "log__every": 6, "log__checkpoint": 30, "training__steps": 120}
    run = quick(images, tmp_path, **FAULTY, **often, diagnosis__remedies=1, log__keep=0)
    (remedy,) = [event for event in run.events() if event["event"] == "remedy"]
    assert remedy["finding"] == "discriminator learns nothing"
    assert run.config().discriminator_optimiser.learning_rate == pytest.approx((1e-4 * 2e-3) ** 0.5, rel=0.01)
    assert run.info()["status"] == "finished"
    assert max(run.checkpoints()) == 120
    steps = [record["step"] for record in run.records()]
    assert steps == sorted(set(steps))


def test_a_training_that_diverges_can_be_remedied_too(images: Path, tmp_path: Path) -> None:
    wild = {"penalties__r1": 1e6, "discriminator__norm": "none", "discriminator_optimiser__learning_rate": 10.0}
    changes = {**wild, "objective__name": "wasserstein", "discriminator_optimiser__name": "sgd"}
    with pytest.raises(UserError, match="diverged"):
        quick(images, tmp_path, **changes, **PROBED, training__retries=0, diagnosis__remedies=1, training__steps=50)
    events = Run(tmp_path / "run").events()
    kinds = [event["event"] for event in events if event["event"] in ("not finite", "verdict", "remedy")]
    assert kinds == ["not finite", "verdict", "remedy", "not finite", "verdict"]
    assert Run(tmp_path / "run").config().discriminator_optimiser.learning_rate == 2.5


def test_probes_cost_no_more_than_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

    class Slow:
        def measure(self) -> dict[str, float]:
            Clock.now += 0.3
            return {"auc": 0.5, "slope": 1.0}

        def of_last_round(self) -> dict[str, float]:
            Clock.now += 0.004
            return {"auc": 0.5}

        def state(self) -> dict[str, Any]:
            return {}

        def load(self, state: dict[str, Any]) -> None:
            assert state == {}

    class Now:
        step, seconds = 0, 0.0
        record: dict[str, Any]
        probe: ClassVar[dict[str, Any]] = {}
        method = SimpleNamespace(runtime=Runtime())

    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: Clock.now)
    recorder, state = callbacks.RecordSignals(lambda method: Slow(), 0, 10), Now()
    recorder.begin(state)
    rounds = []
    for step in range(1, 20_001):
        state.step, state.seconds, state.record = step, 0.01 * step, {}
        recorder.after_step(state)
        if "signals/auc" in state.record and "signals/slope" not in state.record:
            rounds.append(state.seconds)
        if recorder.probes.total > 0.3 and len(rounds) > 1:  # only the first of each tells how long one takes
            assert recorder.cost <= 0.02 * state.seconds
    assert recorder.cost > 0.019 * state.seconds
    assert len([seconds for seconds in rounds if seconds <= 30]) >= 30
