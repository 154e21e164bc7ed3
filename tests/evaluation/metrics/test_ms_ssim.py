"""MS-SSIM against a slow two-dimensional implementation, closed forms of flat images, and identities."""

from itertools import combinations

import numpy as np
import pytest
from scipy.signal import convolve2d

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import ms_ssim as module
from ganatomy.evaluation.metrics.ms_ssim import diversity, ms_ssim


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def smooth(n, height, width, channels, seed=0):
    """Images with structure at every scale: random walks in both directions."""
    walk = np.random.default_rng(seed).standard_normal((n, height, width, channels)).cumsum(1).cumsum(2)
    walk -= walk.min(axis=(1, 2), keepdims=True)
    return (255 * walk / walk.max(axis=(1, 2), keepdims=True)).astype(np.uint8)


def noisy(images, amount, seed=1):
    noise = np.random.default_rng(seed).normal(0, amount, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def slow(a, b, weights):
    """One channel of one pair, with a two-dimensional window."""
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / np.outer(line, line).sum()
    a, b, value = a.astype(float), b.astype(float), 1.0
    for j, weight in enumerate(weights):
        mean_a, mean_b = convolve2d(a, window, "valid"), convolve2d(b, window, "valid")
        var_a = convolve2d(a**2, window, "valid") - mean_a**2
        var_b = convolve2d(b**2, window, "valid") - mean_b**2
        cov = convolve2d(a * b, window, "valid") - mean_a * mean_b
        cs = (2 * cov + 58.5225) / (var_a + var_b + 58.5225)
        l = (2 * mean_a * mean_b + 6.5025) / (mean_a**2 + mean_b**2 + 6.5025)  # noqa: E741
        value *= max((cs * l if j == len(weights) - 1 else cs).mean(), 0) ** weight
        a, b = (
            np.array(
                [
                    [x[y : y + 2, z : z + 2].mean() for z in range(0, x.shape[1] - 1, 2)]
                    for y in range(0, x.shape[0] - 1, 2)
                ]
            )
            for x in (a, b)
        )
    return value


FIVE = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


@pytest.mark.parametrize(
    ("size", "scales"), [((11, 30), 1), ((28, 28), 2), ((43, 50), 2), ((44, 45), 3), ((177, 190), 5)]
)
def test_it_equals_a_slow_implementation(size, scales):
    a = smooth(2, *size, 2)
    b = noisy(a, 30)
    weights = FIVE[:scales] / FIVE[:scales].sum()
    expected = [np.mean([slow(a[n, ..., c], b[n, ..., c], weights) for c in range(2)]) for n in range(2)]
    np.testing.assert_allclose(ms_ssim(a, b), expected, rtol=1e-9)
    assert expected[0] != pytest.approx(expected[1], rel=1e-3)


def test_the_paper_has_five_scales_and_no_more():
    a = smooth(1, 352, 352, 1)
    b = noisy(a, 40)
    assert ms_ssim(a, b)[0] == pytest.approx(slow(a[0, ..., 0], b[0, ..., 0], FIVE / FIVE.sum()), rel=1e-9)


def test_an_image_equals_itself_and_pairs_have_no_order():
    a, b = smooth(70, 28, 28, 1), pixels(70, 28, 28, 1)
    np.testing.assert_allclose(ms_ssim(a, a), np.ones(70), rtol=1e-12)
    np.testing.assert_allclose(ms_ssim(a, b), ms_ssim(b, a), rtol=1e-12)
    np.testing.assert_allclose(ms_ssim(a, b)[::-1], ms_ssim(a[::-1], b[::-1]), rtol=1e-12)


def test_it_falls_with_noise():
    a = smooth(5, 48, 64, 3)
    values = np.array([ms_ssim(a, noisy(a, amount)) for amount in (2, 10, 30, 90)])
    assert (np.diff(values, axis=0) < -0.005).all()
    assert (values > 0).all()
    assert (values < 1).all()


def test_flat_images_differ_in_luminance_at_the_last_scale_alone():
    a, b = np.full((1, 28, 28, 1), 60, np.uint8), np.full((1, 28, 28, 1), 200, np.uint8)
    luminance = (2 * 60 * 200 + 2.55**2) / (60**2 + 200**2 + 2.55**2)
    assert ms_ssim(a, b)[0] == pytest.approx(luminance ** (0.2856 / (0.0448 + 0.2856)), rel=1e-9)


def test_a_negative_has_no_similarity():
    a = smooth(3, 32, 32, 1)
    np.testing.assert_array_equal(ms_ssim(a, 255 - a), 0)


def test_no_pairs_have_no_values():
    assert ms_ssim(pixels(0, 28, 28, 1), pixels(0, 28, 28, 1)).shape == (0,)


@pytest.mark.parametrize(("images", "asked", "used"), [(9, 1000, 4), (40, 7, 7), (40, 20, 20)])
def test_diversity_takes_every_image_once(images, asked, used, monkeypatch):
    seen = []

    def similarity(first, second):
        seen.append(np.concatenate([first, second])[:, 0, 0, 0])
        return np.arange(len(first)) % 2.0

    monkeypatch.setattr(module, "ms_ssim", similarity)
    numbered = np.broadcast_to(np.arange(images, dtype=np.uint8)[:, None, None, None], (images, 28, 28, 1))
    diversity(numbered, asked)
    diversity(numbered, asked, seed=1)
    assert [len(set(pair)) for pair in seen] == [2 * used, 2 * used]
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], np.sort(seen[0]))  # a folder may be sorted


