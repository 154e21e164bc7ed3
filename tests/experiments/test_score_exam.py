"""The scores' exam: faults are what they say, and the verdicts follow from the numbers."""

import numpy as np
import pytest

from ganatomy import data as datasets
from ganatomy.errors import UserError
from ganatomy.experiments import score_exam as exam
from ganatomy.experiments.score_exam import FAULTS, judge
from ganatomy.runs.scorecard import Better, Score

MILD = {"drop": 5, "blur": 1, "noise": 32, "copy": 0.5, "repeat": 0.5}


@pytest.fixture(scope="module")
def pool() -> exam.Pool:
    return exam.divided(datasets.prepare("digits"), 200)


def scores(*values: float, better: Better = "lower", floor: float = 0.0) -> list[Score]:
    """Scores with intervals of ±1."""
    return [Score(value, value - 1, value + 1, floor, better) for value in values]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_severity_is_no_fault(fault: str, pool: exam.Pool) -> None:
    assert np.array_equal(FAULTS[fault].make(pool, 200, 0), exam.perfect(pool, 200))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_keeps_number_and_shape(fault: str, pool: exam.Pool) -> None:
    made = FAULTS[fault].make(pool, 200, MILD[fault])
    assert (made.shape, made.dtype) == ((200, 28, 28, 1), np.uint8)
    assert not np.array_equal(made, exam.perfect(pool, 200))


def test_faults_are_what_they_say(pool: exam.Pool) -> None:
    assert len(np.unique(exam.repeated(pool, 200, 1), axis=0)) == 1
    assert len(np.unique(exam.repeated(pool, 200, 0.5), axis=0)) == 101
    train = {image.tobytes() for image in pool.train.pixels}
    assert sum(image.tobytes() in train for image in exam.copied(pool, 200, 0.25)) == 50
    change = exam.noisy(pool, 200, 16).astype(float) - exam.perfect(pool, 200)
    middle = (exam.perfect(pool, 200) > 64) & (exam.perfect(pool, 200) < 191)  # not clipped
    assert change[middle].std() == pytest.approx(16, rel=0.05)
    assert exam.blurred(pool, 200, 2).std() < 0.8 * exam.perfect(pool, 200).std()
    labels = {image.tobytes(): label for image, label in zip(pool.fresh.pixels, exam.labels(pool.fresh), strict=True)}
    assert {labels[image.tobytes()] for image in exam.dropped(pool, 200, 7)} == {7, 8, 9}


def test_parts_of_the_pool_have_nothing_in_common(pool: exam.Pool) -> None:
    parts = [{image.tobytes() for image in part.pixels} for part in (pool.train, pool.held_out, pool.fresh)]
    assert sum(map(len, parts)) == len(set.union(*parts))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (scores(0, 1, 5, 9), "from 2"),
        (scores(0, 5, 9, 12), "from 1"),
        (scores(0, 5, 20, 9), "from 1, turns back"),
        (scores(0, 1, 0, 1), "blind"),
        (scores(0, 5, 1, 0), "blind"),
        (scores(0, -5, -9, -12), "fooled"),
        (scores(0, -5, 5, 9), "from 2, fooled before"),
        (scores(9, 8, 5, 1, better="higher"), "from 2"),
        (scores(0, 5, 9, 12, better="higher"), "fooled"),
        (scores(10, 10, 15, 20, better="as real", floor=9), "from 2"),
        (scores(10, 10, 5, 0, better="as real", floor=9), "from 2"),
    ],
)
def test_verdicts(given: list[Score], words: str) -> None:
    assert str(judge(range(len(given)), given)) == words


def test_a_small_exam() -> None:
    faults = {name: exam.Fault(FAULTS[name].about, FAULTS[name].make, (0, MILD[name])) for name in ("drop", "copy")}
    results = exam.examine(
        datasets.prepare("digits"), ["fd", "prdc", "classes"], 200, progress=lambda _: None, faults=faults
    )
    verdicts = exam.verdicts(results, faults)
    assert str(verdicts["fd_lenet"]["drop"]) == "from 5"
    assert str(verdicts["recall_lenet"]["drop"]) == "from 5"
    assert str(verdicts["classes_lenet"]["drop"]) == "from 5"
    assert verdicts["precision_lenet"]["drop"].notices is None  # what is left is as real as before
    assert verdicts["fd_lenet"]["copy"].notices is None  # copies are real, too
    assert results["drop"]["classes_lenet"][1].value == pytest.approx(5, abs=1)
    assert "| `fd_lenet` | from 5 |" in exam.table(results, faults)


def test_an_exam_needs_ten_classes_and_enough_images() -> None:
    with pytest.raises(UserError, match=r"for an exam with 3\d\d, not 2,000"):
        exam.examine(datasets.prepare("digits"), n=2000)
