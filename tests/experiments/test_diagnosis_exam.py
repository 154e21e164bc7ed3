"""A slice of the diagnosis' exam, and its arithmetic."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganatomy import build
from ganatomy.diagnosis import finding_names, monitor
from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam import examine as examining
from ganatomy.experiments.diagnosis_exam import figures
from ganatomy.experiments.diagnosis_exam import plan as plans
from ganatomy.experiments.diagnosis_exam.examine import examine
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.experiments.diagnosis_exam.figures import Figures
from ganatomy.experiments.diagnosis_exam.plan import ExamTraining, plan
from ganatomy.runs.run import Run
from ganatomy.training import api as training

SHORT = {"training.steps": 340, "training.batch": 12, "diagnosis.samples": 64}
SHORTER = {**SHORT, "training.steps": 60, "diagnosis.every": 5, "log.every": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exam")


def test_the_plan_is_what_was_promised() -> None:
    everything = list(plan())
    assert len(everything) == len(set(everything)) == len({each.name for each in everything})
    faulty = [each for each in everything if each.fault and not each.remedies]
    healthy = [each for each in everything if not each.fault]
    assert len({each.fault for each in faulty}) >= 12
    assert len(healthy) >= 60
    for name in FAULTS:
        cells = {(each.kind, each.data, each.seed) for each in faulty if each.fault == name}
        assert [len({cell[i] for cell in cells}) for i in range(3)] == [2, 2, 3]
        assert all(ExamTraining("", *cell) in healthy for cell in cells)
    assert all(each.seed for each in everything)  # 0 was for tuning


def test_a_part_of_the_plan() -> None:
    some = list(plan(["cut off"], seeds=[1], data=["digits"]))
    assert {each.name for each in some} == {
        f"{fault}-{network}-digits-1" for fault in ("cut-off", "healthy") for network in FAULTS["cut off"].networks
    }
    with pytest.raises(UserError, match="no fault called 'cut of'; did you mean cut off"):
        list(plan(["cut of"]))


def test_faults_name_findings() -> None:
    known = finding_names()
    assert all(name in known for fault in FAULTS.values() for name in fault.names)


@pytest.mark.parametrize("cell", list(dict.fromkeys((t.fault, t.kind) for t in plan(data=["digits"], seeds=[1]))))
def test_every_training_of_the_plan_can_be_built(cell: tuple[str, str]) -> None:
    chosen = ExamTraining(*cell, "digits", 1)
    build.check(training.plan("digits", recipe=chosen.recipe, settings=chosen.settings()))


def report(fault: str, kind: str, folder: Path) -> tuple[figures.Report, dict[str, Any]]:
    """What the diagnosis reports of one training of the exam, and its scores."""
    chosen = ExamTraining(fault, kind, "shapes", 1)
    scores = examine(chosen, folder)
    assert examine(chosen, folder) == scores, "they are kept"
    run = Run(folder / "runs" / chosen.name)
    assert not (run.path / "checkpoints").exists()
    return figures.reported(run), scores


@pytest.mark.parametrize(
    ("fault", "expected"), [("range", "wrong range"), ("cut off", "generator stands still"), ("", "healthy")]
)
def test_a_slice_of_the_exam(fault: str, expected: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "COMMON", {**plans.COMMON, **SHORTER})
    monkeypatch.setattr(plans, "DATA", {"shapes": 500})
    monkeypatch.setattr(plans, "HELD_OUT", 200)
    monkeypatch.setattr(examining, "MEASURED", 200)
    monkeypatch.setattr(monitor, "WARM_UP", 40 if fault else monitor.WARM_UP)
    found, scores = report(fault, "dcgan", folder)
    assert found.name == expected
    assert list(found.ever) == ([expected] if fault else [])
    assert scores["end"].keys() == scores["start"].keys() == {"fd", "precision", "coverage"}
    assert fault or scores["end"]["fd"] < scores["start"]["fd"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind", "expected"),
    [
        ("four latents", "smooth", "mode collapse"),
        ("poison", "dcgan", "not finite"),
        ("", "dcgan", "healthy"),
    ],
)
def test_a_longer_slice_of_the_exam(
    fault: str, kind: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "COMMON", {**plans.COMMON, **SHORT})
    found, scores = report(fault, kind, tmp_path)
    assert found.name == expected
    if not fault:
        assert scores["end"]["fd"] < scores["start"]["fd"]
        assert not found.ever


def row(kind: str, fault: str, named: str, **others: Any) -> dict[str, Any]:
    right = FAULTS[fault].names if fault else ()
    ever = {} if named == "healthy" else {named: 200}
    known = {"trial": f"{fault}-{named}", "cell": ["dcgan", "digits", 1], "counts": True, "remedies": 0}
    detected = min((ever[name] for name in right if name in ever), default=None)
    facts = {"kind": kind, "fault": fault, "named": named, "right": list(right), "ever": ever}
    return {**facts, **known, "detected": detected, "fd": 5.0, "healthy_fd": 1.0, "coverage": 0.1, **others}


def test_figures_count_right_names_and_false_alarms() -> None:
    found = Figures(
        [
            row("faulty", "cut off", "generator stands still"),
            row("faulty", "cut off", "mode collapse"),
            row("faulty", "cut off", "healthy"),
            row("faulty", "cut off", "healthy", counts=False),
            row("healthy", "", "healthy"),
            row("healthy", "", "oscillation"),
            row("healthy", "", "oscillation", counts=False),
            row("cured", "weak", "healthy", fd=1.2, remedies=1),
            row("faulty", "weak", "discriminator learns nothing"),
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


def test_the_exams_page_follows_from_its_results() -> None:
    folder = Path(__file__).parents[2] / "docs" / "diagnosis-exam"
    trainings = json.loads((folder / "exam.json").read_text())["trainings"]
    assert figures.tables(Figures(trainings)) in (folder / "exam.md").read_text()


def test_an_effect_is_verified_by_other_scores() -> None:
    def scores(fd: float, coverage: float = 0.9, status: str = "finished", authenticity: float = 0.6) -> dict[str, Any]:
        return {
            "start": {"fd": 10.0},
            "end": {"fd": fd, "coverage": coverage},
            "status": status,
            "authenticity": authenticity,
        }

    twin, weak = scores(2), ExamTraining("weak", "dcgan", "digits", 1)
    assert figures.harmful(weak, scores(4), twin)
    assert not figures.harmful(weak, scores(2.5), twin)
    assert figures.harmful(weak, scores(2, coverage=0.5), twin)
    assert figures.harmful(weak, scores(2, status="failed"), twin)
    copied = ExamTraining("by heart", "dcgan", "digits", 1)
    assert figures.harmful(copied, scores(2, authenticity=0.1), twin)
    assert not figures.harmful(copied, scores(9), twin)
    assert figures.learnt(scores(4))
    assert not figures.learnt(scores(6))


def test_data_of_ones_own_are_shuffled_and_kept(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "OWN", 20)
    monkeypatch.setattr(plans, "HELD_OUT", 10)
    pixels = np.load(images)
    np.savez(tmp_path / "own.npz", images=pixels, labels=np.arange(len(pixels)))
    made = np.load(plans.source("waves", tmp_path / "data", str(tmp_path / "own.npz")))
    assert np.array_equal(made["images"], pixels[made["labels"]])
    assert len(set(made["labels"])) == 30
    assert not np.array_equal(made["labels"], np.sort(made["labels"]))
    (tmp_path / "own.npz").unlink()
    assert plans.source("waves", tmp_path / "data") == str(tmp_path / "data" / "waves.npz")
    with pytest.raises(UserError, match="no data set 'other'"):
        plans.source("other", tmp_path / "data")
    with pytest.raises(UserError, match="each with a class"):
        plans.source("bare", tmp_path / "data", str(images))