def test_diversity_is_the_mean_similarity():
    """Half white, half black: pairs are equal or not, and MS-SSIM is 1 or the flat images' closed form, near 0."""
    flat = np.repeat(np.array([0, 255], np.uint8), 100)[:, None, None, None] * np.ones((1, 28, 28, 1), np.uint8)
    unlike = (2.55**2 / (255**2 + 2.55**2)) ** (0.2856 / (0.0448 + 0.2856))
    estimate = diversity(flat)
    alike = (estimate.value - unlike) / (1 - unlike)
    assert 0.3 < alike < 0.7
    assert 100 * alike == pytest.approx(round(100 * alike), abs=1e-6)
    error = (1 - unlike) * np.sqrt(alike * (1 - alike) / 99)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.98422 * error, rel=1e-4)
    assert estimate.low + estimate.high == pytest.approx(2 * estimate.value)


def test_copies_are_more_alike_than_the_images_they_copy():
    varied = smooth(60, 32, 32, 1)
    assert diversity(varied[:1].repeat(60, 0)).value == pytest.approx(1)
    assert diversity(varied).high < diversity(varied[:4].repeat(15, 0)).low


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (pixels(2, 28, 28, 1), pixels(3, 28, 28, 1), r"one shape; they are uint8 \(2, 28, 28, 1\)"),
        (pixels(2, 28, 28, 1), pixels(2, 28, 28, 1) / 255, "float64"),
        (pixels(2, 28, 28), pixels(2, 28, 28), "height, width, channels"),
        (pixels(2, 10, 28, 1), pixels(2, 10, 28, 1), "at least 11×11 pixels; these are 10×28"),
    ],
)
def test_pairs_that_do_not_compare_are_refused(a, b, message):
    with pytest.raises(UserError, match=message):
        ms_ssim(a, b)


@pytest.mark.parametrize(("images", "pairs"), [(3, 10), (2, 1)])
def test_one_pair_has_no_interval(images, pairs):
    several = pixels(images, 28, 28, 1)
    each = [ms_ssim(several[[i]], several[[j]])[0] for i, j in combinations(range(images), 2)]
    found = diversity(several, pairs)
    assert found.value in [pytest.approx(value, rel=1e-9) for value in each]
    assert (found.low, found.high) == (-np.inf, np.inf)


@pytest.mark.parametrize(("images", "says"), [(1, "there is 1, for 10 pairs"), (0, "there are 0")])
def test_one_image_is_too_few(images, says):
    with pytest.raises(UserError, match=f"needs a pair of images; {says}"):
        diversity(pixels(images, 28, 28, 1), 10)
