"""Our scores against torch-fidelity's, of the same arrays: tools/parity.py wrote its numbers down."""

import json
from pathlib import Path

import pytest
from golden_arrays import NEIGHBOURS, SIZE, SPLITS, SUBSETS, features, logits
from scipy.special import softmax

from ganatomy.evaluation.metrics import frechet, inception_score, kernel, neighbours

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "fidelity.json").read_text())


def test_frechet_distance():
    assert frechet.frechet_distance(*features()) == pytest.approx(GOLDEN["frechet_inception_distance"], rel=1e-9)


def test_kernel_distance():
    value = kernel.kernel_distance(*features(), subsets=SUBSETS, size=SIZE, seed=2020)
    assert value == pytest.approx(GOLDEN["kernel_inception_distance_mean"], rel=1e-9)


def test_inception_score():
    value = inception_score.inception_score(softmax(logits(), axis=1), splits=SPLITS)
    assert value == pytest.approx(GOLDEN["inception_score_mean"], rel=1e-9)


def test_precision_and_recall():
    """Counts, so they agree exactly (to the single precision of the other's mean); and neither is 0 or 1 here."""
    scores = neighbours.neighbour_scores(*features(), k=NEIGHBOURS)
    for name, value in (("precision", scores.precision), ("recall", scores.recall)):
        assert 0.1 < value < 0.9
        assert value == pytest.approx(GOLDEN[name], rel=1e-6)
    assert abs(scores.precision - scores.recall) > 0.02
