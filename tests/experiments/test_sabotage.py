"""A slice of the exam, and its arithmetic."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganatomy import build
from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam import figures, trials
from ganatomy.experiments.diagnosis_exam.figures import Figures
from ganatomy.experiments.diagnosis_exam.sabotages import SABOTAGES
from ganatomy.experiments.diagnosis_exam.training import examine
from ganatomy.experiments.diagnosis_exam.trials import Trial, plan
from ganatomy.training import api as training

SHORT = {"training.steps": 340, "training.batch": 12, "diagnosis.samples": 64}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exam")


def test_the_plan_is_what_was_promised() -> None:
    everything = list(plan())
    assert len(everything) == len(set(everything)) == len({trial.name for trial in everything})
    sick = [trial for trial in everything if trial.sabotage and not trial.remedies]
    healthy = [trial for trial in everything if not trial.sabotage]
    assert len({trial.sabotage for trial in sick}) >= 12
    assert len(healthy) >= 60
    for name in SABOTAGES:
        cells = {(trial.kind, trial.data, trial.seed) for trial in sick if trial.sabotage == name}
        assert [len({cell[i] for cell in cells}) for i in range(3)] == [2, 2, 3]
        assert all(Trial("", *cell) in healthy for cell in cells)
    assert all(trial.seed for trial in everything)  # 0 was for tuning


@pytest.mark.parametrize("trial", list(dict.fromkeys((t.sabotage, t.kind) for t in plan(data=["digits"], seeds=[1]))))
def test_every_training_of_the_plan_can_be_built(trial: tuple[str, str]) -> None:
    chosen = Trial(*trial, "digits", 1)
    build.check(training.plan("digits", recipe=chosen.recipe, settings=chosen.settings()))


@pytest.mark.parametrize(
    ("sabotage", "kind", "said"),
    [
        ("four latents", "smooth", "mode collapse"),
        ("poison", "dcgan", "not finite"),
        ("", "dcgan", "healthy"),
    ],
)
def test_a_slice_of_the_exam(
    sabotage: str, kind: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "COMMON", {**trials.COMMON, **SHORT})
    trial = Trial(sabotage, kind, "shapes", 1)
    scores = examine(trial, folder)
    assert examine(trial, folder) == scores  # kept
    run = figures.Run(folder / "runs" / trial.name)
    assert figures.said(run).name == said
    assert not (run.path / "checkpoints").exists()
    if not sabotage:
        assert scores["end"]["fd"] < scores["start"]["fd"]
        assert not figures.said(run).ever


def row(kind: str, sabotage: str, named: str, **others: Any) -> dict[str, Any]:
    right = SABOTAGES[sabotage].names if sabotage else ()
    ever = {} if named == "healthy" else {named: 200}
    known = {"trial": f"{sabotage}-{named}", "cell": ["dcgan", "digits", 1], "counts": True, "remedies": 0}
    detected = min((ever[name] for name in right if name in ever), default=None)
    facts = {"kind": kind, "sabotage": sabotage, "named": named, "right": list(right), "ever": ever}
    return {**facts, **known, "detected": detected, "fd": 5.0, "healthy_fd": 1.0, "coverage": 0.1, **others}


def test_figures_count_right_names_and_false_alarms() -> None:
    found = Figures(
        [
            row("sabotaged", "cut off", "generator stands still"),
            row("sabotaged", "cut off", "mode collapse"),
            row("sabotaged", "cut off", "healthy"),
            row("sabotaged", "cut off", "healthy", counts=False),
            row("healthy", "", "healthy"),
            row("healthy", "", "oscillation"),
            row("healthy", "", "oscillation", counts=False),
            row("cured", "weak", "healthy", fd=1.2, remedies=1),
            row("sabotaged", "weak", "discriminator learns nothing"),
        ]
    )
    recall = found.recall()
    assert recall is not None
    assert recall.value == pytest.approx(2 / 4)
    assert recall.low < 0.5 < recall.high
    assert len(found.false_alarms()) == 1
    text = figures.tables(found)
    assert "| weak | 1 | 0 | 1 | 1 |" in text
    assert "0.33 [0.06, 0.79] | 200 |" in text
    assert "`-oscillation`: oscillation from step 200" in text


def test_an_effect_is_verified_by_other_scores() -> None:
    def scores(fd: float, coverage: float = 0.9, status: str = "finished", authenticity: float = 0.6) -> dict[str, Any]:
        return {
            "start": {"fd": 10.0},
            "end": {"fd": fd, "coverage": coverage},
            "status": status,
            "authenticity": authenticity,
        }

    twin, trial = scores(2), Trial("weak", "dcgan", "digits", 1)
    assert figures.harmful(trial, scores(4), twin)
    assert not figures.harmful(trial, scores(2.5), twin)
    assert figures.harmful(trial, scores(2, coverage=0.5), twin)
    assert figures.harmful(trial, scores(2, status="failed"), twin)
    copied = Trial("by heart", "dcgan", "digits", 1)
    assert figures.harmful(copied, scores(2, authenticity=0.1), twin)
    assert not figures.harmful(copied, scores(9), twin)
    assert figures.learnt(scores(4))
    assert not figures.learnt(scores(6))


def test_data_of_ones_own_are_shuffled_and_kept(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "OWN", 20)
    monkeypatch.setattr(trials, "HELD_OUT", 10)
    pixels = np.load(images)
    np.savez(tmp_path / "own.npz", images=pixels, labels=np.arange(len(pixels)))
    made = np.load(trials.source("waves", tmp_path / "data", str(tmp_path / "own.npz")))
    assert np.array_equal(made["images"], pixels[made["labels"]])
    assert len(set(made["labels"])) == 30
    assert not np.array_equal(made["labels"], np.sort(made["labels"]))
    (tmp_path / "own.npz").unlink()
    assert trials.source("waves", tmp_path / "data") == str(tmp_path / "data" / "waves.npz")
    with pytest.raises(UserError, match="no data set 'other'"):
        trials.source("other", tmp_path / "data")
    with pytest.raises(UserError, match="each with a class"):
        trials.source("bare", tmp_path / "data", str(images))
