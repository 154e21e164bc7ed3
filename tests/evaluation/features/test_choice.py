"""`auto`: which extractor is taken for which images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganatomy.data import Images
from ganatomy.evaluation.features import choice, inception
from ganatomy.evaluation.features.choice import extractor_for
from tiny import waves

DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, dict]]:
    """What is made, by name and options; nothing is in the cache."""
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    monkeypatch.setattr(choice, "find_spec", lambda name: name == "torch_fidelity")
    calls: list[tuple[str, dict]] = []
    monkeypatch.setattr(choice, "make", lambda name, **options: calls.append((name, options)))
    return calls


def images(*shape: int, classes: list[str] | None = None) -> Images:
    labels = None if classes is None else np.arange(shape[0]) % len(classes)
    return Images(waves(*shape), labels, classes, "waves", "waves", [])


@pytest.mark.parametrize(
    ("real", "name"),
    [
        (images(20, 28, 28, 1, classes=DIGITS), "lenet"),
        (images(20, 32, 32, 1, classes=DIGITS), "lenet"),
        (images(100, 32, 32, 3, classes=DIGITS), "classifier"),
        (images(20, 28, 28, 1), "random"),
        (images(100, 16, 16, 3, classes=["cat", "dog"]), "classifier"),
        (images(99, 16, 16, 3, classes=["cat", "dog"]), "random"),  # too few to train one
        (images(100, 16, 16, 3, classes=["cat"]), "random"),
        (images(20, 16, 16, 4), "random"),
    ],
)
def test_the_best_that_is_at_hand(made: list, real: Images, name: str) -> None:
    extractor_for("auto", real)
    ((taken, options),) = made
    assert taken == name
    assert options["channels"] == min(3, real.pixels.shape[3])  # transparent ones are seen on white
    assert options["labelled"] is (None if real.labels is None else real)


def test_inception_is_taken_where_its_weights_are_in_the_cache(made: list, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / inception.FILE).touch()
    real = images(20, 16, 16, 3, classes=["cat", "dog"])
    alpha, digits = images(20, 16, 16, 4), images(20, 28, 28, 1, classes=DIGITS)
    for each in (real, replace(real, labels=None, classes=None), alpha, digits):
        extractor_for("auto", each)
    assert [name for name, _ in made] == ["inception", "inception", "inception", "lenet"]


def test_a_name_is_taken_as_it_is(made: list) -> None:
    extractor_for("pixels", images(20, 28, 28, 1, classes=DIGITS), "cuda:1", Path("file"), "abc")
    ((name, options),) = made
    assert (name, options["device"], options["weights"], options["sha256"]) == ("pixels", "cuda:1", Path("file"), "abc")
