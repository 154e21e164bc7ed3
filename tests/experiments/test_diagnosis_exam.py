"""A slice of the diagnosis' exam, and its arithmetic."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from altered import after_steps
from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.diagnosis import finding_names, monitor
from ganatomy.errors import UserError
from ganatomy.experiments.diagnosis_exam import __main__ as command
from ganatomy.experiments.diagnosis_exam import examine as examining
from ganatomy.experiments.diagnosis_exam import plan as plans
from ganatomy.experiments.diagnosis_exam import results, tables
from ganatomy.experiments.diagnosis_exam.alterations import Alteration, untouched
from ganatomy.experiments.diagnosis_exam.examine import examine
from ganatomy.experiments.diagnosis_exam.faults import FAULTS
from ganatomy.experiments.diagnosis_exam.plan import ExamTraining, plan
from ganatomy.experiments.diagnosis_exam.results import ExamReport, ExamResult, ExamScores, ImageScores
from ganatomy.gan.player import NonFiniteError
from ganatomy.runs.run import Run
from ganatomy.training import api as training
from probe_records import recorded, records
from tiny import TINY

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


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if fault.alter is not untouched])
def test_an_alteration_changes_the_training(fault: str) -> None:
    """Two steps from the same weights, at the step from which `poison` works."""
    by_class = "prior.conditional" in FAULTS[fault].settings
    classes = {"prior.classes": [15, 15]} if by_class else {}
    options = change(recipe("dcgan"), {**TINY, **FAULTS[fault].settings, **classes})

    def trained(alter: Alteration) -> torch.Tensor:
        return after_steps(options, alter, (150, 151), by_class=bool(by_class))

    if fault == "poison":
        with pytest.raises(NonFiniteError):
            trained(FAULTS[fault].alter)
    else:
        assert not torch.allclose(trained(FAULTS[fault].alter), trained(untouched))


def report(fault: str, kind: str, folder: Path) -> tuple[ExamReport, ExamScores]:
    """What the diagnosis reports of one training of the exam, and its scores."""
    chosen = ExamTraining(fault, kind, "shapes", 1)
    scores = examine(chosen, folder)
    assert examine(chosen, folder) == scores, "they are kept"
    run = Run(folder / "runs" / chosen.name)
    assert not (run.path / "checkpoints").exists()
    return results.reported(run), scores


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
    assert fault or scores.end.fd < scores.start.fd


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
        assert scores.end.fd < scores.start.fd
        assert not found.ever


def result(kind: str, fault: str, named: str, **others: Any) -> ExamResult:
    right = FAULTS[fault].names if fault else ()
    ever = {} if named == "healthy" else {named: 200}
    detected = min((ever[name] for name in right if name in ever), default=None)
    made = ExamResult(
        training=f"{fault}-{named}",
        kind=kind,
        fault=fault,
        cell=("dcgan", "digits", 1),
        counts=True,
        named=named,
        right=right,
        ever=ever,
        detected=detected,
        fd=5.0,
        coverage=0.1,
        healthy_fd=1.0,
        remedies=0,
    )
    return replace(made, **others)


def test_results_follow_from_records_and_scores(tmp_path: Path) -> None:
    faulty = ExamTraining("statistics", "dcgan", "digits", 1)
    recorded(tmp_path / "runs", records(40, gap=1.0), faulty.name)
    recorded(tmp_path / "runs", records(40), faulty.twin.name)
    bad, good = ImageScores(9.0, 0.1, 0.2), ImageScores(1.0, 0.9, 0.8)
    scores = {faulty: ExamScores(bad, bad, 0.5), faulty.twin: ExamScores(bad, good, 0.5)}
    command.write(scores, tmp_path, tmp_path / "out", with_cost=False)
    first, second = results.results_of(scores, tmp_path)
    assert (first.kind, first.counts, first.named) == ("faulty", True, "train and eval differ")
    assert first.right == ("train and eval differ",)
    assert (second.kind, second.counts, second.named, second.ever) == ("healthy", True, "healthy", {})
    assert (first.detected, first.fd, first.healthy_fd) == (300, 9.0, 1.0)
    assert "| statistics |  | 1 |" in (tmp_path / "out" / "exam.md").read_text()
    kept = json.loads((tmp_path / "out" / "exam.json").read_text())
    assert [each["training"] for each in kept["trainings"]] == [faulty.name, faulty.twin.name]


def test_figures_count_right_names_and_false_alarms() -> None:
    found = [
        result("faulty", "cut off", "generator stands still"),
        result("faulty", "cut off", "mode collapse"),
        result("faulty", "cut off", "healthy"),
        result("faulty", "cut off", "healthy", counts=False),
        result("healthy", "", "healthy"),
        result("healthy", "", "oscillation"),
        result("healthy", "", "oscillation", counts=False),
        result("cured", "weak", "healthy", fd=1.2, remedies=1),
        result("faulty", "weak", "discriminator learns nothing"),
    ]
    recall = tables.recall(results.of_kind(found, "faulty"))
    assert recall is not None
    assert recall.value == pytest.approx(2 / 4)
    assert recall.low < 0.5 < recall.high
    assert len(tables.false_alarms(found)) == 1
    text = tables.page(found)
    assert "| weak | 1 | 0 | 1 | 1 |" in text
    assert "0.33 [0.06, 0.79] | 200 |" in text
    assert "`-oscillation`: oscillation from step 200" in text


@pytest.mark.parametrize("place", [".", "letters-8"])
def test_the_exams_page_follows_from_its_results(place: str) -> None:
    folder = Path(__file__).parents[2] / "docs" / "diagnosis-exam" / place
    trainings = json.loads((folder / "exam.json").read_text())["trainings"]
    assert tables.page([ExamResult(**each) for each in trainings]) in (folder / "exam.md").read_text()


def test_harm_is_verified_by_other_scores() -> None:
    def scores(fd: float, coverage: float = 0.9, status: str = "finished", authenticity: float = 0.6) -> ExamScores:
        return ExamScores(ImageScores(10.0, 0.0, 0.0), ImageScores(fd, 0.5, coverage), authenticity, status)

    twin, weak = scores(2), ExamTraining("weak", "dcgan", "digits", 1)
    assert results.harmful(weak, scores(4), twin)
    assert not results.harmful(weak, scores(2.5), twin)
    assert results.harmful(weak, scores(2, coverage=0.5), twin)
    assert results.harmful(weak, scores(2, status="failed"), twin)
    copied = ExamTraining("by heart", "dcgan", "digits", 1)
    assert results.harmful(copied, scores(2, authenticity=0.1), twin)
    assert not results.harmful(copied, scores(9), twin)
    assert results.learnt(scores(4))
    assert not results.learnt(scores(6))


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
