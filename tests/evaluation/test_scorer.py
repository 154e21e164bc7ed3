"""Scores while training."""

from pathlib import Path

import pytest

from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.evaluation.evaluator import BATCH
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import cards, read
from tiny import go_on, quick

SCORED = {"evaluation__every": 4, "evaluation__samples": 100, "evaluation__metrics": ["fd"]}


@pytest.fixture(scope="module")
def scored(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run of the fixture `run`, with scores."""
    return quick(many, tmp_path_factory.mktemp("scored"), "scored", **SCORED)


def test_scores_while_training(scored: Run) -> None:
    assert [card.subject["step"] for card in cards(scored)] == [4, 8, 10]
    assert read(next((scored.path / "eval").glob("*08-*.json"))).scores["fd_random"].value > 0
    assert "Score: fd_random" in (scored.path / "report.html").read_text()


def test_the_images_are_those_that_evaluate_draws_afterwards(scored: Run) -> None:
    before = cards(scored)[-1]
    assert evaluate(scored, n=100, metrics=["fd"], device="cpu").protocol == before.protocol
    after = cards(scored)[-1].scores["fd_random"]
    assert after.value == pytest.approx(before.scores["fd_random"].value, rel=1e-6)
    assert BATCH < 100


def test_evaluating_changes_nothing_of_the_training(run: Run, scored: Run) -> None:
    files = [next(each.path.glob("checkpoints/*10/generator.safetensors")).read_bytes() for each in (run, scored)]
    assert files[0] == files[1]


def test_a_resumed_run_forgets_scores_of_steps_it_repeats(scored: Run) -> None:
    (scored.path / "eval" / "step-00000099-random-100.json").write_text("{}")
    go_on(scored, training__steps=12)
    assert [card.subject["step"] for card in cards(scored)] == [4, 8, 10, 12]


def test_a_metric_that_does_not_exist_stops_before_the_run_begins(many: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no metric called 'fdd'; did you mean fd"):
        quick(many, tmp_path, evaluation__every=4, evaluation__metrics=["fdd"])
    assert not list(tmp_path.iterdir())
