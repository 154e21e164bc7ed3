"""`ganatomy reproduce` in small: every chapter is measured and written, and what is there already is used."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganatomy.data import prepare
from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import flat
from ganatomy.evaluation.metrics.parzen import parzen
from ganatomy.experiments.reproduction import api as reproduction
from ganatomy.experiments.reproduction import comparisons, first_gan, mnist, modes, rows
from ganatomy.experiments.reproduction.workshop import Digits, Workshop, slug, table
from tiny import tiny


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop("digits", None, tmp_path / "runs", tmp_path / "docs" / "reproduction", minutes=0.001, images=120)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recipes, tiny; one objective; one seed."""
    quiet = {name: value for name, value in tiny("dcgan").items() if name.startswith(("runtime", "log", "training"))}
    small = {name: {**tiny(name), **quiet} for name in ("dcgan", "diffusion", "vae")}
    small["diffusion"] |= {"diffusion.sampling_steps": 2}
    monkeypatch.setattr(mnist, "RECIPES", small)
    monkeypatch.setattr(comparisons, "RULES", {"the paper's rules": {**tiny("dcgan"), "discriminator.width": 4}})
    monkeypatch.setattr(comparisons, "DENOISING", (2,))
    monkeypatch.setattr(first_gan, "TRAININGS", {"goodfellow2014-0": (0, 2, 1)})
    monkeypatch.setattr(modes, "WAYS", {"hinge": {"objective": "hinge"}})


def test_every_chapter_is_measured_and_written(shop: Workshop, short: None, tmp_path: Path) -> None:
    out = tmp_path / "docs"
    page = reproduction.reproduce(["mnist", "comparisons", "goodfellow2014", "modes"], shop, out)
    kept = json.loads((out / "reproduction.json").read_text())
    assert list(kept) == ["goodfellow2014", "mnist", "comparisons", "modes"]  # in the page's order
    text = page.read_text()
    assert all(experiment.title in text for name, experiment in reproduction.EXPERIMENTS.items() if name in kept)
    for picture in {word for word in text.replace("(", " ").replace(")", " ").split() if word.endswith(".png")}:
        assert (out / picture).is_file(), picture
    digits = kept["mnist"]["found"]
    assert 0 < digits["unseen"]["value"] < digits["rows"]["dcgan"]["scores"]["fd_lenet"]["value"]  # no noise is so real
    assert kept["comparisons"]["found"]["speed"].keys() == {"1", "2"}
    assert "nan" not in text

    before = {path: path.stat().st_mtime_ns for path in shop.runs.glob("mnist-*/checkpoints/last")}
    reproduction.reproduce(["mnist"], shop, out)  # nothing is trained twice, nothing is lost
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert list(json.loads((out / "reproduction.json").read_text())) == list(kept)


def test_the_likelihood_is_the_2014_protocols(shop: Workshop) -> None:
    digits = shop.digits
    assert [len(part) for part in (digits.learnt, digits.validation, digits.test)] == [4000, 500, 500]
    whole = prepare("digits").pixels
    assert np.array_equal(np.concatenate([digits.learnt, digits.validation, digits.test]), whole)
    found = digits.likelihood(digits.learnt[:150])
    by_hand = parzen(flat(digits.learnt[:150]), flat(digits.validation), flat(digits.test))
    assert found == {"nats": by_hand.estimate.value, "error": by_hand.standard_error, "sigma": by_hand.sigma}


def test_mnist_is_split_as_in_2014(tmp_path: Path) -> None:
    """60,000 training images: 50,000 to learn from, the next thousand for σ, and the test split."""
    train = np.zeros((60_000, 16, 16, 1), np.uint8)
    train[50_000:51_000] = 9
    np.savez(tmp_path / "set.npz", x_train=train, x_test=np.full((30, 16, 16, 1), 5, np.uint8))
    digits = Digits.of(str(tmp_path / "set.npz"))
    assert [len(part) for part in (digits.learnt, digits.validation, digits.test)] == [50_000, 1_000, 30]
    assert digits.learnt.max() == 0
    assert digits.validation.min() == 9


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--mnist"):
        reproduction.reproduce(["mnist"], Workshop(runs=tmp_path), tmp_path)
    with pytest.raises(UserError, match="--cifar10"):
        reproduction.reproduce(["cifar10"], Workshop(runs=tmp_path), tmp_path)
    with pytest.raises(UserError, match="mnist"):
        reproduction.reproduce(["minst"], Workshop(runs=tmp_path), tmp_path)


def test_a_longer_budget_goes_on_with_a_run(tmp_path: Path) -> None:
    shop = Workshop("digits", runs=tmp_path)
    settings: dict[str, Any] = {**tiny("dcgan"), "data.first": 100}
    first = shop.trained("a", "digits", "dcgan", settings, steps=4)
    assert shop.trained("a", "digits", "dcgan", settings, steps=4).info()["step"] == 4
    assert shop.trained("a", "digits", "dcgan", settings, steps=6).info()["step"] == 6
    assert [event["event"] for event in first.events() if event["event"] in ("started", "resumed")] == [
        "started",
        "resumed",
    ]


def test_rows_are_ranked_by_their_distance() -> None:
    made = {name: {"scores": {"fd_lenet": {"value": value}}} for name, value in (("a", 3.0), ("b", 1.0), ("c", 2.0))}
    assert [name for name, _ in rows.ranked(made)] == ["b", "c", "a"]
    assert table(["x", "y"], [["1", "2"]]) == "| x | y |\n| --- | --- |\n| 1 | 2 |"


def test_words_become_names_of_runs() -> None:
    named = {
        slug(words) for words in ("the paper's rules", "sngan by class", "relativistic pairing, R1 + R2", "wgan-gp")
    }
    assert named == {"the-papers-rules", "sngan-by-class", "relativistic-pairing-r1-r2", "wgan-gp"}
