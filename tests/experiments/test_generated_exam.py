"""The generated exam: what a seed stands for, that each kind of fault does something, and its arithmetic."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from altered import after_steps
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.diagnosis import finding_names
from ganatomy.experiments.diagnosis_exam import examine as examining
from ganatomy.experiments.diagnosis_exam.alterations import Alteration, untouched
from ganatomy.experiments.diagnosis_exam.generated import __main__ as command
from ganatomy.experiments.diagnosis_exam.generated import plan as plans
from ganatomy.experiments.diagnosis_exam.generated import results, tables
from ganatomy.experiments.diagnosis_exam.generated.components import COMPONENTS
from ganatomy.experiments.diagnosis_exam.generated.plan import GeneratedTraining, plan
from ganatomy.experiments.diagnosis_exam.generated.results import GeneratedResult
from ganatomy.experiments.diagnosis_exam.plan import HEALTHY
from ganatomy.experiments.diagnosis_exam.results import ExamScores, ImageScores
from ganatomy.gan.player import NonFiniteError
from probe_records import recorded, records
from tiny import TINY

SOME = list(plan(range(150)))


def test_a_seed_always_stands_for_the_same_and_another_for_something_else() -> None:
    again = {each.name: each for each in plan(range(150))}
    assert all(again[each.name].settings() == each.settings() for each in SOME)
    assert all(again[each.name].about == each.about for each in SOME)
    assert len({json.dumps(each.settings()) for each in SOME if not each.place}) == 150


def test_every_kind_of_fault_network_and_size_occurs() -> None:
    drawn = [name for each in SOME for name, *_ in each.faults]
    assert set(drawn) == set(COMPONENTS)
    assert {each.kind for each in SOME} == set(HEALTHY)
    assert {each.size for each in SOME} == {16, 32, 64}
    assert any(len(each.faults) == 2 for each in SOME)
    assert all(len({name for name, *_ in each.faults}) == len(each.faults) for each in SOME)
    assert all(bool(each.faults) == bool(each.place) for each in SOME)


def test_every_training_can_be_configured_at_the_default_cadence() -> None:
    for each in SOME:
        options = change(recipe(each.recipe), each.settings())
        usual = recipe(each.recipe)
        assert options.diagnosis == usual.diagnosis, each.name
        assert options.log.every == usual.log.every, each.name
        assert options.training.minutes is not None, each.name


def test_names_are_those_of_findings() -> None:
    assert {name for kind in COMPONENTS.values() for name in kind.names} <= set(finding_names())


def drawn_for(name: str, options: Config, seed: int = 0) -> Any:
    return COMPONENTS[name].draw(np.random.default_rng(seed), options)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_fault_changes_the_training(name: str) -> None:
    """Its options are others, or twenty steps from the same weights end elsewhere."""
    by_class = {"prior.conditional": True, "prior.classes": [15, 15]} if name in ("wrong labels", "no latent") else {}
    options = change(recipe("dcgan"), {**TINY, **by_class})
    drawn = drawn_for(name, options)
    if drawn.settings and not by_class:
        unsuited = name == "unbound critic"  # it takes away what only a critic has
        assert unsuited or change(options, drawn.settings) != options
        return

    def trained(alter: Alteration) -> torch.Tensor:
        return after_steps(options, alter, range(190, 210), by_class=bool(by_class))

    if name == "poison":
        with pytest.raises(NonFiniteError):
            trained(drawn.alter)
    else:
        assert not torch.allclose(trained(drawn.alter), trained(untouched))


def test_a_severity_is_drawn() -> None:
    options = recipe("dcgan")
    for name in ("fast generator", "few images", "few latents", "gain"):
        assert len({drawn_for(name, options, seed).about for seed in range(20)}) > 3, name
    count = int(drawn_for("few images", options, 5).settings["data.first"])
    assert 16 <= count <= 64


GOOD, BAD = ImageScores(1.0, 0.9, 0.8, 1.0), ImageScores(9.0, 0.1, 0.2, 0.1)


def with_fault(name: str) -> GeneratedTraining:
    return next(each for each in SOME if [found for found, *_ in each.faults] == [name])


def test_results_follow_from_records_and_scores(tmp_path: Path) -> None:
    faulty = with_fault("statistics")
    recorded(tmp_path / "runs", records(40, gap=1.0), faulty.name)
    recorded(tmp_path / "runs", records(40), faulty.twin.name)
    scores = {faulty.twin: ExamScores(BAD, GOOD, 0.5), faulty: ExamScores(BAD, BAD, 0.5)}
    command.write(scores, tmp_path, tmp_path / "out")
    healthy, harmed = results.results_of(scores, tmp_path)
    assert (healthy.kind, healthy.first, healthy.ever, healthy.state) == ("healthy", "", {}, "healthy")
    assert (harmed.kind, harmed.first, harmed.state) == ("harmed", "train and eval differ", "ill")
    assert (harmed.right, harmed.fd, harmed.healthy_fd) == (("train and eval differ",), 9.0, 1.0)
    kept = json.loads((tmp_path / "out" / "exam.json").read_text())
    assert [each["training"] for each in kept["trainings"]] == [faulty.twin.name, faulty.name]


def test_a_collapse_is_a_right_name_where_other_scores_confirm_it_and_no_cause_has_a_name() -> None:
    collapsed, varied = ExamScores(BAD, BAD, 0.5), ExamScores(BAD, replace(BAD, variety=0.9), 0.5)
    greedy, swapped = with_fault("fast generator"), with_fault("swapped")
    assert "mode collapse" in results.right_names(greedy, collapsed)
    assert "mode collapse" not in results.right_names(greedy, varied)
    assert results.right_names(swapped, collapsed) == ("labels swapped",)


def test_harm_is_verified_by_other_scores() -> None:
    def scores(fd: float, **others: Any) -> ExamScores:
        return ExamScores(BAD, replace(GOOD, fd=fd), **{"authenticity": 0.6, **others})

    twin, swapped = scores(2), with_fault("swapped")
    assert results.harmful(swapped, scores(4), twin)
    assert not results.harmful(swapped, scores(2.5), twin)
    assert results.harmful(swapped, scores(2, status="failed"), twin)
    assert results.harmful(swapped, scores(2, authenticity=0.1), twin)
    assert results.harmful(with_fault("wrong labels"), scores(2), twin)


def result(kind: results.Kind, first: str = "", **others: Any) -> GeneratedResult:
    made = GeneratedResult(
        "1-1", "dcgan", "grey glyphs", "labels swapped", kind, ("labels swapped",) * (kind == "harmed"), first, "",
        {first: 300} if first else {}, "ill" if first else "healthy", 800, 9, 5.0, 9.0, 1.0,
    )  # fmt: skip
    return replace(made, **others)


def test_figures_count_names_alarms_and_silence() -> None:
    text = tables.page(
        [
            result("harmed", "labels swapped"),
            result("harmed", "mode collapse", second="labels swapped"),
            result("harmed", "mode collapse"),
            result("harmed"),
            result("harmed", right=()),
            result("healthy"),
            result("healthy", "oscillation"),
            result("harmless", "mode collapse"),
            result("learnt nothing", "mode collapse"),
            result("learnt nothing", state="open"),
        ]
    )
    rows = [line.strip("| ").split(" | ") for line in text.partition("## Harmed")[0].splitlines() if "[" in line]
    shares = [(row[-3], row[-1][:4]) for row in rows]
    assert shares == [
        ("4", "0.25"),
        ("4", "0.50"),
        ("5", "0.60"),
        ("5", "0.40"),
        ("2", "0.50"),
        ("1", "1.00"),
    ]
    assert "Said at the end: mode collapse 1, open 1." in text


def test_the_exams_page_follows_from_its_results() -> None:
    folder = Path(__file__).parents[2] / "docs" / "diagnosis-exam" / "generated"
    trainings = json.loads((folder / "exam.json").read_text())["trainings"]
    assert tables.page([GeneratedResult(**each) for each in trainings]) in (folder / "exam.md").read_text()


def test_a_slice_of_the_exam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MINUTES", (0.03, 0.03))
    monkeypatch.setattr(examining, "MEASURED", 200)
    chosen = GeneratedTraining(with_fault("swapped").seed, with_fault("swapped").place)
    scores = {each: examining.examine(each, tmp_path) for each in (chosen.twin, chosen)}
    assert examining.examine(chosen, tmp_path) == scores[chosen], "they are kept"
    found = results.results_of(scores, tmp_path)
    assert [each.training for each in found] == [chosen.twin.name, chosen.name]
    assert all(each.steps >= 0 and each.fd > 0 for each in found)
