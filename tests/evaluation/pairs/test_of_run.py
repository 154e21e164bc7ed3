"""What a run's generator draws of given images is measured beside the bicubic enlargement."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import ganatomy
from ganatomy import data as datasets
from ganatomy.cli import app
from ganatomy.data.pairs import smaller
from ganatomy.errors import UserError
from ganatomy.evaluation.pairs.fidelity import psnr, ssim
from ganatomy.evaluation.pairs.of_run import evaluate_run
from ganatomy.modalities.images import resized
from ganatomy.report import page
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import cards
from pairs import SIZE, enlarging
from tiny import waves


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A step on the first 30 of 40 images; only read."""
    folder = tmp_path_factory.mktemp("pairs")
    return enlarging(folder, training__steps=1, data__first=30, diagnosis__on=False)


def test_scores_are_of_held_out_pairs_beside_the_bicubic_enlargement(run: Run, tmp_path: Path) -> None:
    found = evaluate_run(run, features="random", out=tmp_path / "card.json")
    card, baseline = found.cards
    targets = datasets.prepare(run.config().data.path).pixels[30:]
    given = smaller(targets, 4, "bicubic")
    drawn = ganatomy.load(run).apply_to(given, 64)
    for name, metric in (("psnr", psnr), ("ssim", ssim)):
        assert card.scores[name].value == pytest.approx(metric(drawn, targets).mean())
        assert baseline.scores[name].value == pytest.approx(metric(resized(given, *SIZE), targets).mean())
        assert card.scores[name].floor is None
    assert card.scores["fd_random"].floor is not None
    assert card.protocol["pairs"]["unseen"] is True
    assert card.protocol["reference"]["images"] == 30
    assert set(card.made["baselines"]) == {"bicubic enlargement"} == {baseline.name}
    assert cards(run)[0].scores == card.scores
    assert (tmp_path / "card.json").exists()
    assert "psnr" in page.text(run)
    text = str(found)
    assert "images that were not trained on" in text
    assert "fewer than --n" not in text
    assert "fewer than --n: no more are held out" in str(evaluate_run(run, metrics=["psnr"], n=10**6))
    again = ganatomy.evaluate(run, metrics=["psnr"], n=4)
    assert list(again.scores) == ["psnr"]
    assert again.protocol["pairs"]["count"] == 4


def test_without_other_images_it_is_said(tmp_path: Path) -> None:
    run = enlarging(tmp_path, recipe="edsr", training__steps=1, diagnosis__on=False)
    found = evaluate_run(run, metrics=["psnr"])
    assert found.cards[0].protocol["pairs"]["unseen"] is False
    assert "looks better than it is" in str(found)
    np.save(tmp_path / "others.npy", waves(20, *SIZE)[::-1])
    assert evaluate_run(run, metrics=["psnr"], held_out=tmp_path / "others.npy").cards[0].protocol["pairs"]["unseen"]


def test_what_does_not_go_with_pairs_is_refused(run: Run) -> None:
    with pytest.raises(UserError, match="metric"):
        evaluate_run(run, metrics=["utility"])
    with pytest.raises(UserError, match="fewer than 2 pairs"):
        evaluate_run(run, n=1)
    with pytest.raises(UserError, match="is given images"):
        ganatomy.evaluate(run, truncation=0.5)
    result = CliRunner().invoke(app, ["evaluate", str(run.path), "--class", "cat", "--truncation", "0.5"])
    assert "--class, --truncation: not of a generator that is given images" in str(result.exception)
