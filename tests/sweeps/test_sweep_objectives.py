"""What a sweep optimises, read from a run's folder."""

import dataclasses
from pathlib import Path

import pytest

from evaluation.made_cards import FD, PRECISION, PROTOCOL, make
from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import METRICS
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score
from ganatomy.sweeps.objectives import USUAL, check, measure, metrics_of, names


def finished(tmp_path: Path, **scores: Score) -> Run:
    run, _ = make(tmp_path, "run", **scores)
    run.update(step=100, seconds=12.5)
    return run


def test_scores_are_found_by_their_names_without_the_features(tmp_path: Path) -> None:
    run = finished(tmp_path)
    fd, precision, seconds = measure(run, ["fd", "precision", "seconds"], 10_000)
    assert (fd.label, fd.value, fd.low, fd.high, fd.badness) == ("fd_lenet", 17.61, 16.9, 18.42, 17.61)
    assert fd.words == "17.6 [16.9, 18.4]"
    assert (precision.label, precision.badness) == ("precision_lenet", -PRECISION.value)
    assert (seconds.value, seconds.badness) == (12.5, 12.5)


def test_a_score_that_should_be_as_for_real_data_is_bad_by_its_distance(tmp_path: Path) -> None:
    score = dataclasses.replace(FD, better="as real", value=0.2, floor=0.5)
    (found,) = measure(finished(tmp_path, ms_ssim=score), ["ms_ssim"], 10_000)
    assert found.badness == pytest.approx(0.3)


def test_the_official_name_is_found(tmp_path: Path) -> None:
    official = METRICS["fd"].official
    (found,) = measure(finished(tmp_path, **{official: FD}), ["fd"], 10_000)
    assert found.label == official


def test_what_was_measured_otherwise_does_not_count(tmp_path: Path) -> None:
    run = finished(tmp_path)
    assert measure(run, ["fd"], 5_000) is None
    assert measure(run, ["recall"], 10_000) is None
    run.update(step=200)  # it went on
    assert measure(run, ["fd"], 10_000) is None
    run.update(step=100, status="stopped")
    assert measure(run, ["seconds"], 10_000) is None
    make(tmp_path, "run", protocol={**PROTOCOL, "samples": 5_000})
    assert [each.value for each in measure(run, ["fd"], 5_000)] == [17.61]


def test_names() -> None:
    assert {"fd", "precision", "recall", "seconds", "verdict"} <= set(names("images"))
    assert {"psnr", "fd"} <= set(names("pairs"))
    assert {"pitch", "fd", "verdict"} <= set(names("sounds"))
    assert {"c2st", "utility", "seconds"} <= set(names("tables"))
    assert all(usual in names(modality) for modality, usual in USUAL.items())
    assert metrics_of(["recall", "seconds", "fd"], "images") == ["fd", "prdc"]
    assert metrics_of(["utility", "seconds"], "tables") == ["utility"]
    with pytest.raises(UserError, match="no objective of a sweep on images called 'fdd'; did you mean fd"):
        check("fdd", "images")
    with pytest.raises(UserError, match="no objective of a sweep on tables called 'fd'"):
        check("fd", "tables")
