"""The Inception Score against its definition and its extremes."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.inception_score import inception_score


def logits(count, classes=7, seed=0):
    return 3 * np.random.default_rng(seed).standard_normal((count, classes)) + np.arange(classes)


def brute(p):
    """exp E KL, term by term."""
    marginal = [sum(column) / len(p) for column in p.T]
    divergence = [sum(a * np.log(a / q) for a, q in zip(row, marginal, strict=True) if a > 0) for row in p]
    return np.exp(sum(divergence) / len(p))


def test_it_is_the_exponential_of_the_mean_divergence():
    p = softmax(logits(41), axis=1)
    assert inception_score(p) == pytest.approx(brute(p), rel=1e-12)


def test_one_class_each_scores_the_number_of_classes():
    assert inception_score(np.repeat(np.eye(6), 4, axis=0)) == pytest.approx(6, rel=1e-12)


def test_classes_in_unequal_shares_score_the_exponential_of_their_entropy():
    p = np.repeat(np.eye(3), [5, 3, 2], axis=0)
    assert inception_score(p) == pytest.approx(0.5**-0.5 * 0.3**-0.3 * 0.2**-0.2, rel=1e-12)


@pytest.mark.parametrize("row", [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
def test_samples_that_all_look_alike_score_one(row):
    assert inception_score(np.tile(row, (9, 1))) == pytest.approx(1, rel=1e-12)


def test_half_sure():
    """Rows (1 − e, e) and (e, 1 − e): log 2 less the entropy of e."""
    e = 0.1
    expected = 2 * (1 - e) ** (1 - e) * e**e
    assert inception_score([[1 - e, e], [e, 1 - e]]) == pytest.approx(expected, rel=1e-12)


def test_splits_are_those_of_torch_fidelity():
    """Its steps, in its form: shuffle by RandomState(2020), cut at i·N/splits, log-softmax; the mean over the parts."""
    z = logits(103)[np.random.RandomState(2020).permutation(103)]
    scores = []
    for i in range(10):
        part = z[i * 103 // 10 : (i + 1) * 103 // 10]
        p = softmax(part, axis=1)
        divergence = (p * (log_softmax(part, axis=1) - np.log(p.mean(axis=0, keepdims=True)))).sum(axis=1)
        scores.append(np.exp(divergence.mean()))
    p = softmax(logits(103), axis=1)
    assert inception_score(p, splits=10) == pytest.approx(np.mean(scores), rel=1e-12)
    assert inception_score(p, splits=10, seed=3) != pytest.approx(np.mean(scores), rel=1e-4)


def test_one_split_needs_no_order():
    p = softmax(logits(50), axis=1)
    assert inception_score(p) == pytest.approx(inception_score(p[::-1], seed=5), rel=1e-12)


def test_float32_and_half_precision_probabilities():
    p = softmax(logits(50), axis=1)
    assert inception_score(p.astype(np.float32)) == pytest.approx(inception_score(p), rel=1e-6)
    assert inception_score(p.astype(np.float16)) == pytest.approx(inception_score(p), rel=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inception_score(logits(9)), "probabilities"),
        (lambda: inception_score([[1.2, -0.2], [0.5, 0.5]]), "probabilities"),
        (lambda: inception_score([[0.5, 0.5], [0.5, 0.51]]), "probabilities"),
        (lambda: inception_score([[0.5, 0.5], [0.5, 0.49]]), "probabilities"),
        (lambda: inception_score([[0.5, np.nan]]), "NaN"),
        (lambda: inception_score([0.5, 0.5]), "shape"),
        (lambda: inception_score(np.zeros((0, 3))), "at least 1 generated samples?; there are 0"),
        (lambda: inception_score(np.eye(3), splits=4), "at least 4 generated samples; there are 3"),
        (lambda: inception_score(np.eye(3), splits=0), "at least 1 split; got 0"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(UserError, match=message):
        call()
