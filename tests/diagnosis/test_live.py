"""In a training: the weights are the same, what is said live is what the records say, remedies are applied."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ganatomy.diagnosis import of_run, watch
from ganatomy.diagnosis.reading import facts
from ganatomy.diagnosis.rules import RULES
from ganatomy.errors import UserError
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.system.runtime import Runtime
from ganatomy.training.callbacks import diagnosis as callbacks
from tiny import assert_same_tensors, go_on, quick, waves

LOOKS = {"diagnosis__every": 2, "diagnosis__samples": 16}
LONG = {**LOOKS, "diagnosis__every": 20, "log__every": 20, "log__checkpoint": 100, "training__steps": 400}
# A generator that runs away from a discriminator that stays where it is.
ILL = {"generator_optimiser__learning_rate": 1e-2, "discriminator_optimiser__learning_rate": 1e-9}


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        ("dcgan", {"data__flip": True, "training__share_fakes": True}),
        ("dcgan", {"prior__conditional": True}),
        ("dcgan", {"augmentation__policies": ["colour", "cutout"], "augmentation__target": 0.6}),
        ("sngan", {}),  # power iterations
        ("stylegan2", {}),  # noise and mixing, running means
        ("goodfellow2014", {}),  # dropout, both at once
        ("vae", {}),
    ],
)
def test_the_weights_are_the_same_without_it(recipe: str, changes: dict[str, Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "waves.npz", images=waves(60, 16, 16), labels=np.arange(60) % 2)
    data, steps = tmp_path / "waves.npz", {"training__steps": 7}
    looked = quick(data, tmp_path, "looked", recipe, **changes, **LOOKS, **steps)
    plain = quick(data, tmp_path, "plain", recipe, **changes, diagnosis__on=False, **steps)
    left, right = (checkpoint.load(run.checkpoint(7)) for run in (looked, plain))
    for group, tensors in left.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, right[group][name]), f"{group}: {name}"
    assert len(list(looked.looks())) == 3
    assert not list(plain.looks())


@pytest.fixture(scope="module")
def ill(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training of which something was said, stopped once and resumed."""
    run = quick(images, tmp_path_factory.mktemp("ill"), **{**LONG, **ILL, "training__steps": 340})
    return go_on(run, training__steps=400)


def test_what_was_said_live_is_what_the_records_say(ill: Run) -> None:
    run = ill
    said = [(event["step"], event["verdict"]) for event in run.events() if event["event"] == "verdict"]
    assert said, "nothing was said of a discriminator that learns nothing"
    offline, again, name = watch.Watch(facts(run)), [], ""
    for record in run.looks():
        offline.observe(record)
        now = offline.present[0].name if offline.present else "healthy"
        if now != name:
            again.append((int(record["step"]), offline.verdict))
            name = now
    assert said == again


def test_the_report_shows_findings_and_shades_their_evidence(ill: Run) -> None:
    page = (ill.path / "report.html").read_text()
    assert "<h2>Diagnosis</h2>" in page
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    shaded = {chart["series"][0]["name"]: chart["shades"] for chart in json.loads(data)["charts"] if "shades" in chart}
    found = of_run(ill).findings()
    assert shaded.keys() == {finding.signal for finding in found}
    for finding in found:
        assert [finding.began, finding.until] in shaded[finding.signal]
        assert finding.meaning.split(":")[0] in page


def test_data_that_cannot_work_is_said_before_the_first_step(tmp_path: Path) -> None:
    np.save(tmp_path / "same.npy", np.repeat(waves(1, 16, 16), 40, axis=0))
    run = quick(tmp_path / "same.npy", tmp_path, training__steps=2)
    assert of_run(run).verdict == "data cannot work: all images are the same"


