"""NDB against scipy's chi-squared test, and its floor and intervals against simulation."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.ndb import compared, different, jensen_shannon, ndb

REAL = np.array([50, 200, 40, 0, 10, 600, 0, 100])
FAKE = np.array([41, 90, 12, 4, 12, 290, 0, 51])


def blobs(counts, seed=0):
    """Points around (0, 0), (1000, 0), …: as many of each as told."""
    points = np.random.default_rng(seed).standard_normal((sum(counts), 2))
    return points + np.repeat(np.arange(len(counts)), counts)[:, None] * [1000.0, 0.0]


def test_bins_differ_as_in_the_chi_squared_test():
    """The squared z of two proportions is the 2×2 table's χ² without continuity correction."""

    def p_value(a, b):
        return stats.chi2_contingency([[a, REAL.sum() - a], [b, FAKE.sum() - b]], correction=False).pvalue

    expected = [a + b > 0 and p_value(a, b) < 0.05 for a, b in zip(REAL, FAKE, strict=True)]
    assert different(REAL, FAKE).tolist() == expected
    assert 2 <= sum(expected) <= 5
    assert different(FAKE, REAL).tolist() == expected
    # The edge itself, from both sides: z = 1.96 lies between these counts.
    edges = np.array([[n, 1000 - n] for n in range(500, 560)])
    crossing = different(np.array([500, 500]), edges)[:, 0]
    expected = [stats.chi2_contingency([[500, 500], edge], correction=False).pvalue < 0.05 for edge in edges]
    assert crossing.tolist() == expected


def test_the_divergence_is_scipys_squared():
    expected = jensenshannon(REAL, FAKE) ** 2
    assert jensen_shannon(REAL, FAKE) == pytest.approx(expected, rel=1e-12)
    assert jensen_shannon(np.array([3, 0]), np.array([0, 8])) == pytest.approx(np.log(2))
    np.testing.assert_allclose(jensen_shannon(REAL, np.stack([REAL, 3 * FAKE])), [0, expected], atol=1e-15)


def test_clusters_are_the_bins():
    result = ndb(blobs([200, 100, 300, 100]), blobs([110, 190, 0, 50], seed=1), bins=4)
    counts = np.array([200, 100, 300, 100]), np.array([110, 190, 0, 50])
    assert result.share.value == different(*counts).mean() == 0.5
    assert result.divergence.value == pytest.approx(jensen_shannon(*counts))


def test_bins_are_those_of_the_real_samples():
    real, fake = blobs([300, 300]), blobs([300, 0, 0, 300], seed=1)
    assert ndb(real, fake, bins=2).share.value == 0.0
    assert ndb(fake, real, bins=2).share.value == 1.0


def test_it_is_seeded_and_takes_any_floats():
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((500, 8)).astype(np.float32), rng.standard_normal((400, 8))
    assert ndb(real, fake, bins=20) == ndb(real, fake, bins=20)
    assert ndb(real, fake, bins=20) != ndb(real, fake, bins=20, seed=1)


def test_the_floor_is_what_real_against_real_scores():
    """The share: the level of the test. The divergence of nearly equal proportions: a χ², (K − 1)(1/n + 1/m)/8."""
    proportions = np.random.default_rng(0).dirichlet(np.full(40, 20.0))
    rng = np.random.default_rng(1)
    real, fake = rng.multinomial(8000, proportions), rng.multinomial(3000, proportions)
    result = compared(real, fake)
    assert result.share_floor.value == pytest.approx(0.05, abs=0.005)
    assert result.divergence_floor.value == pytest.approx(39 * (1 / 8000 + 1 / 3000) / 8, rel=0.03)
    again = [rng.multinomial(count, proportions, size=2000) for count in (8000, 3000)]
    share, divergence = different(*again).mean(-1), jensen_shannon(*again)
    assert (
        0.93
        < np.mean((result.divergence_floor.low <= divergence) & (divergence <= result.divergence_floor.high))
        < 0.97
    )
    # The share has steps of 1/40, and what lies on the ends is within.
    assert 0.93 < np.mean((result.share_floor.low <= share) & (share <= result.share_floor.high)) < 0.995


@pytest.mark.parametrize(
    ("repeats", "least", "most"), [(30, 0.83, 1), pytest.param(100, 0.91, 0.985, marks=pytest.mark.slow)]
)
def test_intervals_cover_the_expected_score(repeats, least, most, monkeypatch):
    monkeypatch.setattr("ganatomy.evaluation.metrics.ndb.DRAWS", 2)  # of the floor, which is not tested here
    rng = np.random.default_rng(3)
    real = rng.multinomial(4000, np.full(40, 1 / 40))
    truth = np.exp(0.3 * rng.standard_normal(40))
    drawn = rng.multinomial(2000, truth / truth.sum(), size=4000)
    expected = different(real, drawn).mean(), jensen_shannon(real, drawn).mean()
    results = [compared(real, counts) for counts in drawn[:repeats]]
    for name, value in zip(("share", "divergence"), expected, strict=True):
        estimates = [getattr(result, name) for result in results]
        assert least <= np.mean([one.low <= value <= one.high for one in estimates]) <= most


def test_a_perfect_generators_error_is_not_counted_twice(monkeypatch):
    """Draws from the observed proportions would have √3 times the true error of the divergence."""
    monkeypatch.setattr("ganatomy.evaluation.metrics.ndb.DRAWS", 2)
    rng = np.random.default_rng(0)
    real = np.full(40, 500)
    drawn = rng.multinomial(5000, real / real.sum(), size=4000)
    shares, divergences = different(real, drawn).mean(-1), jensen_shannon(real, drawn)
    results = [compared(real, counts) for counts in drawn[:40]]
    errors = np.mean([(one.divergence.high - one.divergence.value) / 1.96 for one in results])
    assert errors == pytest.approx(divergences.std(), rel=0.3)
    errors = np.mean([(one.share.high - one.share.value) / 1.96 for one in results])
    assert errors == pytest.approx(shares.std(), rel=0.3)


def test_scores_stay_within_their_ranges():
    result = compared(np.array([1000, 1000, 1000]), np.array([900, 0, 0]))
    assert result.share.value == 1.0 == result.share.high
    assert result.divergence.high <= np.log(2)
    assert compared(REAL, REAL).share.low == 0 == compared(REAL, REAL).divergence.low


@pytest.mark.parametrize(("real", "fake"), [(40, 39), (39, 40)])
def test_ten_samples_a_bin_are_needed(real, fake):
    with pytest.raises(UserError, match="NDB with 4 bins needs at least 40"):
        ndb(np.zeros((real, 2)), np.zeros((fake, 2)), bins=4)