def test_a_resumed_run_looks_at_the_same_steps(images: Path, tmp_path: Path) -> None:
    whole = quick(images, tmp_path, "whole", **LOOKS, training__steps=20)
    parts = quick(images, tmp_path, "parts", **LOOKS, training__steps=10)
    go_on(parts, training__steps=20)
    assert_same_tensors(whole, parts, 20)
    steps = [[record["step"] for record in run.looks()] for run in (whole, parts)]
    assert steps[0] == steps[1]
    last = [list(run.looks())[-1] for run in (whole, parts)]
    for name in ("signals/auc", "signals/spread", "signals/kinds", "signals/slope"):
        assert last[0][name] == last[1][name]


def test_a_number_that_is_not_finite_is_named_to_the_end(images: Path, tmp_path: Path) -> None:
    wild = {"optimiser__name": "sgd", "optimiser__learning_rate": 10.0}
    changes = {f"{role}_{name}": value for role in ("generator", "discriminator") for name, value in wild.items()}
    hopeless = {"objective__name": "wasserstein", "discriminator__norm": "none", "training__retries": 1}
    with pytest.raises(UserError, match="diverged"):
        quick(images, tmp_path, **changes, **hopeless, **LOOKS, training__steps=4000)
    run = Run(tmp_path / "run")
    assert of_run(run).verdict.startswith("not finite")
    assert [event["verdict"] for event in run.events() if event["event"] == "verdict"][-1].startswith("not finite")


def test_a_remedy_rolls_back_and_changes_the_options(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "WARM_UP", 40)
    often = {**LOOKS, "diagnosis__every": 6, "log__every": 6, "log__checkpoint": 30, "training__steps": 120}
    run = quick(images, tmp_path, **ILL, **often, diagnosis__remedies=1, log__keep=0)
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
        quick(images, tmp_path, **changes, **LOOKS, training__retries=0, diagnosis__remedies=1, training__steps=50)
    events = Run(tmp_path / "run").events()
    kinds = [event["event"] for event in events if event["event"] in ("not finite", "verdict", "remedy")]
    assert kinds == ["not finite", "verdict", "remedy", "not finite", "verdict"]
    assert Run(tmp_path / "run").config().discriminator_optimiser.learning_rate == 2.5


def test_looks_cost_no_more_than_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

    class Slow:
        def measure(self) -> dict[str, float]:
            Clock.now += 0.3
            return {"auc": 0.5}

    class State:
        step, seconds, record, method = 0, 0.0, {}, None

    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: Clock.now)
    looks, state = callbacks.RecordSignals(lambda method: Slow(), 0, 10), State()
    monkeypatch.setattr(state, "method", SimpleNamespace(runtime=Runtime()))
    looks.begin(state)
    for step in range(1, 100_001):
        state.step, state.seconds, state.record = step, 0.01 * step, {}
        looks.after_step(state)
        if looks.cost > 0.3:  # how long a look takes, the first one tells
            assert looks.cost <= 0.02 * state.seconds
    assert looks.cost > 0.015 * state.seconds


def ask(run: Run, *flags: str) -> subprocess.CompletedProcess[str]:
    # In a process of its own, to see that torch stays out of it.
    code = "import sys; from ganatomy import cli; sys.argv = ['ganatomy', 'diagnose', *sys.argv[1:]]\n"
    code += "try:\n    cli.main()\nfinally:\n    assert 'torch' not in sys.modules"
    return subprocess.run([sys.executable, "-c", code, str(run.path), *flags], capture_output=True, text=True)


def test_the_command_answers_from_the_records_alone(ill: Run) -> None:
    run = ill
    asked = ask(run, "--json", "--exit-code")
    assert asked.returncode == 3, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["verdict"] == of_run(run).verdict == "discriminator learns nothing"
    assert {"signal", "value", "threshold", "meaning", "command", "sure"} <= answer["findings"][0].keys()
    (run.path / "metrics.jsonl").write_text("")
    unseen = ask(run)
    assert (unseen.returncode, unseen.stdout.split(" has")[0]) == (0, "Nobody")


def test_every_rule_has_its_row_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "DIAGNOSIS.md").read_text()
    rows = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")}
    assert {rule.name for rule in RULES} | {"data cannot work"} <= rows
